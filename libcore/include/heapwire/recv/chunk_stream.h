// SPDX-License-Identifier: BSD-3-Clause
/// Streams that place heaps into chunks: a chunk receiver, its lock, its sources; and the same between two rings.
#pragma once

#include <chrono>
#include <memory>
#include <span>

#include "heapwire/recv/chunk_options.h"
#include "heapwire/recv/chunk_supply.h"
#include "heapwire/recv/heap_stream.h"

namespace heapwire::recv
{

class chunk_core;

/// Every member may be called from any thread. A stream, or a member of a chunk_group (see there for what differs).
class chunk_stream
{
public:
    /// `how` is changed in three points: unsized heaps are refused, `memory` is not used, chunk statistics are appended
    /// to custom_stats. Throws std::invalid_argument (options::validate, chunk_options::validate, no supply).
    chunk_stream(options how, chunk_options where, std::shared_ptr<chunk_supply> supply);
    /// For the group.
    explicit chunk_stream(std::shared_ptr<chunk_core> core) noexcept;
    /// stop(); then sources are destroyed.
    ~chunk_stream();
    chunk_stream(const chunk_stream &) = delete;
    chunk_stream &operator=(const chunk_stream &) = delete;

    /// As heap_stream's.
    void add(std::unique_ptr<source> s);
    [[nodiscard]] std::shared_ptr<packet_gate> gate();
    void start();

    /// The user's stop: the supply first, then the sources. Chunks in flight are not handed out: what the supply keeps
    /// back, or has to drop, is dropped on this thread. Of a member of a group: stops the group. Idempotent; concurrent
    /// calls all return after the stop.
    void stop() noexcept;

    /// A consistent copy, as of the last batch. See chunk_stat.
    [[nodiscard]] stats statistics() const;
    /// As it is: with the three changes.
    [[nodiscard]] const options &configuration() const noexcept;
    [[nodiscard]] const chunk_options &chunk_configuration() const noexcept;

private:
    std::shared_ptr<chunk_core> core_;
};

/// The consumer's end of a stream or a group: the ring of data and the ring of free chunks.
class chunk_ring_pair
{
public:
    /// Throws std::invalid_argument if one is null. The same ring twice is no use.
    chunk_ring_pair(std::shared_ptr<chunk_ring> data, std::shared_ptr<chunk_ring> free);

    [[nodiscard]] const std::shared_ptr<chunk_ring> &data_ring() const noexcept { return data_; }
    [[nodiscard]] const std::shared_ptr<chunk_ring> &free_ring() const noexcept { return free_; }

    /// Zeroes `present` and gives the chunk to the free ring: taken if the answer is `ok`. Never waits.
    [[nodiscard]] push_result add_free_chunk(std::unique_ptr<chunk> &c);

    /// The next chunk; null when the streams have ended and the ring is empty.
    template <typename P = plain_wait>
    [[nodiscard]] std::unique_ptr<chunk> pop(P policy = {})
    {
        std::unique_ptr<chunk> out;
        return data_->pop(out, std::move(policy)) == pop_result::ok ? std::move(out) : nullptr;
    }
    [[nodiscard]] pop_result pop_for(std::unique_ptr<chunk> &out, std::chrono::nanoseconds at_most);
    [[nodiscard]] pop_result try_pop(std::unique_ptr<chunk> &out) { return data_->try_pop(out); }

private:
    std::shared_ptr<chunk_ring> data_;
    std::shared_ptr<chunk_ring> free_;
};

/// Chunks needed: max_chunks + those in the data ring + those that the consumer holds; both rings should have room for
/// all. Rings may be shared by several streams; the data ring ends when the last of them has ended. A user's stop of
/// any of them stops both rings.
class chunk_ring_stream : public chunk_ring_pair, public chunk_stream
{
public:
    chunk_ring_stream(options how, chunk_options where, std::shared_ptr<chunk_ring> data,
                      std::shared_ptr<chunk_ring> free, chunk_hook hook = {})
        : chunk_ring_pair(data, free), chunk_stream(std::move(how), std::move(where),
                                                    make_ring_supply(std::move(data), std::move(free), std::move(hook)))
    {
    }
};

} // namespace heapwire::recv
