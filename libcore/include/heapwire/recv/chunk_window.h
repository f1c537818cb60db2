// SPDX-License-Identifier: BSD-3-Clause
/// The chunks in flight: a run of consecutive ids that only moves forward.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "heapwire/recv/chunk_supply.h"

namespace heapwire::recv
{

/// Where a window gets its chunks: a supply, or the window of a group. Answers as chunk_supply's.
class chunk_port
{
public:
    virtual ~chunk_port() = default;
    /// `ok`: `out` is good until pass() or discard() of the same id.
    [[nodiscard]] virtual supplied obtain(std::int64_t id, chunk *&out, std::span<std::uint64_t> batch_stats) = 0;
    /// The window is about to move beyond `id`; `c` is null if it has no chunk for it. `wait`: it may not.
    [[nodiscard]] virtual supplied pass(std::int64_t id, chunk *c, std::span<std::uint64_t> batch_stats) = 0;
    virtual void discard(std::int64_t id, chunk *c) = 0;
    /// The window jumps: it will never ask for an id below `head` again. `wait`: it may not yet.
    [[nodiscard]] virtual supplied jump(std::int64_t head, std::span<std::uint64_t> batch_stats) = 0;
    /// False: chunks that others have finished wait for room, and have to go first.
    [[nodiscard]] virtual bool clear(std::span<std::uint64_t> batch_stats) = 0;
    /// The highest id that is known elsewhere (in the group); none: the window is free to begin anywhere.
    [[nodiscard]] virtual std::optional<std::int64_t> position() const = 0;
    /// Whether discard() is possible.
    [[nodiscard]] virtual bool can_start_again() const noexcept = 0;
    /// Chunks that nobody took, beside those that pass() told of: a group hands out chunks of other members too.
    [[nodiscard]] virtual std::uint64_t chunks_dropped() const noexcept { return 0; }
};

/// [head, tail) with at most max_chunks ids. One thread at a time.
class chunk_window
{
public:
    /// Ids up to this have a successor.
    static constexpr std::int64_t max_id = INT64_MAX - 1;

    chunk_window(std::size_t max_chunks, chunk_port &port);

    [[nodiscard]] std::int64_t head() const noexcept { return head_; }
    [[nodiscard]] std::int64_t tail() const noexcept { return tail_; }
    [[nodiscard]] bool contains(std::int64_t id) const noexcept { return id >= head_ && id < tail_; }
    /// Of an id that it contains; null if there was no chunk for it.
    [[nodiscard]] chunk *at(std::int64_t id) const noexcept { return places_[static_cast<std::uint64_t>(id) & mask_]; }

    /// Moves forward until it contains `id`, which is not below head and at most max_id: chunks for ids in between are
    /// taken, and handed out empty. A jump that leaves nothing of the window begins anew at id - max_chunks + 1.
    /// `wait`: call it again; what was done stays done.
    [[nodiscard]] supplied reach(std::int64_t id, std::span<std::uint64_t> batch_stats);
    /// Moves head to `id`, or further; hands out what is below.
    [[nodiscard]] supplied release_before(std::int64_t id, std::span<std::uint64_t> batch_stats);
    /// Gives back all chunks unused, and begins anew, anywhere.
    void start_again();

    /// Taken from the port so far.
    [[nodiscard]] std::uint64_t chunks_taken() const noexcept { return taken_; }
    [[nodiscard]] std::uint64_t chunks_dropped() const noexcept { return dropped_ + port_.chunks_dropped(); }

private:
    [[nodiscard]] supplied pass_first(std::span<std::uint64_t> batch_stats);

    const std::int64_t max_chunks_;
    chunk_port &port_;
    std::uint64_t mask_;
    std::vector<chunk *> places_;
    std::int64_t head_ = 0;
    std::int64_t tail_ = 0;
    std::uint64_t taken_ = 0;
    std::uint64_t dropped_ = 0;
};

} // namespace heapwire::recv
