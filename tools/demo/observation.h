// SPDX-License-Identifier: BSD-3-Clause
/// What an astronomer does with the spectra: fold them at the pulsar's period, undo the dispersion, add them up.
#pragma once

#include <cstdint>
#include <vector>

#include "telescope.h"

namespace demo
{

inline constexpr std::size_t bins = 375; ///< of the period, in profiles and pictures

/// A row of `bins` for each channel.
using waterfall = std::vector<std::vector<double>>;

struct profile
{
    std::vector<double> power; ///< `bins` of it, in units of the noise beside the pulse, around 0
    double signal_to_noise = 0;
    std::size_t peak = 0; ///< bin
};

class observation
{
public:
    observation();
    void add(std::uint64_t number, heapwire::bytes_view spectra) noexcept;
    /// Mean power of each channel over the period; `straight`: with the delays undone.
    [[nodiscard]] waterfall folded(bool straight) const;
    [[nodiscard]] std::uint64_t heaps() const noexcept { return heaps_; }

private:
    std::uint64_t heaps_ = 0;
    std::vector<std::uint32_t> sums_;   ///< channel by channel, a period each
    std::vector<std::uint32_t> counts_; ///< one period: the same for all channels
};

/// All channels together.
[[nodiscard]] profile add_up(const waterfall &from);

} // namespace demo
