// SPDX-License-Identifier: BSD-3-Clause
#include "bridge/errors.h"

#include <cerrno>

#include "heapwire/base/error.h"
#include "register.h"

namespace heapwire::python
{

int errno_of(std::error_code error) noexcept
{
    if (error.category() == std::generic_category() || error.category() == std::system_category())
        return error.value();
    if (error.category() == error_category())
    {
        switch (static_cast<errc>(error.value()))
        {
        case errc::stopped:
            return ECANCELED;
        case errc::queue_full:
            return EWOULDBLOCK;
        case errc::timed_out:
            return ETIMEDOUT;
        case errc::end_of_stream:
            return EPIPE;
        default:
            return EINVAL;
        }
    }
    // Boost.Asio's own categories carry errno values where it passes the system's errors on.
    return error.default_error_condition().category() == std::generic_category()
               ? error.default_error_condition().value()
               : EIO;
}

void throw_os_error(std::error_code error, const std::string &what)
{
    // The constructor of OSError chooses the subclass by errno.
    std::string text = what.empty() ? error.message() : what + ": " + error.message();
    py::object raised = py::reinterpret_borrow<py::object>(PyExc_OSError)(errno_of(error), text);
    PyErr_SetObject(py::type::of(raised).ptr(), raised.ptr());
    throw py::error_already_set();
}

namespace
{

/// As py::register_exception, which would do it once a process: an interpreter that is started anew has a module
/// anew. The class of the one before is leaked, because somebody may still throw while it ends.
template <typename Error>
void add_exception(py::module_ &m, const char *name, const char *text)
{
    static PyObject *type = nullptr;
    const py::exception<Error> made(m, name);
    made.attr("__module__") = "heapwire";
    made.attr("__doc__") = text;
    type = made.inc_ref().ptr();
    py::register_exception_translator(
        [](std::exception_ptr thrown)
        {
            try
            {
                std::rethrow_exception(thrown);
            }
            catch (const Error &error)
            {
                py::set_error(type, error.what());
            }
        });
}

} // namespace

void register_errors(py::module_ &m)
{
    add_exception<stopped_error>(m, "Stopped", "The stream, ring or queue has ended, and nothing is left in it.");
    add_exception<empty_error>(m, "Empty", "Nothing is there just now; more may come.");
    add_exception<full_error>(m, "Full", "There is no room in the ring just now.");
}

} // namespace heapwire::python
