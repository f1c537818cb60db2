// SPDX-License-Identifier: BSD-3-Clause
/// An item's description, to bytes and back (docs/reference/wire-format.md section 7).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "heapwire/base/bytes.h"
#include "heapwire/wire/flavour.h"

namespace heapwire::wire {

/// One field of a record: type character (u i f b c 0) and width in bits.
struct format_field
{
    char type;
    std::uint64_t bits;
    friend bool operator==(const format_field &, const format_field &) = default;
};

struct descriptor
{
    std::uint64_t id = 0;
    std::string name;        ///< bytes as on the wire; ASCII by convention
    std::string description;
    std::vector<std::optional<std::uint64_t>> shape; ///< outermost first; nullopt is a variable dimension
    std::vector<format_field> format;
    std::string numpy_header; ///< not empty: it wins over shape and format
    friend bool operator==(const descriptor &, const descriptor &) = default;
};

/// The value of a DESCRIPTOR item: one whole packet. Throws std::invalid_argument (id 0 or too large for the
/// flavour; a dimension or width that does not fit its field; more than one variable dimension).
[[nodiscard]] std::vector<std::byte> encode_descriptor(const descriptor &d, flavour f);

/// Appends every descriptor in the value of a DESCRIPTOR item, which may hold several packets and heaps; what cannot
/// be decoded ends the parse, what was decoded stays. Element widths are those of the inner packets; `bugs` as
/// configured. Memory is bounded by the size of `value`.
void decode_descriptors(bytes_view value, std::uint32_t bugs, std::vector<descriptor> &out);

/// A numpy header, taken apart by a literal grammar; never evaluated.
struct numpy_header
{
    std::string descr;                 ///< the text of descr, as it stood
    bool fortran_order = false;
    std::vector<std::uint64_t> shape;
    std::uint64_t item_bytes = 0;      ///< size of one element; 0 is refused
};
/// nullopt and a reason in `why` if the text is not an acceptable header (limits: 64 KiB, depth 32, 64 dimensions,
/// 4096 fields, product of sizes below 2^63; no Python objects).
[[nodiscard]] std::optional<numpy_header> parse_numpy_header(std::string_view text, std::string *why = nullptr);

} // namespace heapwire::wire
