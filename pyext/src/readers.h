// SPDX-License-Identifier: BSD-3-Clause
/// The add_*_reader methods that all receive streams share.
#pragma once

#include <memory>

#include "register.h"
#include "stream_base.h"

namespace heapwire::python
{

using stream_base_class = py::class_<stream_base, std::shared_ptr<stream_base>>;

/// Adds the methods and their DEFAULT_ constants.
void def_readers(stream_base_class &type);

} // namespace heapwire::python
