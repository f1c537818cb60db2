// SPDX-License-Identifier: BSD-3-Clause
/// An item's description, to bytes and back (docs/reference/wire-format.md section 7).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "heapwire/base/bytes.h"
#include "heapwire/wire/flavour.h"
#include "heapwire/wire/numpy_header.h"

namespace heapwire::wire
{

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
    std::string name; ///< bytes as on the wire; ASCII by convention
    std::string description;
    std::vector<std::optional<std::uint64_t>> shape; ///< outermost first; nullopt is a variable dimension
    std::vector<format_field> format;
    std::string numpy_header; ///< not empty: it wins over shape and format (see parse_numpy_header)
    friend bool operator==(const descriptor &, const descriptor &) = default;
};

/// The value of a DESCRIPTOR item: one whole packet. With a numpy header the format field is left empty, and an empty
/// shape is taken from the header. Throws std::invalid_argument (id 0 or too large for the flavour; a dimension, a
/// width or the whole that does not fit its field; more than one variable dimension). bug_compat::swap_endian has no
/// effect here: whoever interprets numpy headers applies it (see swap_byte_order).
[[nodiscard]] std::vector<std::byte> encode_descriptor(const descriptor &d, flavour f);

/// Appends every descriptor in the value of a DESCRIPTOR item, which may hold several packets and heaps; what cannot
/// be decoded ends the parse, what was decoded stays. Element widths are those of the inner packets; `bugs` as
/// configured (above 7: std::invalid_argument). If there is a numpy header, shape and format stay empty. Memory is
/// bounded by the size of `value`.
void decode_descriptors(bytes_view value, std::uint32_t bugs, std::vector<descriptor> &out);

/// Describes an array of T of fixed shape, as numpy would: what is sent are its bytes in memory, in C order.
template <numpy_scalar T>
[[nodiscard]] descriptor describe_array(std::uint64_t id, std::string name, std::string description,
                                        std::span<const std::uint64_t> shape)
{
    return {id,
            std::move(name),
            std::move(description),
            {shape.begin(), shape.end()},
            {},
            write_numpy_header(numpy_descr<T>(), false, shape)};
}

} // namespace heapwire::wire
