// SPDX-License-Identifier: BSD-3-Clause
/// A simulated radio telescope: a pulsar, dispersed by the gas between the stars, far below the noise of the receiver.
/// All of it follows from a seed, so that whoever gets the spectra can tell each wrong byte.
#pragma once

#include <cstdint>
#include <vector>

#include "heapwire/base/bytes.h"

namespace demo
{

inline constexpr std::size_t channels = 256;
inline constexpr std::size_t samples = 1024; ///< of each channel in a heap
inline constexpr std::size_t heap_bytes = channels * samples;
inline constexpr std::size_t period = 1500;                        ///< of the pulsar, in samples
inline constexpr double low_frequency = 1.2, high_frequency = 1.5; ///< GHz

/// How many samples later a channel hears the pulse than the highest one does.
[[nodiscard]] std::size_t delay(std::size_t channel) noexcept;

class telescope
{
public:
    explicit telescope(std::uint64_t seed);

    /// The spectra of heap `number`: a row of samples for each channel, a byte each.
    void observe(std::uint64_t number, heapwire::mutable_bytes to) const noexcept;
    /// How many bytes of it are not what was observed.
    [[nodiscard]] std::uint64_t count_wrong(std::uint64_t number, heapwire::bytes_view got) const noexcept;

private:
    void observe_row(std::uint64_t number, std::size_t channel, std::uint8_t *to) const noexcept;

    std::uint64_t seed_;
    std::vector<std::uint8_t> noise_; ///< each row starts somewhere else in it
    std::vector<std::uint8_t> pulse_; ///< two periods and more, so that a row never wraps
};

} // namespace demo
