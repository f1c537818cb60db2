// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <random>

namespace heapwire::recv
{

/// A factor for multiplicative hashing that no sender can guess.
[[nodiscard]] inline std::uint64_t random_odd()
{
    std::random_device entropy;
    return (std::uint64_t{entropy()} << 32 | entropy()) | 1;
}

} // namespace heapwire::recv
