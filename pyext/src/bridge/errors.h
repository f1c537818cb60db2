// SPDX-License-Identifier: BSD-3-Clause
/// Exceptions that cross the border. The rest is pybind11's: invalid_argument is ValueError, out_of_range IndexError,
/// bad_alloc MemoryError, and every other std::exception (system_error too) RuntimeError.
#pragma once

#include <stdexcept>
#include <string>
#include <system_error>

namespace heapwire::python
{

/// heapwire.Stopped, heapwire.Empty, heapwire.Full.
struct stopped_error : std::runtime_error
{
    using std::runtime_error::runtime_error;
};
struct empty_error : std::runtime_error
{
    using std::runtime_error::runtime_error;
};
struct full_error : std::runtime_error
{
    using std::runtime_error::runtime_error;
};

/// Raises OSError, or the subclass that Python has for the errno, with "<what>: <text of the error>". Errors of the
/// library get the errno that says most nearly the same. Attached only.
[[noreturn]] void throw_os_error(std::error_code error, const std::string &what);
[[nodiscard]] int errno_of(std::error_code error) noexcept;

} // namespace heapwire::python
