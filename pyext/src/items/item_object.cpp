// SPDX-License-Identifier: BSD-3-Clause
#include "items/item_object.h"

#include <pybind11/critical_section.h>

#include <structmember.h>

#include <new>

#include "flavour.h"
#include "heapwire/base/error.h"

namespace heapwire::python
{

namespace
{

PyTypeObject *item_type = nullptr;
PyObject *plain_item_type = nullptr;
item_hooks *the_hooks = nullptr; // leaked: items outlive the module at exit

template <typename Visit>
void each_object(item_object *item, Visit visit)
{
    for (PyObject **slot : {&item->id, &item->name, &item->description, &item->shape, &item->dtype, &item->order,
                            &item->format, &item->value})
        visit(slot);
}

PyObject *item_new(PyTypeObject *type, PyObject *, PyObject *)
{
    static std::atomic<std::uint64_t> made{1};
    auto *item = reinterpret_cast<item_object *>(type->tp_alloc(type, 0)); // zeroed
    if (!item)
        return nullptr;
    new (&item->plan) std::shared_ptr<const item_plan>();
    new (&item->memo) std::shared_ptr<const raw_memo>();
    new (&item->received) std::shared_ptr<const raw_memo>();
    item->version = 1;
    item->serial = made.fetch_add(1, std::memory_order_relaxed);
    return reinterpret_cast<PyObject *>(item);
}

int item_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    int found = 0;
    each_object(reinterpret_cast<item_object *>(self),
                [&](PyObject **slot)
                {
                    if (*slot && found == 0)
                        found = visit(*slot, arg);
                });
    return found;
}

int item_clear(PyObject *self)
{
    each_object(reinterpret_cast<item_object *>(self), [](PyObject **slot) { Py_CLEAR(*slot); });
    return 0;
}

void item_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    auto *item = reinterpret_cast<item_object *>(self);
    (void)item_clear(self);
    item->plan.~shared_ptr();
    item->memo.~shared_ptr();
    item->received.~shared_ptr();
    type->tp_free(self);
    Py_DECREF(type);
}

PyObject *value_getter(PyObject *self, void *)
{
    py::object value = value_of(reinterpret_cast<item_object *>(self));
    return (value ? std::move(value) : py::none()).release().ptr();
}

int value_setter(PyObject *self, PyObject *value, void *)
{
    if (!value || value == Py_None)
    {
        PyErr_SetString(PyExc_ValueError, "Item value cannot be set to None");
        return -1;
    }
    assign_value(reinterpret_cast<item_object *>(self), py::reinterpret_borrow<py::object>(value), 1);
    return 0;
}

PyObject *version_getter(PyObject *self, void *)
{
    return PyLong_FromLongLong(version_of(reinterpret_cast<item_object *>(self)));
}

int version_setter(PyObject *self, PyObject *value, void *)
{
    const long long version = value ? PyLong_AsLongLong(value) : -1;
    if (!value)
        PyErr_SetString(PyExc_TypeError, "an item's version cannot be deleted");
    if (PyErr_Occurred())
        return -1;
    std::atomic_ref(reinterpret_cast<item_object *>(self)->version).store(version, std::memory_order_relaxed);
    return 0;
}

PyMemberDef members[] = {
    {"id", T_OBJECT_EX, offsetof(item_object, id), 0,
     "The number by which packets name the item; from 0x1000 on by convention."},
    {"name", T_OBJECT_EX, offsetof(item_object, name), 0,
     "A word for people and programs: a key of an ItemGroup. ASCII."},
    {"description", T_OBJECT_EX, offsetof(item_object, description), 0, "A sentence for people. ASCII."},
    {"shape", T_OBJECT_EX, offsetof(item_object, shape), 0, "Lengths of the dimensions; None for one that varies."},
    {"dtype", T_OBJECT_EX, offsetof(item_object, dtype), 0, "A numpy.dtype, or None if there is a format."},
    {"order", T_OBJECT_EX, offsetof(item_object, order), 0,
     "'C' or 'F': which index runs fastest, the last or the first."},
    {"format", T_OBJECT_EX, offsetof(item_object, format), 0,
     "Fields of an element as (code, bits), or None if there is a dtype. Codes: u, i, f, b, c."},
    {nullptr, 0, 0, 0, nullptr},
};

PyGetSetDef properties[] = {
    {"_value", value_getter, value_setter, "The current value; None before the first. Assigning raises the version.",
     nullptr},
    {"_version", version_getter, version_setter, "Counts the assignments of values.", nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr},
};

py::object held(PyObject *object) { return object ? py::reinterpret_borrow<py::object>(object) : py::none(); }

bool matches(const item_plan &plan, const item_object *item)
{
    return plan.shape.ptr() == item->shape && plan.dtype.ptr() == item->dtype && plan.order.ptr() == item->order &&
           plan.format.ptr() == item->format;
}

bool same(const std::array<py::object, 7> &a, const std::array<py::object, 7> &b)
{
    for (std::size_t i = 0; i < a.size(); ++i)
        if (!a[i].is(b[i]))
            return false;
    return true;
}

} // namespace

item_object *as_item(py::handle object) noexcept
{
    return item_type && PyObject_TypeCheck(object.ptr(), item_type) ? reinterpret_cast<item_object *>(object.ptr())
                                                                    : nullptr;
}

bool is_plain_item(py::handle object) noexcept
{
    return reinterpret_cast<PyObject *>(Py_TYPE(object.ptr())) == plain_item_type;
}

std::shared_ptr<const item_plan> plan_of(item_object *item)
{
    const py::handle self(reinterpret_cast<PyObject *>(item));
    {
        py::scoped_critical_section lock(self);
        if (item->plan && matches(*item->plan, item))
            return item->plan;
    }
    std::shared_ptr<const item_plan> made = make_plan(hooks().layout(self).cast<py::tuple>());
    std::shared_ptr<const item_plan> old = made;
    py::scoped_critical_section lock(self);
    old.swap(item->plan);
    return made;
}

std::shared_ptr<const raw_memo> raw_of(item_object *item, wire::flavour f)
{
    const py::handle self(reinterpret_cast<PyObject *>(item));
    const std::array<py::object, 7> now = attributes_of(item);
    std::shared_ptr<const raw_memo> memo;
    {
        py::scoped_critical_section lock(self);
        memo = item->memo;
    }
    if (memo && memo->bugs == f.bugs() && same(memo->from, now))
        return memo;
    auto made = std::make_shared<raw_memo>();
    made->from = now;
    made->bugs = f.bugs();
    made->raw = hooks().to_raw(self, flavour(f)).cast<wire::descriptor>();
    memo = made;
    py::scoped_critical_section lock(self);
    memo.swap(item->memo);
    return made;
}

std::shared_ptr<const raw_memo> received_of(item_object *item)
{
    std::shared_ptr<const raw_memo> memo;
    {
        py::scoped_critical_section lock(py::handle(reinterpret_cast<PyObject *>(item)));
        memo = item->received;
    }
    return memo && same(memo->from, attributes_of(item)) ? memo : nullptr;
}

void remember_received(item_object *item, const wire::descriptor &raw, wire::flavour f)
{
    auto made = std::make_shared<raw_memo>();
    made->from = attributes_of(item);
    made->bugs = f.bugs();
    made->raw = raw;
    std::shared_ptr<const raw_memo> memo = std::move(made);
    py::scoped_critical_section lock(py::handle(reinterpret_cast<PyObject *>(item)));
    memo.swap(item->received);
}

py::object value_of(item_object *item)
{
    py::scoped_critical_section lock(py::handle(reinterpret_cast<PyObject *>(item)));
    return item->value && item->value != Py_None ? py::reinterpret_borrow<py::object>(item->value) : py::object();
}

std::uint64_t id_of(item_object *item)
{
    py::object id;
    {
        py::scoped_critical_section lock(py::handle(reinterpret_cast<PyObject *>(item)));
        id = held(item->id);
    }
    if (!PyLong_CheckExact(id.ptr()))
    {
        id = py::reinterpret_steal<py::object>(PyNumber_Index(id.ptr()));
        if (!id)
            throw py::error_already_set();
    }
    const std::uint64_t number = PyLong_AsUnsignedLongLong(id.ptr());
    if (number == static_cast<std::uint64_t>(-1) && PyErr_Occurred())
    {
        PyErr_Clear();
        throw_bad_argument("id", py::str(id).cast<std::string>(), "0 or more, and what the flavour can hold");
    }
    return number;
}

py::object name_of(item_object *item)
{
    py::scoped_critical_section lock(py::handle(reinterpret_cast<PyObject *>(item)));
    return held(item->name);
}

std::array<py::object, 7> attributes_of(item_object *item)
{
    py::scoped_critical_section lock(py::handle(reinterpret_cast<PyObject *>(item)));
    return {held(item->id),    held(item->name),  held(item->description), held(item->shape),
            held(item->dtype), held(item->order), held(item->format)};
}

void assign_value(item_object *item, py::object value, int steps)
{
    PyObject *old = value.release().ptr();
    {
        py::scoped_critical_section lock(py::handle(reinterpret_cast<PyObject *>(item)));
        std::swap(item->value, old);
    }
    std::atomic_ref(item->version).fetch_add(steps, std::memory_order_relaxed);
    Py_XDECREF(old); // may run anything
}

const item_hooks &hooks() { return *the_hooks; }

void set_hooks(item_hooks given)
{
    plain_item_type = given.item_type.ptr();
    the_hooks = new item_hooks(std::move(given));
}

void register_item_object(py::module_ &m)
{
    static PyType_Slot slots[] = {
        {Py_tp_new, reinterpret_cast<void *>(item_new)},
        {Py_tp_dealloc, reinterpret_cast<void *>(item_dealloc)},
        {Py_tp_traverse, reinterpret_cast<void *>(item_traverse)},
        {Py_tp_clear, reinterpret_cast<void *>(item_clear)},
        {Py_tp_members, members},
        {Py_tp_getset, properties},
        {0, nullptr},
    };
    static PyType_Spec spec{"heapwire._core._ItemState", sizeof(item_object), 0,
                            Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC, slots};
    PyObject *made = PyType_FromSpec(&spec);
    if (!made)
        throw py::error_already_set();
    item_type = reinterpret_cast<PyTypeObject *>(made);
    m.attr("_ItemState") = py::reinterpret_steal<py::object>(made); // the module keeps it
}

} // namespace heapwire::python
