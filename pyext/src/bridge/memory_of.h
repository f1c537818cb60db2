// SPDX-License-Identifier: BSD-3-Clause
/// Writable memory of any library: what exports a buffer, or a DLPack tensor that the processor can reach.
#pragma once

#include <pybind11/pybind11.h>

#include <memory>

#include "heapwire/base/bytes.h"

namespace heapwire::python
{

namespace py = pybind11;

/// The bytes of an object, held as long as this lives. Attached only, in everything; who has to let go of one elsewhere
/// uses attached_only.
class object_memory
{
public:
    object_memory() = default; ///< None
    /// `what` names it in errors. Raises BufferError unless the memory is writable, contiguous and in reach of the
    /// processor; ValueError, or what the exporter raises; TypeError if `from` exports no memory at all. None is none.
    object_memory(py::object from, const char *what);
    object_memory(object_memory &&) noexcept = default;
    object_memory &operator=(object_memory &&) noexcept = default;

    [[nodiscard]] const py::object &object() const noexcept { return from_; } ///< null: None
    [[nodiscard]] mutable_bytes bytes() const noexcept { return bytes_; }
    [[nodiscard]] explicit operator bool() const noexcept { return static_cast<bool>(from_); }

private:
    py::object from_;
    mutable_bytes bytes_;
    std::shared_ptr<void> held_; // the export
};

} // namespace heapwire::python
