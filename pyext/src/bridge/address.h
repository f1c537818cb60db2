// SPDX-License-Identifier: BSD-3-Clause
/// Host names and Python sockets as the core wants them.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <pybind11/pybind11.h>

#include <string>

namespace heapwire::python
{

/// The first address `host` resolves to. Blocks: call it detached. Throws std::system_error naming the host.
[[nodiscard]] boost::asio::ip::address resolve(const std::string &host, int socket_type);

enum class socket_kind
{
    stream,
    datagram
};

/// The descriptor of a Python socket (anything with fileno()) of the address families of the Internet. Raises
/// TypeError for a closed one, another family or the other kind. It stays the caller's.
[[nodiscard]] int socket_of(pybind11::handle object, socket_kind kind);

/// A socket argument of either kind: found by having fileno(), so that overloads are told apart, and checked when it is
/// used.
struct socket_argument
{
    pybind11::object object;
};

} // namespace heapwire::python

template <>
struct pybind11::detail::type_caster<heapwire::python::socket_argument>
{
    PYBIND11_TYPE_CASTER(heapwire::python::socket_argument, const_name("socket.socket"));
    bool load(handle from, bool)
    {
        if (!from || !hasattr(from, "fileno"))
            return false;
        value.object = reinterpret_borrow<object>(from);
        return true;
    }
};
