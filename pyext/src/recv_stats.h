// SPDX-License-Identifier: BSD-3-Clause
/// recv.StreamStats as Python holds it: a detached snapshot.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "recv_config.h"

namespace heapwire::python
{

struct stream_stats_values
{
    /// The last `more` of them are details too.
    explicit stream_stats_values(const recv::stats &from, std::size_t more = 0);

    /// Raises KeyError.
    [[nodiscard]] std::uint64_t &at(std::string_view name);
    [[nodiscard]] bool contains(std::string_view name) const;
    /// Throws std::invalid_argument if the configurations differ.
    stream_stats_values &operator+=(const stream_stats_values &other);

    std::vector<stat_config> config; ///< public counters, then custom ones; does not change
    std::vector<std::uint64_t> values;
    /// The library's further counters: where every packet went that was not accepted.
    std::vector<stat_config> detail_config;
    std::vector<std::uint64_t> detail_values;
};
using stream_stats = guarded<stream_stats_values>;

} // namespace heapwire::python
