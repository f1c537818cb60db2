// SPDX-License-Identifier: BSD-3-Clause
/// What a descriptor means for bytes and arrays, worked out once.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "items/numpy_arrays.h"

namespace heapwire::python
{

struct bit_field
{
    char code;
    std::uint64_t bits;
};

/// Immutable and shared between threads. Holds Python objects: the last owner must be attached.
struct item_plan
{
    // What it was made from. Attributes of an item may be assigned at any time; then these are other objects.
    py::object shape, dtype, order, format;

    py::dtype type;            ///< in memory; of objects where bits have to be unpacked
    py::dtype native_type;     ///< the same in this machine's byte order
    py::object scalar_class;   ///< numpy.float32 and the like
    bool native = false;       ///< bytes on the wire are those of `type`
    bool converts = false;     ///< `type` is not `native_type`
    bool plain_scalar = false; ///< an element is one number or string: no field, no object
    bool text = false;         ///< one-dimensional characters: a str
    bool fortran = false;
    bool integer_field = false;     ///< scalar of one field 'u' or 'i', whole bytes, below 64 bits
    char kind = 0;                  ///< numpy's letter
    std::size_t item_bytes = 0;     ///< of `type`
    unsigned swap_unit = 0;         ///< bytes that change places for the other byte order; 0: leave it to numpy
    std::uint64_t item_bits = 0;    ///< on the wire
    std::vector<bit_field> fields;  ///< of a format
    std::vector<py::ssize_t> sizes; ///< the variable one is 0
    int variable = -1;              ///< which one varies
    std::uint64_t known = 1;        ///< product of the others; 2^64-1 if it is no less
    bool allow_immediate = false;

    [[nodiscard]] bool dimensionless() const noexcept { return sizes.empty(); }
};

/// From what heapwire.items._layout says of a descriptor.
[[nodiscard]] std::shared_ptr<const item_plan> make_plan(const py::tuple &layout);

} // namespace heapwire::python
