// SPDX-License-Identifier: BSD-3-Clause
/// Where a stream's chunks come from and where they go.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "heapwire/queue/space_hook.h"
#include "heapwire/recv/chunk.h"

namespace heapwire::recv
{

enum class supplied : std::uint8_t
{
    ok,
    wait, ///< not now: the stream pauses, and asks again after the hook was called
    none, ///< never: heaps of this chunk are dropped
};

enum class lack : std::uint8_t
{
    chunk, ///< obtain() has none
    room   ///< ready() has nowhere to put it
};

/// May be implemented by the user: one a stream, several streams, or a group. obtain(), ready() and discard() are
/// called inside a stream's lock (a group's too), on threads of the transport or the one that calls stop(): they must
/// neither wait nor throw, nor call the stream. `batch_stats`: see heapwire_place_data. If several streams share it
/// they call at the same time.
class chunk_supply
{
public:
    virtual ~chunk_supply() = default;

    /// `ok`: a chunk is in `out`. Ids grow from call to call of one stream; chunk_id, stream_id and present are set by
    /// the stream, after this.
    [[nodiscard]] virtual supplied obtain(std::int64_t id, std::unique_ptr<chunk> &out,
                                          std::span<std::uint64_t> batch_stats) noexcept = 0;
    /// Takes the chunk, unless the answer is `wait` (it is untouched then and will be offered again). `none`: taken,
    /// but nobody will see it. Ids grow from call to call.
    [[nodiscard]] virtual supplied ready(std::unique_ptr<chunk> &filled,
                                         std::span<std::uint64_t> batch_stats) noexcept = 0;
    /// A chunk that was obtained for an id that turned out to be absurd, or that was never used.
    virtual void discard(std::unique_ptr<chunk> &unused) noexcept = 0;

    /// After `wait` of obtain() (`lack::chunk`) or ready() (`lack::room`): as packet_gate::call_on_space.
    [[nodiscard]] virtual bool call_on_space(space_hook &hook, lack what) = 0;
    virtual void cancel(space_hook &hook) noexcept = 0;

    /// A stream begins to use it; a stream has come to its end and has handed out everything.
    virtual void add_producer() noexcept = 0;
    virtual void remove_producer() noexcept = 0;
    /// The user stops a stream: from now on never `wait`. Called before the stream's lock is taken.
    virtual void stop() noexcept = 0;
    /// The user stops or destroys a stream, on this thread: drop what could not be dropped on others.
    virtual void drop_leftovers() noexcept = 0;
};

/// Called with each chunk that is complete, before it goes to the data ring.
using chunk_hook = std::function<void(chunk &filled, std::span<std::uint64_t> batch_stats)>;

/// Chunks from a ring of free ones to a ring of data. Chunks that cannot go to the data ring because it is stopped are
/// kept for drop_leftovers(), so that no chunk is ever destroyed on a thread of the transport. `hook` may be empty.
[[nodiscard]] std::shared_ptr<chunk_supply> make_ring_supply(std::shared_ptr<chunk_ring> data,
                                                             std::shared_ptr<chunk_ring> free, chunk_hook hook = {});

/// For those who have no need of rings. `allocate` may answer null: heaps of that chunk are then dropped, and counted
/// as heaps_without_chunk. An exception of allocate is logged and is null; one of ready is logged. Discarded chunks are
/// destroyed.
struct chunk_callbacks
{
    std::function<std::unique_ptr<chunk>(std::int64_t id, std::span<std::uint64_t> batch_stats)> allocate;
    std::function<void(std::unique_ptr<chunk> filled, std::span<std::uint64_t> batch_stats)> ready;
};
/// Throws std::invalid_argument if one of the two is empty.
[[nodiscard]] std::shared_ptr<chunk_supply> make_callback_supply(chunk_callbacks callbacks);

} // namespace heapwire::recv
