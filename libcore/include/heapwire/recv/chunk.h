// SPDX-License-Identifier: BSD-3-Clause
/// A large block of the caller's own, into which many heaps are placed by meaning.
#pragma once

#include <cstdint>
#include <memory>

#include "heapwire/memory/allocator.h"
#include "heapwire/memory/buffer.h"
#include "heapwire/queue/blocking_ring.h"

namespace heapwire::recv
{

/// To be derived from, if more is to travel with it: the same object goes through rings and streams. While a stream has
/// it nobody else may touch it. Which thread drops a chunk: see chunk_supply.
struct chunk
{
    chunk() = default;
    virtual ~chunk() = default;
    chunk(const chunk &) = delete;
    chunk &operator=(const chunk &) = delete;

    std::int64_t chunk_id = -1;  ///< set by the stream when it takes the chunk
    std::uint64_t stream_id = 0; ///< options::stream_id of the stream; of a group, that of any member
    buffer data{};               ///< payload; what no heap was placed in keeps its old content
    buffer present{};            ///< one byte a flag: 1 where a heap is complete, or where a packet is there
    buffer extra{};              ///< what the place callback wants to keep of heaps
};

/// How chunks travel between threads. Shared by as many streams and consumers as want it.
using chunk_ring = blocking_ring<chunk>;

struct chunk_sizes
{
    std::size_t data = 0;
    std::size_t present = 0;
    std::size_t extra = 0;
};

/// A chunk of memory from `from` (null: default_allocator()), `present` zeroed. Throws std::bad_alloc.
[[nodiscard]] std::unique_ptr<chunk> make_chunk(chunk_sizes sizes, allocator *from = nullptr);

/// All flags to 0.
void clear_present(chunk &c) noexcept;

} // namespace heapwire::recv
