// SPDX-License-Identifier: BSD-3-Clause
#include "observation.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace demo
{

static_assert(period % bins == 0);

observation::observation() : sums_(channels * period), counts_(period) {}

void observation::add(std::uint64_t number, heapwire::bytes_view spectra) noexcept
{
    const auto *values = reinterpret_cast<const std::uint8_t *>(spectra.data());
    std::size_t phase = number * samples % period;
    std::size_t first = std::min(samples, period - phase), rest = samples - first; // where the period wraps
    for (std::size_t channel = 0; channel < channels; channel++)
    {
        std::uint32_t *sum = sums_.data() + channel * period;
        const std::uint8_t *row = values + channel * samples;
        for (std::size_t i = 0; i < first; i++)
            sum[phase + i] += row[i];
        for (std::size_t i = 0; i < rest; i++)
            sum[i] += row[first + i];
    }
    for (std::size_t i = 0; i < samples; i++)
        counts_[(phase + i) % period]++;
    heaps_++;
}

waterfall observation::folded(bool straight) const
{
    constexpr std::size_t width = period / bins;
    waterfall result(channels, std::vector<double>(bins));
    for (std::size_t channel = 0; channel < channels; channel++)
    {
        std::size_t shift = straight ? delay(channel) : 0;
        for (std::size_t bin = 0; bin < bins; bin++)
        {
            double sum = 0, count = 0;
            for (std::size_t i = 0; i < width; i++)
            {
                std::size_t phase = (bin * width + i + shift) % period;
                sum += sums_[channel * period + phase];
                count += counts_[phase];
            }
            result[channel][bin] = count > 0 ? sum / count : 0;
        }
    }
    return result;
}

profile add_up(const waterfall &from)
{
    profile result;
    result.power.assign(bins, 0);
    for (const auto &row : from)
        for (std::size_t bin = 0; bin < bins; bin++)
            result.power[bin] += row[bin];
    auto peak = std::max_element(result.power.begin(), result.power.end());
    result.peak = static_cast<std::size_t>(peak - result.power.begin());
    // Noise: the half of the period that lies farthest from the peak.
    std::vector<double> off;
    for (std::size_t i = bins / 4; i < 3 * bins / 4; i++)
        off.push_back(result.power[(result.peak + i) % bins]);
    double mean = std::accumulate(off.begin(), off.end(), 0.0) / static_cast<double>(off.size()), variance = 0;
    for (double value : off)
        variance += (value - mean) * (value - mean) / static_cast<double>(off.size());
    double noise = variance > 0 ? std::sqrt(variance) : 1;
    for (double &value : result.power)
        value = (value - mean) / noise;
    result.signal_to_noise = result.power[result.peak];
    return result;
}

} // namespace demo
