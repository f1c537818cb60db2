// SPDX-License-Identifier: BSD-3-Clause
/// What the extension owns for the length of the process: no Python objects, no destructors. And the one way to let
/// go of the GIL.
#pragma once

#include <pybind11/pybind11.h>

#include <memory>
#include <optional>

#include "heapwire/host/gate.h"
#include "heapwire/host/stop_registry.h"

namespace heapwire::python
{

namespace py = pybind11;

/// Leaked on purpose: threads may look at it until the process is gone.
struct runtime
{
    host::gate calls;  ///< Python threads inside our blocking calls
    host::gate back;   ///< of these, once the exit has begun: who is on his way back to Python
    host::gate attach; ///< native threads on their way to Python, or there
};
[[nodiscard]] runtime &the_runtime();

/// At import, in the main interpreter; opens gates and registry again in an embedded interpreter that
/// was finalized and started anew.
void begin_runtime();

/// True on the thread that runs signal handlers.
[[nodiscard]] bool on_main_thread() noexcept;
/// In the child of a fork, where the forking thread is the main thread.
void note_main_thread() noexcept;

/// Detached from Python (the GIL let go) as long as it lives; no Python object may be touched. The thread is counted,
/// so that the interpreter is not finalized under it; from the moment when the exit has begun it stays attached, and
/// nothing waits any more because everything is stopped. Whom the exit could not wait for (a slow resolver) does not
/// come back: the interpreter may be gone, and the thread rests until the process ends.
class detached
{
public:
    detached() : counted_(the_runtime().calls)
    {
        if (counted_)
            released_.emplace();
    }
    ~detached()
    {
        if (released_ && the_runtime().calls.closed())
            come_back_or_rest();
    }
    detached(const detached &) = delete;
    detached &operator=(const detached &) = delete;
    /// False: the exit has begun, and the thread is still attached.
    [[nodiscard]] explicit operator bool() const noexcept { return released_.has_value(); }

private:
    void come_back_or_rest() noexcept;

    host::passage counted_; // left after the GIL is back: this is what the exit waits for
    std::optional<host::passage> back_;
    std::optional<py::gil_scoped_release> released_;
};

/// True if this thread may touch Python. PyGILState_Check() says yes to every thread once there was a sub-interpreter.
[[nodiscard]] inline bool is_attached() noexcept
{
    PyThreadState *const own = PyGILState_GetThisThreadState();
#if PY_VERSION_HEX >= 0x030D0000
    return own && own == PyThreadState_GetUnchecked();
#else
    return own && own == _PyThreadState_UncheckedGet();
#endif
}

void return_dropped_leases(); // see buffer_lease.h

/// The deleter of objects whose destructor can block.
template <typename T>
void delete_detached(T *object)
{
    if (is_attached())
    {
        {
            detached off;
            delete object;
        }
        return_dropped_leases(); // what the object held is free when `del` returns
    }
    else
        delete object;
}

/// Makes a T whose constructor and destructor can block, with neither blocking Python.
template <typename T, typename... Args>
[[nodiscard]] std::shared_ptr<T> make_detached(Args &&...args)
{
    detached off;
    return std::shared_ptr<T>(new T(std::forward<Args>(args)...), delete_detached<T>);
}

} // namespace heapwire::python
