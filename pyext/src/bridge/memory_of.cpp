// SPDX-License-Identifier: BSD-3-Clause
#include "bridge/memory_of.h"

#include <algorithm>
#include <string>

namespace heapwire::python
{

namespace
{

// The layout that the DLPack standard has laid down, as far as it is needed.
struct dl_device
{
    std::int32_t type, id;
};
struct dl_type
{
    std::uint8_t code, bits;
    std::uint16_t lanes;
};
struct dl_tensor
{
    void *data;
    dl_device device;
    std::int32_t dimensions;
    dl_type type;
    std::int64_t *shape, *strides; // strides in elements; null: C-contiguous
    std::uint64_t byte_offset;
};
struct dl_managed
{
    dl_tensor tensor;
    void *context;
    void (*deleter)(dl_managed *);
};
struct dl_managed_versioned
{
    std::uint32_t major, minor;
    void *context;
    void (*deleter)(dl_managed_versioned *);
    std::uint64_t flags; // 1: read-only, 2: a copy
    dl_tensor tensor;
};

constexpr int host_devices[] = {1 /* CPU */, 3 /* pinned for CUDA */, 11 /* pinned for ROCm */, 13 /* managed */};

[[noreturn]] void refuse(const char *what, const std::string &why)
{
    throw py::buffer_error(std::string(what) + ": " + why);
}

mutable_bytes bytes_of(const dl_tensor &tensor, const char *what)
{
    std::uint64_t elements = 1;
    for (int i = tensor.dimensions - 1; i >= 0; --i)
    {
        if (tensor.strides && tensor.shape[i] != 1 && tensor.strides[i] != static_cast<std::int64_t>(elements))
            refuse(what, "the tensor is not C-contiguous");
        elements *= static_cast<std::uint64_t>(tensor.shape[i]);
    }
    const std::uint64_t bits = std::uint64_t{tensor.type.bits} * tensor.type.lanes;
    return {static_cast<std::byte *>(tensor.data) + tensor.byte_offset,
            static_cast<std::size_t>(elements * ((bits + 7) / 8))};
}

template <typename Managed>
std::shared_ptr<void> take_over(const py::object &capsule, const char *name, const char *used, Managed *&out)
{
    out = static_cast<Managed *>(PyCapsule_GetPointer(capsule.ptr(), name));
    if (!out || PyCapsule_SetName(capsule.ptr(), used) != 0)
        throw py::error_already_set();
    return {out, [](Managed *mine)
            {
                if (mine->deleter)
                    mine->deleter(mine);
            }};
}

/// The newest form that the exporter knows: only that says whether it may be written.
py::object export_tensor(const py::object &from)
{
    try
    {
        return from.attr("__dlpack__")(py::arg("max_version") = py::make_tuple(1, 0), py::arg("copy") = false);
    }
    catch (py::error_already_set &failed)
    {
        if (!failed.matches(PyExc_TypeError)) // it knows these arguments, and will not
            throw;
    }
    return from.attr("__dlpack__")();
}

} // namespace

object_memory::object_memory(py::object from, const char *what)
{
    if (from.is_none())
        return;
    if (PyObject_CheckBuffer(from.ptr()))
    {
        auto view = std::make_unique<Py_buffer>();
        if (PyObject_GetBuffer(from.ptr(), view.get(), PyBUF_C_CONTIGUOUS | PyBUF_WRITABLE) != 0)
            throw py::error_already_set();
        bytes_ = {static_cast<std::byte *>(view->buf), static_cast<std::size_t>(view->len)};
        held_ = std::shared_ptr<Py_buffer>(view.release(),
                                           [](Py_buffer *mine)
                                           {
                                               PyBuffer_Release(mine);
                                               delete mine;
                                           });
    }
    else if (py::hasattr(from, "__dlpack__"))
    {
        if (py::hasattr(from, "__dlpack_device__"))
        {
            const int device = from.attr("__dlpack_device__")().cast<py::tuple>()[0].cast<int>();
            if (std::find(std::begin(host_devices), std::end(host_devices), device) == std::end(host_devices))
                refuse(what, "DLPack device " + std::to_string(device) + " is out of the processor's reach");
        }
        const py::object capsule = export_tensor(from);
        if (PyCapsule_IsValid(capsule.ptr(), "dltensor_versioned"))
        {
            dl_managed_versioned *tensor = nullptr;
            held_ = take_over(capsule, "dltensor_versioned", "used_dltensor_versioned", tensor);
            if (tensor->major != 1)
                refuse(what, "version " + std::to_string(tensor->major) + " of DLPack is not known");
            if (tensor->flags & 1)
                refuse(what, "the tensor is not writable");
            if (tensor->flags & 2)
                refuse(what, "the exporter gives a copy only");
            bytes_ = bytes_of(tensor->tensor, what);
        }
        else
        {
            dl_managed *tensor = nullptr;
            held_ = take_over(capsule, "dltensor", "used_dltensor", tensor);
            bytes_ = bytes_of(tensor->tensor, what);
        }
    }
    else
        throw py::type_error(std::string(what) + ": " + std::string(py::str(py::type::of(from).attr("__name__"))) +
                             " is neither a buffer nor a DLPack tensor");
    from_ = std::move(from);
}

} // namespace heapwire::python
