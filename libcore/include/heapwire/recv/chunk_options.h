// SPDX-License-Identifier: BSD-3-Clause
/// How heaps find their place in chunks: one struct, every field defaulted and explained.
#pragma once

#include <cstdint>
#include <limits>
#include <variant>
#include <vector>

#include "heapwire/recv/chunk_place.h"
#include "heapwire/recv/linear_placement.h"
#include "heapwire/recv/stats.h"

namespace heapwire::recv
{

using place_data = heapwire_place_data;

struct place_one
{
    heapwire_place call = nullptr;
};
struct place_one_with
{
    heapwire_place_with call = nullptr;
    void *context = nullptr; ///< must outlive the stream
};
struct place_batch
{
    heapwire_place_batch call = nullptr;
};
struct place_batch_with
{
    heapwire_place_batch_with call = nullptr;
    void *context = nullptr; ///< must outlive the stream
};

/// Exactly one way to say where heaps go.
using placement =
    std::variant<std::monostate, place_one, place_one_with, place_batch, place_batch_with, linear_placement>;

inline constexpr std::uint64_t any_jump = std::numeric_limits<std::uint64_t>::max();

struct chunk_options
{
    std::vector<std::uint64_t> items{}; ///< ids of items whose immediate values placement sees; those of the packet's
                                        ///< own (1 to 4: cnt, heap length, offset, payload length) too
    std::size_t max_chunks = 2;         ///< chunks in flight at once: a run of consecutive ids
    placement place{};                  ///< must be given
    std::size_t max_heap_extra = 0;     ///< bytes that a place callback may keep of each heap
    std::uint64_t packet_presence = 0;  ///< payload bytes a packet: each packet sets its own flag, at heap_index +
                                        ///< payload offset / this. 0: complete heaps set one flag
    std::uint64_t max_jump = 1024;      ///< chunks: a heap this far beyond the window moves it only if a second heap
                                        ///< agrees (docs/decisions/0107-far-chunk-ids.md). any_jump: at once
    std::size_t batch_stat_base = builtin_stat_count; ///< index of the first custom statistic in the array that
                                                      ///< callbacks see as batch_stats

    /// Throws std::invalid_argument naming the field.
    void validate() const;
};

/// Counted by every chunk stream, after its custom statistics. Each heap ends in exactly one of the first nine:
/// heaps = chunk_heaps + too_old_heaps + rejected_heaps + … + chunk_heaps_incomplete, whenever the stream is quiet.
enum class chunk_stat : std::uint8_t
{
    too_old_heaps,          ///< for a chunk that was handed out already, when it began or when it completed
    rejected_heaps,         ///< the place callback said so, or the linear rule
    chunk_heaps,            ///< complete and in place
    chunk_heaps_incomplete, ///< given up; part of it may be in place
    far_heaps,              ///< for a chunk that is absurdly far away
    bad_heap_index,         ///< outside chunk::present
    bad_heap_offset,        ///< not inside chunk::data
    bad_heap_extra,         ///< not inside chunk::extra, or more than max_heap_extra
    heaps_without_chunk,    ///< there was no chunk: stopped, or the user's allocate had none
    repeated_heaps,         ///< of chunk_heaps: their flag was set already (with packet_presence: packets, not heaps)
    chunks,                 ///< taken into the window
    chunks_dropped,         ///< not handed out, because of stop()
};
inline constexpr std::size_t chunk_stat_count = 12;

/// `custom`, and the chunk statistics behind them. Throws std::invalid_argument if a name is taken.
[[nodiscard]] std::vector<custom_stat> with_chunk_stats(std::vector<custom_stat> custom);
/// Of statistics of a chunk stream.
[[nodiscard]] inline std::size_t stat_index(const stats &of, chunk_stat s) noexcept
{
    return of.size() - chunk_stat_count + static_cast<std::size_t>(s);
}
[[nodiscard]] inline std::uint64_t count_of(const stats &of, chunk_stat s) { return of.at(stat_index(of, s)); }

} // namespace heapwire::recv
