// SPDX-License-Identifier: BSD-3-Clause
/// A transport that loses, doubles, reorders and delays what passes, by a seed: the same seed, the same weather.
#pragma once

#include <cstdint>
#include <memory>

#include "heapwire/transport/send_stream.h"

namespace heapwire::transport
{

struct weather
{
    std::uint64_t seed = 1;
    double lose = 0; ///< probability, 0 to 1, for each packet
    double duplicate = 0;
    double reorder = 0; ///< held back behind up to `reorder_depth` later packets
    std::size_t reorder_depth = 8;
    double corrupt = 0; ///< one bit flipped
};

/// In packets. After the close: passed = those that came - lost + duplicated.
struct weather_report
{
    std::uint64_t passed = 0, lost = 0, duplicated = 0, reordered = 0, corrupted = 0;
};

/// Wraps any sink. Packets held back leave at the latest when the sink is closed. `report` (if not null) must outlive
/// it and may be read when the stream is quiet. The sender never sees the weather: a packet counts as sent when it was
/// handed over. Throws std::invalid_argument for probabilities outside 0 to 1, a reorder_depth of 0 and no sink.
[[nodiscard]] std::unique_ptr<packet_sink> make_bad_weather(std::unique_ptr<packet_sink> behind, weather how,
                                                            weather_report *report = nullptr);

} // namespace heapwire::transport
