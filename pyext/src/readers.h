// SPDX-License-Identifier: BSD-3-Clause
/// The add_*_reader methods that all receive streams share.
#pragma once

#include <memory>

#include "receive_stream.h"
#include "register.h"

namespace heapwire::python
{

using receive_stream_class = py::class_<receive_stream, std::shared_ptr<receive_stream>>;

/// Adds the methods and their DEFAULT_ constants.
void def_readers(receive_stream_class &type);

} // namespace heapwire::python
