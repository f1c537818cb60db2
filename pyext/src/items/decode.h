// SPDX-License-Identifier: BSD-3-Clause
/// Bytes of a received item to a Python value.
#pragma once

#include "heapwire/heap/item.h"
#include "items/item_object.h"

namespace heapwire::python
{

/// What stays the same for all items of one heap.
struct decode_context
{
    py::handle owner;                 ///< keeps the bytes alive: arrays get it as their base
    std::string_view new_order = "="; ///< numpy's newbyteorder codes
};

/// Arrays are writable views of the bytes where their type allows. Raises ValueError, naming the item, if the bytes
/// are too few; UnicodeDecodeError for text that is not ASCII.
[[nodiscard]] py::object decode(const item_plan &plan, const item &from, const decode_context &context,
                                item_object *into);

} // namespace heapwire::python
