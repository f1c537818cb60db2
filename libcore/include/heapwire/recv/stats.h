// SPDX-License-Identifier: BSD-3-Clause
/// Counters of a receive stream: one table, counted per batch, then merged.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "heapwire/recv/options.h"

namespace heapwire::recv
{

/// Indices of the built-in counters. The first nine have the incumbent's names and meaning
/// (docs/reference/statistics.md is generated from stat_table()).
enum class stat : std::size_t
{
    heaps, ///< ended, whole or given up, handed over or dropped; without the stop heap
    incomplete_heaps_evicted,
    incomplete_heaps_flushed,
    packets, ///< well-formed, even if then refused
    batches,
    max_batch, ///< maximum: packets in one batch
    single_packet_heaps,
    search_dist,
    worker_blocked,           ///< reading paused because the ring was full
    datagrams,                ///< everything that arrived: packets + malformed
    packets_accepted,         ///< joined a heap
    heaps_dropped_incomplete, ///< given up and not handed out
    heaps_dropped_stopped,    ///< finished, but the ring was stopped
    kernel_drops,             ///< the kernel's receive queue was full; a run that GRO joined counts as one
    // then one for each wire::reject (but none), one for each join (but accepted); see stat_index()
    first_reject,
};

struct stat_entry
{
    std::string name;
    stat_mode mode;
    std::string text;
};

/// Built-in counters in order of index.
[[nodiscard]] const std::vector<stat_entry> &stat_table();
[[nodiscard]] constexpr std::size_t stat_index(stat s) noexcept { return static_cast<std::size_t>(s); }
[[nodiscard]] constexpr std::size_t stat_index(wire::reject r) noexcept
{
    return static_cast<std::size_t>(stat::first_reject) + static_cast<std::size_t>(r) - 1;
}
[[nodiscard]] constexpr std::size_t stat_index(join j) noexcept
{
    return static_cast<std::size_t>(stat::first_reject) + wire::reject_count - 1 + static_cast<std::size_t>(j) - 1;
}
inline constexpr std::size_t builtin_stat_count =
    static_cast<std::size_t>(stat::first_reject) + wire::reject_count - 1 + join_count - 1;

/// A consistent copy. Identity, at any moment when the stream is quiet:
///   datagrams = sum of rejects + packets;  packets = packets_accepted + sum of join refusals.
class stats
{
public:
    explicit stats(const std::vector<custom_stat> &custom = {});
    [[nodiscard]] std::uint64_t operator[](stat s) const noexcept { return values_[stat_index(s)]; }
    [[nodiscard]] std::uint64_t operator[](wire::reject r) const noexcept { return values_[stat_index(r)]; }
    [[nodiscard]] std::uint64_t operator[](join j) const noexcept { return values_[stat_index(j)]; }
    [[nodiscard]] std::uint64_t at(std::size_t index) const { return values_.at(index); }
    /// Throws std::out_of_range.
    [[nodiscard]] std::uint64_t at(std::string_view name) const;
    [[nodiscard]] std::size_t size() const noexcept { return values_.size(); }
    [[nodiscard]] const stat_entry &entry(std::size_t index) const;
    [[nodiscard]] std::span<std::uint64_t> values() noexcept { return values_; }
    [[nodiscard]] std::span<const std::uint64_t> values() const noexcept { return values_; }
    /// Adds counters and takes the larger maxima; both must have the same entries, else std::invalid_argument.
    stats &operator+=(const stats &other);
    /// All malformed packets together.
    [[nodiscard]] std::uint64_t malformed() const noexcept;
    /// All well-formed packets that joined no heap.
    [[nodiscard]] std::uint64_t refused() const noexcept;

private:
    std::vector<std::uint64_t> values_;
    std::vector<stat_entry> custom_;
};

} // namespace heapwire::recv
