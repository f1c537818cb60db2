// SPDX-License-Identifier: BSD-3-Clause
/// A transport that loses, doubles, reorders and delays what passes, by a seed: the same seed, the same weather.
#pragma once

#include <memory>

#include "heapwire/transport/send_stream.h"
#include "heapwire/transport/weather.h"

namespace heapwire::transport
{

/// Wraps any sink. Packets held back leave at the latest when the sink is closed. `report` (if not null) must outlive
/// it and may be read when the stream is quiet. The sender never sees the weather: a packet counts as sent when it was
/// handed over. Throws std::invalid_argument for probabilities outside 0 to 1, a reorder_depth of 0 and no sink.
[[nodiscard]] std::unique_ptr<packet_sink> make_bad_weather(std::unique_ptr<packet_sink> behind, weather how,
                                                            weather_report *report = nullptr);

} // namespace heapwire::transport
