// SPDX-License-Identifier: BSD-3-Clause
/// heapwire._core._testing: what tests and benchmarks of the border need from the workers' side, and no user does.
#pragma once

#include <pybind11/pybind11.h>

namespace heapwire::python
{

void register_test_hooks(pybind11::module_ &m);

} // namespace heapwire::python
