// SPDX-License-Identifier: BSD-3-Clause
/// recv.StreamConfig, recv.RingStreamConfig and recv.StreamStatConfig as Python holds them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "guarded.h"
#include "heapwire/recv/options.h"
#include "heapwire/recv/stats.h"
#include "memory.h"

namespace heapwire::python
{

/// The incumbent's nine counters come first, then the user's own: these indices are public. Further counters of the
/// library are found by name, in StreamStats.details.
inline constexpr std::size_t public_stat_count = 9;

struct stat_config
{
    std::string name;
    recv::stat_mode mode = recv::stat_mode::counter;
    friend bool operator==(const stat_config &, const stat_config &) = default;
};
[[nodiscard]] std::uint64_t combine(recv::stat_mode mode, std::uint64_t a, std::uint64_t b) noexcept;

struct stream_config_values
{
    recv::options core;
    std::shared_ptr<memory_allocator> memory = std::make_shared<memory_allocator>();

    /// Public counters and custom ones, by index.
    [[nodiscard]] std::vector<stat_config> stats() const;
    /// What the core takes.
    [[nodiscard]] recv::options options() const
    {
        recv::options out = core;
        out.memory = memory->core;
        return out;
    }
};
using stream_config = guarded<stream_config_values>;

struct ring_stream_config_values
{
    recv::ring_options core;
};
using ring_stream_config = guarded<ring_stream_config_values>;

} // namespace heapwire::python
