// SPDX-License-Identifier: BSD-3-Clause
#include "numpy_type.h"

#include <algorithm>
#include <array>

namespace heapwire::wire
{
namespace
{

struct kind_entry
{
    char kind;
    std::array<std::uint64_t, 4> sizes; ///< in bytes; 0 ends the list
};
/// Kinds of fixed sizes. S, U and V may have any.
constexpr std::array<kind_entry, 7> kinds{{
    {'b', {1}},
    {'i', {1, 2, 4, 8}},
    {'u', {1, 2, 4, 8}},
    {'f', {2, 4, 8, 16}},
    {'c', {8, 16, 32}},
    {'M', {8}},
    {'m', {8}},
}};

constexpr std::array<std::string_view, 14> time_units{"Y",  "M",  "W",  "D",  "h",  "m",  "s",
                                                      "ms", "us", "ns", "ps", "fs", "as", "generic"};

/// The digits at the front of `text`, taken off it. Nothing if there are none or too many.
std::optional<std::uint64_t> take_number(std::string_view &text) noexcept
{
    constexpr std::size_t most_digits = 12; // 4 bytes a character times 10^12 is far from overflow
    std::size_t n = 0;
    std::uint64_t value = 0;
    for (; n < text.size() && text[n] >= '0' && text[n] <= '9'; ++n)
    {
        if (n == most_digits)
            return std::nullopt;
        value = 10 * value + static_cast<std::uint64_t>(text[n] - '0');
    }
    text.remove_prefix(n);
    return n > 0 ? std::optional(value) : std::nullopt;
}

/// "[ns]", "[25s]" or nothing.
bool is_time_unit(std::string_view text) noexcept
{
    if (text.empty())
        return true;
    if (text.size() < 3 || text.front() != '[' || text.back() != ']')
        return false;
    std::string_view unit = text.substr(1, text.size() - 2);
    static_cast<void>(take_number(unit));
    return std::find(time_units.begin(), time_units.end(), unit) != time_units.end();
}

} // namespace

std::optional<std::uint64_t> numpy_type_bytes(std::string_view type, std::string_view &why) noexcept
{
    why = "unknown type string";
    if (!type.empty() && std::string_view("<>|=").find(type.front()) != std::string_view::npos)
        type.remove_prefix(1);
    if (type == "?")
        return 1;
    if (type.empty())
        return std::nullopt;
    const char kind = type.front();
    type.remove_prefix(1);
    if (kind == 'O')
    {
        why = "Python objects are refused";
        return std::nullopt;
    }
    const auto size = take_number(type);
    if (!size)
        return std::nullopt;
    if (*size == 0)
    {
        why = "a type has no size";
        return std::nullopt;
    }
    if (kind == 'S' || kind == 'V' || kind == 'U')
        return type.empty() ? std::optional(kind == 'U' ? 4 * *size : *size) : std::nullopt;
    const auto *entry =
        std::find_if(kinds.begin(), kinds.end(), [&](const kind_entry &candidate) { return candidate.kind == kind; });
    if (entry == kinds.end() || std::find(entry->sizes.begin(), entry->sizes.end(), *size) == entry->sizes.end())
        return std::nullopt;
    const bool is_time = kind == 'M' || kind == 'm';
    return (is_time ? is_time_unit(type) : type.empty()) ? size : std::nullopt;
}

} // namespace heapwire::wire
