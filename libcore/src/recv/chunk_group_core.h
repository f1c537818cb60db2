// SPDX-License-Identifier: BSD-3-Clause
/// What the members of a chunk group share: the chunks, and how far each member is. Private to this room.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "chunk_core.h"
#include "heapwire/recv/chunk_group.h"

namespace heapwire::recv
{

/// One lock, taken after a member's. It is held for each chunk that a member needs or leaves, not for heaps or packets.
/// The chunks below every member's head are handed out under it, so that ids grow.
///
/// Why nobody waits for ever (lossy): take the member that needs the smallest id. Its window is never larger than the
/// group's, so it has let go of all chunks that stand in the way itself; the others were asked to, and do it before or
/// after their next batch, or, if they rest, the one who asks does it for them.
class chunk_group_core : public std::enable_shared_from_this<chunk_group_core>
{
public:
    chunk_group_core(chunk_group_options how, std::shared_ptr<chunk_supply> supply);

    [[nodiscard]] std::shared_ptr<chunk_core> add(options how, chunk_options where);
    void stop() noexcept;
    /// After stop(): what connects to the supply goes, on this thread.
    void let_go() noexcept;
    [[nodiscard]] const chunk_group_options &configuration() const noexcept { return how_; }

private:
    class member;
    friend class member;

    [[nodiscard]] supplied obtain(member &who, std::int64_t id, chunk *&out, std::span<std::uint64_t> batch_stats);
    [[nodiscard]] bool make_way(member &who, std::int64_t id, std::span<std::uint64_t> batch_stats);
    [[nodiscard]] std::int64_t lowest_head() const noexcept;
    void hand_out(member &who, std::span<std::uint64_t> batch_stats);
    void ask_others(const member &who, std::int64_t head) noexcept;
    [[nodiscard]] std::vector<std::shared_ptr<chunk_core>> cores(const member *but) const;
    [[nodiscard]] std::unique_ptr<chunk> &at(std::int64_t id) noexcept
    {
        return places_[static_cast<std::uint64_t>(id) & mask_];
    }

    const chunk_group_options how_;
    mutable std::mutex lock_;
    std::shared_ptr<chunk_supply> supply_; // null after let_go()
    const std::uint64_t mask_;
    std::vector<std::unique_ptr<chunk>> places_;
    std::int64_t head_ = 0;
    std::int64_t tail_ = 0;
    bool stopped_ = false;
    std::vector<std::shared_ptr<member>> members_;

    std::atomic<bool> begun_{false}; // set under lock_
    std::atomic<bool> stuck_{false}; // finished chunks wait for room; set under lock_
    std::atomic<bool> moved_{false}; // since hooks were last called
    space_hooks hooks_;              // of sources that wait for other members
};

} // namespace heapwire::recv
