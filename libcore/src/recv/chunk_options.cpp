// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/recv/chunk_options.h"

#include <algorithm>
#include <array>

#include "heapwire/base/error.h"

namespace heapwire::recv
{
namespace
{

constexpr std::size_t most_chunks = std::size_t{1} << 24;
constexpr std::size_t most_items = 1024;
constexpr std::size_t most_extra = std::size_t{1} << 20;
constexpr std::size_t most_stat_base = std::size_t{1} << 16;

struct chunk_stat_entry
{
    std::string_view name;
    std::string_view text;
};
constexpr std::array<chunk_stat_entry, chunk_stat_count> chunk_stat_table{{
    {"too_old_heaps", "heaps for a chunk that was handed out before they began, or before they were complete"},
    {"rejected_heaps", "heaps that placement rejected"},
    {"chunk_heaps", "heaps that are complete and in place"},
    {"chunk_heaps_incomplete", "heaps that were given up; part of them may be in place"},
    {"far_heaps", "heaps for a chunk that is absurdly far away"},
    {"bad_heap_index", "heaps whose index is outside the chunk's flags"},
    {"bad_heap_offset", "heaps that are not wholly inside the chunk's data"},
    {"bad_heap_extra", "heaps whose extra data is not inside the chunk's, or is more than max_heap_extra"},
    {"heaps_without_chunk", "heaps for which there was no chunk: stopped, or none was allocated"},
    {"repeated_heaps", "heaps in place whose flag was set already; packets, if each packet has a flag"},
    {"chunks", "chunks taken into the window"},
    {"chunks_dropped", "chunks that were not handed out because the consumer had stopped"},
}};

template <typename... Ts>
struct overloaded : Ts...
{
    using Ts::operator()...;
};
template <typename... Ts>
overloaded(Ts...) -> overloaded<Ts...>;

} // namespace

void chunk_options::validate() const
{
    if (items.size() > most_items)
        throw_bad_argument("items", std::to_string(items.size()) + " of them", "at most 1024");
    if (max_chunks == 0 || max_chunks > most_chunks)
        throw_bad_argument("max_chunks", max_chunks, "1 to 16777216");
    if (max_heap_extra > most_extra)
        throw_bad_argument("max_heap_extra", max_heap_extra, "at most 1048576 bytes");
    if (batch_stat_base > most_stat_base)
        throw_bad_argument("batch_stat_base", batch_stat_base, "at most 65536");
    const bool given =
        std::visit(overloaded{[](const std::monostate &) { return false; },
                              [this](const linear_placement &rule) { return rule.validate(items.size()), true; },
                              [](const auto &callback) { return callback.call != nullptr; }},
                   place);
    if (!given)
        throw_bad_argument("place", std::string("none"), "a place callback or a linear_placement");
}

std::vector<custom_stat> with_chunk_stats(std::vector<custom_stat> custom)
{
    for (const chunk_stat_entry &entry : chunk_stat_table)
    {
        const auto same_name = [&](const custom_stat &other) { return other.name == entry.name; };
        if (std::any_of(custom.begin(), custom.end(), same_name))
            throw_bad_argument("custom_stats", std::string(entry.name), "names that are not taken");
        custom.push_back({std::string(entry.name), stat_mode::counter, std::string(entry.text)});
    }
    return custom;
}

} // namespace heapwire::recv
