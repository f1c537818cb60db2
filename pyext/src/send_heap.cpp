// SPDX-License-Identifier: BSD-3-Clause
#include "send_heap.h"

#include <algorithm>
#include <string>

namespace heapwire::python
{

outgoing::~outgoing()
{
    while (exports_)
    {
        std::unique_ptr<held> first(std::exchange(exports_, exports_->next));
        PyBuffer_Release(&first->view);
    }
}

/// A new export that goes back unless it is kept.
struct outgoing::released
{
    explicit released(py::handle buffer) : what(new held)
    {
        if (PyObject_GetBuffer(buffer.ptr(), &what->view, PyBUF_C_CONTIGUOUS) != 0)
        {
            delete what;
            throw py::error_already_set();
        }
    }
    /// Nothing is exported: giving it back only lets the owner go.
    released(bytes_view bytes, py::object owner) : what(new held{})
    {
        what->view.buf = const_cast<std::byte *>(bytes.data());
        what->view.len = static_cast<py::ssize_t>(bytes.size());
        what->view.obj = owner.release().ptr();
    }
    ~released()
    {
        if (!what)
            return;
        PyBuffer_Release(&what->view);
        delete what;
    }
    held *what;
};

template <typename Change>
void outgoing::change(Change &&how)
{
    {
        std::lock_guard hold(lock_);
        if (in_flight_.load(std::memory_order_acquire) == 0)
            return how();
    }
    throw std::runtime_error("the heap is being sent: it cannot be changed now");
}

void outgoing::take_off() noexcept
{
    std::lock_guard hold(lock_);
    in_flight_.fetch_add(1, std::memory_order_acq_rel);
}

void outgoing::add(std::uint64_t id, py::handle buffer, bool allow_immediate)
{
    keep(id, released(buffer), allow_immediate);
}

void outgoing::add_view(std::uint64_t id, bytes_view bytes, py::object owner, bool allow_immediate)
{
    keep(id, released(bytes, std::move(owner)), allow_immediate);
}

void outgoing::add_copy(std::uint64_t id, bytes_view bytes, bool allow_immediate)
{
    change(
        [&]
        {
            if (const bytes_view left = bytes_view(room_).subspan(room_used_); bytes.size() <= left.size())
            {
                core_.add_item(id, left.first(bytes.size()), allow_immediate);
                std::copy(bytes.begin(), bytes.end(), room_.begin() + static_cast<std::ptrdiff_t>(room_used_));
                room_used_ += bytes.size();
            }
            else
            {
                auto *own = new std::byte[bytes.size()];
                std::copy(bytes.begin(), bytes.end(), own);
                buffer copy(
                    own, bytes.size(), [](std::byte *data, std::size_t, void *) noexcept { delete[] data; }, nullptr);
                core_.add_item(id, std::move(copy), allow_immediate);
            }
            size_ += bytes.size();
        });
}

void outgoing::keep(std::uint64_t id, released &&now, bool allow_immediate)
{
    bytes_view bytes{static_cast<const std::byte *>(now.what->view.buf), static_cast<std::size_t>(now.what->view.len)};
    change(
        [&]
        {
            core_.add_item(id, bytes, allow_immediate);
            size_ += bytes.size();
            now.what->next = exports_;
            exports_ = std::exchange(now.what, nullptr);
        });
}

void outgoing::add_item(const py::object &item)
{
    py::object index = py::reinterpret_steal<py::object>(PyNumber_Index(item.attr("id").ptr()));
    if (!index)
        throw py::error_already_set();
    unsigned long long id = PyLong_AsUnsignedLongLong(index.ptr());
    if (id == static_cast<unsigned long long>(-1) && PyErr_Occurred())
    {
        PyErr_Clear();
        throw py::value_error("id = " + std::string(py::str(index)) + ": out of range");
    }
    py::object buffer = item.attr("to_buffer")();
    int immediate = PyObject_IsTrue(item.attr("allow_immediate")().ptr());
    if (immediate < 0)
        throw py::error_already_set();
    add(id, buffer, immediate != 0);
}

void outgoing::add_descriptor(const py::object &descriptor)
{
    add_raw_descriptor(descriptor.attr("to_raw")(py::cast(flavour_)).cast<const wire::descriptor &>());
}

void outgoing::add_raw_descriptor(const wire::descriptor &raw)
{
    change([&] { core_.add_descriptor(raw); });
}

void outgoing::add_control(wire::stream_control what)
{
    change([&] { what == wire::stream_control::start ? core_.add_start() : core_.add_end(); });
}

void outgoing::repeat_pointers(bool on)
{
    change([&] { core_.repeat_pointers(on); });
}

} // namespace heapwire::python
