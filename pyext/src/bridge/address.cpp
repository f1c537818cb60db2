// SPDX-License-Identifier: BSD-3-Clause
#include "bridge/address.h"

#include <cerrno>
#include <cstring>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <system_error>

namespace heapwire::python
{

namespace py = pybind11;

namespace
{

class lookup_category_type final : public std::error_category
{
public:
    const char *name() const noexcept override { return "getaddrinfo"; }
    std::string message(int code) const override { return ::gai_strerror(code); }
};

const std::error_category &lookup_category() noexcept
{
    static const lookup_category_type one;
    return one;
}

boost::asio::ip::address address_of(const sockaddr &from)
{
    if (from.sa_family == AF_INET)
    {
        sockaddr_in v4;
        std::memcpy(&v4, &from, sizeof(v4));
        return boost::asio::ip::address_v4(ntohl(v4.sin_addr.s_addr));
    }
    sockaddr_in6 v6;
    std::memcpy(&v6, &from, sizeof(v6));
    boost::asio::ip::address_v6::bytes_type bytes;
    std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
    return boost::asio::ip::address_v6(bytes, v6.sin6_scope_id);
}

} // namespace

boost::asio::ip::address resolve(const std::string &host, int socket_type)
{
    addrinfo wanted{};
    wanted.ai_family = AF_UNSPEC;
    wanted.ai_socktype = socket_type;
    addrinfo *found = nullptr;
    int failed = ::getaddrinfo(host.c_str(), nullptr, &wanted, &found);
    if (failed == EAI_SYSTEM)
        throw std::system_error(errno, std::generic_category(), host);
    if (failed != 0)
        throw std::system_error(failed, lookup_category(), host);
    boost::asio::ip::address out;
    bool usable = false;
    for (addrinfo *one = found; one && !usable; one = one->ai_next)
    {
        usable = one->ai_family == AF_INET || one->ai_family == AF_INET6;
        if (usable)
            out = address_of(*one->ai_addr);
    }
    ::freeaddrinfo(found);
    if (!usable)
        throw std::system_error(EAI_FAMILY, lookup_category(), host);
    return out;
}

int socket_of(py::handle object, socket_kind kind)
{
    int fd = PyObject_AsFileDescriptor(object.ptr());
    if (fd < 0)
    {
        PyErr_Clear();
        throw py::type_error("socket: it is closed, or has no descriptor");
    }
    int domain = 0, type = 0;
    socklen_t size = sizeof(int);
    if (::getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) != 0 ||
        ::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0)
        throw py::type_error("socket: the descriptor is not a socket");
    if (domain != AF_INET && domain != AF_INET6)
        throw py::type_error("socket: its family is neither AF_INET nor AF_INET6");
    if (type != (kind == socket_kind::stream ? SOCK_STREAM : SOCK_DGRAM))
        throw py::type_error(kind == socket_kind::stream ? "socket: not a stream socket"
                                                         : "socket: not a datagram socket");
    return fd;
}

} // namespace heapwire::python
