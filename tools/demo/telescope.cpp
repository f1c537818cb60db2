// SPDX-License-Identifier: BSD-3-Clause
#include "telescope.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <random>

namespace demo
{

namespace
{

constexpr std::size_t noise_places = std::size_t{1} << 20;
constexpr double noise_mean = 128, noise_width = 24;
constexpr double pulse_height = 4, pulse_width = 40; ///< a sixth of the noise; width in samples
constexpr double dispersed_periods = 1.3;            ///< delay of the lowest channel

std::uint64_t mix(std::uint64_t x) noexcept
{
    x += 0x9E3779B97F4A7C15;
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9;
    x = (x ^ x >> 27) * 0x94D049BB133111EB;
    return x ^ x >> 31;
}

/// Cold plasma delays a wave with the inverse square of its frequency.
double inverse_square(std::size_t channel) noexcept
{
    double step = (high_frequency - low_frequency) / channels;
    double frequency = high_frequency - (static_cast<double>(channel) + 0.5) * step;
    return 1 / (frequency * frequency);
}

} // namespace

std::size_t delay(std::size_t channel) noexcept
{
    double share = (inverse_square(channel) - inverse_square(0)) / (inverse_square(channels - 1) - inverse_square(0));
    return static_cast<std::size_t>(std::lround(share * dispersed_periods * period));
}

telescope::telescope(std::uint64_t seed) : seed_(seed), noise_(noise_places + samples), pulse_(period + samples)
{
    std::mt19937_64 random(seed);
    // Twelve uniform numbers make a normal one; std::normal_distribution may differ between libraries.
    for (std::uint8_t &value : noise_)
    {
        double sum = -6;
        for (int i = 0; i < 12; i++)
            sum += static_cast<double>(random() >> 11) * 0x1p-53;
        value = static_cast<std::uint8_t>(std::clamp(noise_mean + noise_width * sum, 8.0, 240.0));
    }
    for (std::size_t i = 0; i < pulse_.size(); i++)
    {
        double distance = (static_cast<double>(i % period) - period / 2.0) / pulse_width;
        pulse_[i] = static_cast<std::uint8_t>(std::lround(pulse_height * std::exp(-distance * distance / 2)));
    }
}

void telescope::observe_row(std::uint64_t number, std::size_t channel, std::uint8_t *to) const noexcept
{
    const std::uint8_t *noise = noise_.data() + mix(seed_ ^ (number * channels + channel)) % noise_places;
    std::size_t phase = (number * samples + 2 * period - delay(channel)) % period;
    const std::uint8_t *pulse = pulse_.data() + phase;
    for (std::size_t i = 0; i < samples; i++)
        to[i] = static_cast<std::uint8_t>(noise[i] + pulse[i]);
}

void telescope::observe(std::uint64_t number, heapwire::mutable_bytes to) const noexcept
{
    for (std::size_t channel = 0; channel < channels; channel++)
        observe_row(number, channel, reinterpret_cast<std::uint8_t *>(to.data()) + channel * samples);
}

std::uint64_t telescope::count_wrong(std::uint64_t number, heapwire::bytes_view got) const noexcept
{
    if (got.size() != heap_bytes)
        return heap_bytes;
    std::uint64_t wrong = 0;
    std::array<std::uint8_t, samples> row;
    for (std::size_t channel = 0; channel < channels; channel++)
    {
        observe_row(number, channel, row.data());
        const auto *other = reinterpret_cast<const std::uint8_t *>(got.data()) + channel * samples;
        if (std::memcmp(row.data(), other, samples) == 0)
            continue;
        for (std::size_t i = 0; i < samples; i++)
            wrong += row[i] != other[i];
    }
    return wrong;
}

} // namespace demo
