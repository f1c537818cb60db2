// SPDX-License-Identifier: BSD-3-Clause
/// The grammar of a numpy header (docs/reference/wire-format.md section 7.5). Limits keep time and memory bounded
/// whatever the network sends.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "heapwire/wire/numpy_header.h"
#include "literal_reader.h"

namespace heapwire::wire
{

inline constexpr std::size_t max_header_bytes = 65536;
inline constexpr int max_header_depth = 32;
inline constexpr std::size_t max_header_dimensions = 64;
inline constexpr std::size_t max_header_fields = 4096;

class numpy_parser
{
public:
    explicit numpy_parser(std::string_view text) noexcept : text_(text), in_(text) {}

    /// Nothing if the text is refused; complaint() says why.
    [[nodiscard]] std::optional<numpy_header> header();
    [[nodiscard]] const std::string &complaint() const noexcept { return in_.complaint(); }
    /// Where in the text the byte-order characters of the type strings stand.
    [[nodiscard]] const std::vector<std::size_t> &byte_orders() const noexcept { return byte_orders_; }

private:
    bool entry(numpy_header &into, unsigned &seen);
    /// A type string or a list of fields: the size of one element.
    [[nodiscard]] std::optional<std::uint64_t> descr(int depth);
    [[nodiscard]] std::optional<std::uint64_t> type_string();
    [[nodiscard]] std::optional<std::uint64_t> fields(int depth);
    [[nodiscard]] std::optional<std::uint64_t> field(int depth, std::set<std::string> &names);
    /// A tuple, or a number alone.
    [[nodiscard]] std::optional<std::vector<std::uint64_t>> field_shape();
    bool field_name(std::set<std::string> &names);
    [[nodiscard]] std::optional<std::vector<std::uint64_t>> shape();
    /// Product of `bytes` and the sizes, complaining at 2^63. An axis of 0 does not excuse the others.
    [[nodiscard]] std::optional<std::uint64_t> times(std::uint64_t bytes, const std::vector<std::uint64_t> &sizes);

    std::string_view text_;
    literal_reader in_;
    std::size_t n_fields_ = 0;
    std::vector<std::size_t> byte_orders_;
};

} // namespace heapwire::wire
