// SPDX-License-Identifier: BSD-3-Clause
/// send.StreamConfig without its Python face.
#pragma once

#include <cstdint>

#include "guarded.h"
#include "heapwire/send/options.h"

namespace heapwire::python
{

enum class rate_method_choice : std::uint8_t
{
    sw = 0,
    hw = 1,
    automatic = 2
};

enum class group_mode_choice : std::uint8_t
{
    round_robin = 0,
    serial = 1
};

[[nodiscard]] constexpr send::group_mode core_mode(group_mode_choice from) noexcept
{
    return from == group_mode_choice::serial ? send::group_mode::serial : send::group_mode::round_robin;
}

/// Fields are valid one by one, max_packet_size excepted: too small a one is found when a heap is sent.
struct send_stream_config_values
{
    std::size_t max_packet_size = send::options().max_packet_size;
    double rate = 0;
    std::size_t burst_size = send::options().burst_size;
    std::size_t max_heaps = send::options().max_heaps;
    double burst_rate_ratio = send::options().burst_rate_ratio;
    rate_method_choice rate_method = rate_method_choice::automatic;

    [[nodiscard]] bool packets_too_small() const noexcept;
    /// Always valid for the core, unless max_heaps is absurd (std::invalid_argument).
    [[nodiscard]] send::options options(send::split packets) const;
};
using send_stream_config = guarded<send_stream_config_values>;

} // namespace heapwire::python
