// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <atomic>

namespace heapwire::python
{

/// Tells interpreters apart that come one after the other in this process: what was remembered in one is not for the
/// next. Counted by begin_runtime().
extern std::atomic<unsigned> interpreters_begun;

} // namespace heapwire::python
