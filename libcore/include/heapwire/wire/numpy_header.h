// SPDX-License-Identifier: BSD-3-Clause
/// The text that describes an array to numpy (docs/reference/wire-format.md section 7.5), read and written.
#pragma once

#include <bit>
#include <complex>
#include <concepts>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace heapwire::wire
{

/// A numpy header, taken apart by a literal grammar; never evaluated.
struct numpy_header
{
    std::string descr; ///< the text of descr, as it stood: a quoted type string or a list of fields
    bool fortran_order = false;
    std::vector<std::uint64_t> shape; ///< outermost first
    std::uint64_t item_bytes = 0;     ///< size of one element; 0 is refused
};

/// nullopt and a reason in `why` if the text is not an acceptable header (limits: 64 KiB, depth 32, 64 dimensions,
/// 4096 fields, product of sizes below 2^63; no Python objects).
[[nodiscard]] std::optional<numpy_header> parse_numpy_header(std::string_view text, std::string *why = nullptr);

/// The text that numpy itself would write, for a type string ("<f4") or a list of fields ("[('t', '<u8')]"). Throws
/// std::invalid_argument if parse_numpy_header would refuse it.
[[nodiscard]] std::string write_numpy_header(std::string_view descr, bool fortran_order,
                                             std::span<const std::uint64_t> shape);

/// The same header with '<' and '>' exchanged in every type string: bug_compat::swap_endian. Field names stay as
/// they are. nullopt if parse_numpy_header would refuse the text.
[[nodiscard]] std::optional<std::string> swap_byte_order(std::string_view header);

namespace detail
{
template <typename T>
inline constexpr bool is_complex = false;
template <typename T>
inline constexpr bool is_complex<std::complex<T>> = true;
} // namespace detail

/// A type that numpy has too and that needs no field list.
template <typename T>
concept numpy_scalar = std::is_arithmetic_v<T> || detail::is_complex<T>;

/// numpy's type string of T in this machine's byte order: "<f4", "|u1", "|b1", "<c8". Characters count as integers.
template <numpy_scalar T>
[[nodiscard]] std::string numpy_descr()
{
    constexpr char order = sizeof(T) == 1 ? '|' : std::endian::native == std::endian::little ? '<' : '>';
    constexpr char kind = detail::is_complex<T>         ? 'c'
                          : std::is_same_v<T, bool>     ? 'b'
                          : std::is_floating_point_v<T> ? 'f'
                          : std::is_signed_v<T>         ? 'i'
                                                        : 'u';
    return std::string{order, kind} + std::to_string(sizeof(T));
}

} // namespace heapwire::wire
