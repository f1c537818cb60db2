// SPDX-License-Identifier: BSD-3-Clause
/// What may happen to packets on their way, and what did.
#pragma once

#include <cstddef>
#include <cstdint>

namespace heapwire::transport
{

/// By a seed: the same seed, the same weather, on every machine.
struct weather
{
    std::uint64_t seed = 1;
    double lose = 0; ///< probability, 0 to 1, for each packet
    double duplicate = 0;
    double reorder = 0; ///< held back behind up to `reorder_depth` later packets
    std::size_t reorder_depth = 8;
    double corrupt = 0; ///< one bit flipped

    [[nodiscard]] bool is_calm() const noexcept { return lose == 0 && duplicate == 0 && reorder == 0 && corrupt == 0; }
    /// Throws std::invalid_argument for probabilities outside 0 to 1 and a reorder_depth of 0.
    void validate() const;
};

/// In packets. At the end: passed = those that came - lost + duplicated.
struct weather_report
{
    std::uint64_t passed = 0, lost = 0, duplicated = 0, reordered = 0, corrupted = 0;
};

} // namespace heapwire::transport
