// SPDX-License-Identifier: BSD-3-Clause
/// The state of heapwire.Descriptor and heapwire.Item: a plain C object, so that an attribute costs no more than a
/// slot and the way from Python's pointer to ours is a cast.
#pragma once

#include <atomic>
#include <memory>
#include <optional>

#include "heapwire/wire/descriptor.h"
#include "items/item_plan.h"

namespace heapwire::python
{

/// A descriptor as it travels, and the attributes that go with it. Holds Python objects: the last owner must be
/// attached.
struct raw_memo
{
    std::array<py::object, 7> from;
    std::uint32_t bugs = 0;
    wire::descriptor raw;
};

/// Fields are read and written attached, in the object's critical section; the version by atomics.
struct item_object
{
    PyObject_HEAD PyObject *id, *name, *description, *shape, *dtype, *order, *format;
    PyObject *value; ///< null: none yet
    long long version;
    std::uint64_t serial; ///< of no other object of this process
    std::shared_ptr<const item_plan> plan;
    std::shared_ptr<const raw_memo> memo, received;
};

/// A borrowed look at an object that is a Descriptor or an Item; null if it is neither.
[[nodiscard]] item_object *as_item(py::handle object) noexcept;
/// Exactly heapwire.Item: none of its methods is overridden.
[[nodiscard]] bool is_plain_item(py::handle object) noexcept;

/// Worked out anew when an attribute was assigned. Raises what the descriptor's constructor would raise.
[[nodiscard]] std::shared_ptr<const item_plan> plan_of(item_object *item);
/// As Descriptor.to_raw gives it, remembered while no attribute changes.
[[nodiscard]] std::shared_ptr<const raw_memo> raw_of(item_object *item, wire::flavour flavour);
/// The descriptor from the network that the item was made of, as long as no attribute was assigned since; or null.
[[nodiscard]] std::shared_ptr<const raw_memo> received_of(item_object *item);
void remember_received(item_object *item, const wire::descriptor &raw, wire::flavour flavour);
/// The current value; null if there is none.
[[nodiscard]] py::object value_of(item_object *item);
[[nodiscard]] std::uint64_t id_of(item_object *item);
[[nodiscard]] py::object name_of(item_object *item);
[[nodiscard]] std::array<py::object, 7> attributes_of(item_object *item);
/// Takes over the value and raises the version.
void assign_value(item_object *item, py::object value, int steps);
[[nodiscard]] inline long long version_of(item_object *item) noexcept
{
    return std::atomic_ref(item->version).load(std::memory_order_relaxed);
}

/// What Python supplies: heapwire.items calls it once.
struct item_hooks
{
    py::object item_type;    ///< heapwire.Item
    py::object layout;       ///< _layout(descriptor): see make_plan
    py::object from_raw;     ///< Item.from_raw
    py::object to_raw;       ///< Descriptor.to_raw
    py::object as_array;     ///< _as_array(value, type, order, dimensions)
    py::object pack_integer; ///< _pack_integer(value, bytes, native, shape): None if it is nothing for it
    py::object join_fields;  ///< _join_fields(rows, type, shape)
    py::object update;       ///< ItemGroup.update of what only looks like a heap, or with another byte order
    py::object log_replaced, log_unknown;
    py::object integral; ///< numbers.Integral: ints, numpy's integers and whatever was registered
};
/// Attached; not before heapwire.items was imported.
[[nodiscard]] const item_hooks &hooks();
void set_hooks(item_hooks given);
/// Adds the type to the module.
void register_item_object(py::module_ &m);

} // namespace heapwire::python
