// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/send/options.h"

#include <cmath>

#include "heapwire/base/error.h"
#include "heapwire/wire/packet_writer.h"

namespace heapwire::send
{

namespace
{
constexpr std::size_t largest_packet = std::size_t{1} << 30;
}

void options::validate() const
{
    if (max_packet_size < wire::min_packet_bytes || max_packet_size > largest_packet)
        throw_bad_argument("max_packet_size", max_packet_size, "56 to 1073741824 bytes");
    if (packets == split::exact)
    {
        // At least one pointer must fit beside the payload.
        std::size_t most = max_packet_size / 8 * 8 - wire::prefix_bytes - 8;
        if (payload_size == 0 || payload_size % 8 != 0 || payload_size > most)
            throw_bad_argument("payload_size", payload_size,
                               "a multiple of 8, from 8 to " + std::to_string(most) + " with this max_packet_size");
    }
    else if (payload_size != 0)
        throw_bad_argument("payload_size", payload_size, "0 unless packets is split::exact");
    if (!std::isfinite(rate) || rate < 0)
        throw_bad_argument("rate", rate, "finite and not negative");
    if (!std::isfinite(burst_rate_ratio) || burst_rate_ratio < 1)
        throw_bad_argument("burst_rate_ratio", burst_rate_ratio, "finite and at least 1");
    if (max_heaps == 0)
        throw_bad_argument("max_heaps", max_heaps, "at least 1");
}

} // namespace heapwire::send
