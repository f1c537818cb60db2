// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/recv/options.h"

#include <algorithm>

#include "heapwire/base/error.h"
#include "heapwire/recv/stats.h"
#include "heapwire/wire/flavour.h"

namespace heapwire::recv
{
namespace
{

// Places are numbered with 32 bits, and a window beyond this is a slip of the pen.
constexpr std::size_t max_places = std::size_t{1} << 24;
// What a 56-bit HEAP_LENGTH can say.
constexpr std::uint64_t max_wire_length = (std::uint64_t{1} << 56) - 1;

} // namespace

void options::validate() const
{
    if (max_heaps == 0 || max_heaps > max_places)
        throw_bad_argument("max_heaps", max_heaps, "1 to 16777216");
    if (substreams == 0 || substreams > max_places / max_heaps)
        throw_bad_argument("substreams", substreams, "at least 1, and substreams * max_heaps at most 16777216");
    if (bug_compat > wire::pyspead_0_5_2)
        throw_bad_argument("bug_compat", bug_compat, "flags of wire::bug_compat, 0 to 7");
    if (max_heap_size > max_wire_length)
        throw_bad_argument("max_heap_size", max_heap_size, "at most 2^56 - 1");
    if (!copy)
        throw_bad_argument("copy", std::string("null"), "a copy function, for example copy_plain");
    for (auto stat = custom_stats.begin(); stat != custom_stats.end(); ++stat)
    {
        const auto same_name = [&](const auto &other) { return other.name == stat->name; };
        if (stat->name.empty() || std::any_of(custom_stats.begin(), stat, same_name) ||
            std::any_of(stat_table().begin(), stat_table().end(), same_name))
            throw_bad_argument("custom_stats", "'" + stat->name + "'", "names that are not empty and not taken");
    }
}

void ring_options::validate() const
{
    if (heaps == 0 || heaps > max_places)
        throw_bad_argument("heaps", heaps, "1 to 16777216");
}

} // namespace heapwire::recv
