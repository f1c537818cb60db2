// SPDX-License-Identifier: BSD-3-Clause
#include "tcp_socket.h"

#include <algorithm>
#include <climits>
#include <fcntl.h>
#include <sstream>
#include <sys/socket.h>

#include "heapwire/base/error.h"
#include "heapwire/base/log.h"

namespace heapwire::transport::detail
{

namespace asio = boost::asio;

duplicated_socket duplicate_stream_socket(int fd, const char *argument)
{
    int type = 0;
    int family = 0;
    socklen_t length = sizeof type;
    if (::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) != 0 || type != SOCK_STREAM)
        throw_bad_argument(argument, fd, "a TCP socket");
    length = sizeof family;
    if (::getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &length) != 0 || (family != AF_INET && family != AF_INET6))
        throw_bad_argument(argument, fd, "a TCP socket of IPv4 or IPv6");
    int copy = ::fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (copy < 0)
        throw_errno("dup", argument);
    return {copy, family == AF_INET ? asio::ip::tcp::v4() : asio::ip::tcp::v6()};
}

std::string text_of(const asio::ip::tcp::endpoint &endpoint)
{
    std::ostringstream text;
    text << endpoint;
    return text.str();
}

void throw_tcp(const std::error_code &error, const char *what, const asio::ip::tcp::endpoint &endpoint)
{
    throw std::system_error(error, std::string(what) + " tcp " + text_of(endpoint));
}

void ask_for_buffer(int fd, int option, std::size_t bytes)
{
    if (bytes == 0)
        return;
    int wanted = static_cast<int>(std::min<std::size_t>(bytes, INT_MAX));
    int granted = 0;
    socklen_t length = sizeof granted;
    ::setsockopt(fd, SOL_SOCKET, option, &wanted, sizeof wanted);
    // Linux reports twice what it grants, for its own bookkeeping.
    if (::getsockopt(fd, SOL_SOCKET, option, &granted, &length) == 0 && granted / 2 < wanted)
        HEAPWIRE_LOG(warning, "transport", "tcp socket buffer: asked for ", wanted, " bytes, got ", granted / 2,
                     "; see net.core.", option == SO_RCVBUF ? "rmem_max" : "wmem_max");
}

} // namespace heapwire::transport::detail
