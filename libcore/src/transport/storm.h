// SPDX-License-Identifier: BSD-3-Clause
/// Decides what becomes of each packet. Private to this room.
#pragma once

#include <deque>
#include <span>
#include <vector>

#include "heapwire/base/bytes.h"
#include "heapwire/transport/weather.h"

namespace heapwire::transport
{

/// splitmix64. The distributions of <random> differ between libraries; the weather must not.
class dice
{
public:
    explicit dice(std::uint64_t seed) : state_(seed) {}
    std::uint64_t number() noexcept
    {
        std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
        z = (z ^ z >> 27) * 0x94d049bb133111eb;
        return z ^ z >> 31;
    }
    bool falls(double probability) noexcept { return static_cast<double>(number() >> 11) * 0x1p-53 < probability; }

private:
    std::uint64_t state_;
};

/// A packet that outlives the call it came with.
struct copied_packet
{
    std::vector<std::byte> bytes;
    std::uint32_t substream;
    std::uint64_t due; ///< leaves when so many packets have come
};

class storm
{
public:
    /// `how` was validated. Counts in `report`, all but what has passed.
    storm(const weather &how, weather_report &report) : how_(how), dice_(how.seed), report_(report) {}

    /// The next packet meets its fate. True: it passes as it is. False: it is lost, or in leaving(), now or later.
    [[nodiscard]] bool spares(std::span<const bytes_view> parts, std::uint32_t substream);
    /// When the packet has gone: what was held back long enough moves to leaving().
    void pass_on();
    /// At the end: what is held back moves to leaving(), which must be empty.
    void release_all() noexcept { leaving_.swap(held_); }
    /// Must leave before the next packet.
    [[nodiscard]] std::deque<copied_packet> &leaving() noexcept { return leaving_; }
    [[nodiscard]] std::size_t waiting() const noexcept { return held_.size() + leaving_.size(); }

private:
    weather how_;
    dice dice_;
    weather_report &report_;
    std::uint64_t seen_ = 0;
    std::deque<copied_packet> held_; ///< by order of arrival
    std::deque<copied_packet> leaving_;
};

} // namespace heapwire::transport
