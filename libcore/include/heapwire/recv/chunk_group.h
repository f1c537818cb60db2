// SPDX-License-Identifier: BSD-3-Clause
/// Several streams, each on a thread of its own, that fill the same chunks together.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "heapwire/recv/chunk_stream.h"

namespace heapwire::recv
{

/// What happens when a member needs a chunk for which the group's window has no room because others are behind.
enum class eviction : std::uint8_t
{
    lossy,    ///< they give up their old chunks, even if they were still filling them
    lossless, ///< the member pauses until they have moved on by themselves; a silent one holds up the group
};

struct chunk_group_options
{
    std::size_t max_chunks = 2; ///< of the whole group at once; no member may have more
    eviction mode = eviction::lossy;

    void validate() const;
};

class chunk_group_core;

/// A chunk is handed out when no member can write to it any more, in order of ids. No member ever waits inside a
/// thread: one that cannot go on pauses its sources. Two members must never be given places for the same byte, flag or
/// extra. Every member function may be called from any thread.
class chunk_group
{
public:
    /// Throws std::invalid_argument. The supply's functions are called by one member at a time.
    chunk_group(chunk_group_options how, std::shared_ptr<chunk_supply> supply);
    ~chunk_group();
    chunk_group(const chunk_group &) = delete;
    chunk_group &operator=(const chunk_group &) = delete;

    /// Throws std::logic_error once a member has received a packet (or the group was stopped), std::invalid_argument if
    /// where.max_chunks is more than the group's. The stream may outlive the group object; then it is stopped.
    std::shared_ptr<chunk_stream> emplace_back(options how, chunk_options where);
    [[nodiscard]] std::vector<std::shared_ptr<chunk_stream>> members() const;

    /// Stops every member; chunks in flight are not handed out. Idempotent.
    void stop() noexcept;
    [[nodiscard]] const chunk_group_options &configuration() const noexcept;

private:
    std::shared_ptr<chunk_group_core> core_;
    mutable std::mutex list_;
    std::vector<std::shared_ptr<chunk_stream>> members_;
};

/// A group between two rings; see chunk_ring_stream. The data ring ends when the last member has ended.
class chunk_ring_group : public chunk_ring_pair, public chunk_group
{
public:
    chunk_ring_group(chunk_group_options how, std::shared_ptr<chunk_ring> data, std::shared_ptr<chunk_ring> free,
                     chunk_hook hook = {})
        : chunk_ring_pair(data, free),
          chunk_group(how, make_ring_supply(std::move(data), std::move(free), std::move(hook)))
    {
    }
};

} // namespace heapwire::recv
