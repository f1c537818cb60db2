// SPDX-License-Identifier: BSD-3-Clause
/// A Python value to the bytes of an item.
#pragma once

#include <array>

#include "items/item_object.h"

namespace heapwire::python
{

struct encoded_value
{
    py::object exporter; ///< its buffer has the bytes; null: they are in `small`
    std::array<std::byte, 16> small{};
    std::size_t small_size = 0;

    [[nodiscard]] py::bytes as_bytes() const { return {reinterpret_cast<const char *>(small.data()), small_size}; }
};

/// An array that has the right type and layout is its own exporter, so that later changes are sent. Raises ValueError
/// for None and for a wrong shape, and what numpy raises for values that it cannot convert.
[[nodiscard]] encoded_value encode(const item_plan &plan, const py::object &value, item_object *item);
/// Item.to_buffer.
[[nodiscard]] py::object to_buffer(item_object *item);

} // namespace heapwire::python
