// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/recv/stats.h"

#include <algorithm>
#include <stdexcept>

#include "heapwire/base/error.h"

namespace heapwire::recv
{
namespace
{

std::vector<stat_entry> make_table()
{
    std::vector<stat_entry> table{
        {"heaps", stat_mode::counter,
         "heaps that ended, whole or given up, handed over or dropped; without that of the stop item"},
        {"incomplete_heaps_evicted", stat_mode::counter, "heaps given up because newer ones began"},
        {"incomplete_heaps_flushed", stat_mode::counter, "heaps in flight when the stream ended"},
        {"packets", stat_mode::counter, "well-formed packets, even if then refused"},
        {"batches", stat_mode::counter, "times that packets were taken"},
        {"max_batch", stat_mode::maximum, "most packets taken at once"},
        {"single_packet_heaps", stat_mode::counter, "heaps whose whole payload came with their first packet"},
        {"search_dist", stat_mode::counter, "steps in hash chains beyond the first, looking for heaps"},
        {"worker_blocked", stat_mode::counter, "times that reading paused because the ring was full"},
        {"datagrams", stat_mode::counter, "everything that arrived, malformed or not"},
        {"packets_accepted", stat_mode::counter, "packets that joined a heap"},
        {"heaps_dropped_incomplete", stat_mode::counter, "heaps that were given up and not handed out"},
        {"heaps_dropped_stopped", stat_mode::counter, "finished heaps that came after stop()"},
        {"kernel_drops", stat_mode::counter,
         "dropped by the kernel because its receive queue was full: at least so many packets, for it counts a run that "
         "GRO joined as one"},
    };
    for (const wire::reject_entry &entry : wire::reject_table())
        if (entry.reason != wire::reject::none)
            table.push_back({std::string(entry.counter), stat_mode::counter, "malformed: " + std::string(entry.text)});
    for (std::size_t i = 1; i < join_count; ++i)
    {
        const join_entry &entry = describe(static_cast<join>(i));
        table.push_back({std::string(entry.counter), stat_mode::counter, "refused: " + std::string(entry.text)});
    }
    return table;
}

} // namespace

const std::vector<stat_entry> &stat_table()
{
    static const std::vector<stat_entry> table = make_table();
    return table;
}

stats::stats(const std::vector<custom_stat> &custom) : values_(builtin_stat_count + custom.size(), 0)
{
    for (const custom_stat &stat : custom)
        custom_.push_back({stat.name, stat.mode, stat.text});
}

const stat_entry &stats::entry(std::size_t index) const
{
    return index < builtin_stat_count ? stat_table()[index] : custom_.at(index - builtin_stat_count);
}

std::uint64_t stats::at(std::string_view name) const
{
    for (std::size_t i = 0; i < size(); ++i)
        if (entry(i).name == name)
            return values_[i];
    throw std::out_of_range("no statistic is called '" + std::string(name) + "'");
}

stats &stats::operator+=(const stats &other)
{
    const auto same = [](const stat_entry &a, const stat_entry &b) { return a.name == b.name && a.mode == b.mode; };
    if (!std::equal(custom_.begin(), custom_.end(), other.custom_.begin(), other.custom_.end(), same))
        throw_bad_argument("other", std::to_string(other.size()) + " statistics",
                           "the same custom statistics on both sides");
    for (std::size_t i = 0; i < size(); ++i)
        values_[i] = entry(i).mode == stat_mode::maximum ? std::max(values_[i], other.values_[i])
                                                         : values_[i] + other.values_[i];
    return *this;
}

std::uint64_t stats::malformed() const noexcept
{
    std::uint64_t sum = 0;
    for (std::size_t i = 1; i < wire::reject_count; ++i)
        sum += (*this)[static_cast<wire::reject>(i)];
    return sum;
}

std::uint64_t stats::refused() const noexcept
{
    std::uint64_t sum = 0;
    for (std::size_t i = 1; i < join_count; ++i)
        sum += (*this)[static_cast<join>(i)];
    return sum;
}

} // namespace heapwire::recv
