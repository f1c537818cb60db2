// SPDX-License-Identifier: BSD-3-Clause
/// Views of bytes, and big-endian loads and stores. SPEAD is big-endian throughout.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace heapwire
{

/// Bytes that are looked at; the owner is somebody else.
using bytes_view = std::span<const std::byte>;
using mutable_bytes = std::span<std::byte>;

template <std::unsigned_integral T>
[[nodiscard]] constexpr T swap_bytes(T value) noexcept
{
    if constexpr (sizeof(T) == 1)
        return value;
    else if constexpr (sizeof(T) == 2)
        return __builtin_bswap16(value);
    else if constexpr (sizeof(T) == 4)
        return __builtin_bswap32(value);
    else
        return __builtin_bswap64(value);
}

/// The big-endian integer at `from`, which need not be aligned.
template <std::unsigned_integral T>
[[nodiscard]] inline T load_be(const std::byte *from) noexcept
{
    T value;
    std::memcpy(&value, from, sizeof(T));
    if constexpr (std::endian::native == std::endian::little)
        value = swap_bytes(value);
    return value;
}

/// Writes `value` big-endian to `to`, which need not be aligned.
template <std::unsigned_integral T>
inline void store_be(std::byte *to, T value) noexcept
{
    if constexpr (std::endian::native == std::endian::little)
        value = swap_bytes(value);
    std::memcpy(to, &value, sizeof(T));
}

/// The bytes of a trivially copyable array or string, as they lie in memory.
template <typename T>
[[nodiscard]] inline bytes_view bytes_of(std::span<const T> values) noexcept
{
    return std::as_bytes(values);
}

} // namespace heapwire
