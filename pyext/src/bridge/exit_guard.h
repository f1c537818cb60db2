// SPDX-License-Identifier: BSD-3-Clause
/// The interpreter's exit, and fork. At exit, before Python finalizes: everything is asked to stop; users are joined,
/// then pools, then the log; then nobody may be inside our blocking calls, and no native thread attached. What runs
/// after that finds everything stopped and waits for nothing.
#pragma once

#include <pybind11/pybind11.h>

namespace heapwire::python
{

/// Registers with atexit and os.register_at_fork. `import logging` comes first, so that ours runs before
/// logging.shutdown (atexit is last in, first out).
void register_exit_guard(pybind11::module_ &m);

} // namespace heapwire::python
