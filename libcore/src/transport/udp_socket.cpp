// SPDX-License-Identifier: BSD-3-Clause
#include "udp_socket.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sstream>
#include <sys/socket.h>
#include <unistd.h>

#include "heapwire/base/log.h"
#include "udp_socket_common.h"

namespace heapwire::transport::detail
{

using boost::asio::ip::udp;

owned_socket::~owned_socket()
{
    if (fd_ >= 0)
        close(fd_);
}

std::string text_of(const udp::endpoint &endpoint)
{
    std::ostringstream text;
    text << endpoint;
    return text.str();
}

owned_socket new_udp_socket(udp protocol)
{
    int fd = socket(protocol.family(), SOCK_DGRAM | SOCK_CLOEXEC, IPPROTO_UDP);
    if (fd < 0)
        throw_errno("cannot make a UDP socket");
    return owned_socket(fd);
}

owned_socket duplicate_udp_socket(int fd, udp &protocol)
{
    int family = 0, kind = 0;
    for (auto [name, value] : {std::pair{SO_DOMAIN, &family}, {SO_PROTOCOL, &kind}})
    {
        socklen_t length = sizeof *value;
        if (getsockopt(fd, SOL_SOCKET, name, value, &length) != 0)
            throw_bad_argument("socket", fd, "an open UDP socket");
    }
    if ((family != AF_INET && family != AF_INET6) || kind != IPPROTO_UDP)
        throw_bad_argument("socket", fd, "a UDP socket of IPv4 or IPv6");
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (copy < 0)
        throw_errno("cannot duplicate socket", std::to_string(fd));
    protocol = family == AF_INET ? udp::v4() : udp::v6();
    return owned_socket(copy);
}

void bind_to_device(int fd, const std::string &device)
{
    if (device.empty())
        return;
    if (device.size() >= IFNAMSIZ || device.find('\0') != std::string::npos)
        throw_bad_argument("bind_to_device", device, "the name of a network interface");
    if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device.c_str(), static_cast<socklen_t>(device.size() + 1)) != 0)
        throw_errno("cannot bind to device", device);
}

void bind_to(int fd, const udp::endpoint &where)
{
    const std::string place = text_of(where); // now: making it changes errno
    if (bind(fd, where.data(), static_cast<socklen_t>(where.size())) != 0)
        throw_errno("cannot bind to", place);
}

udp::endpoint local_endpoint(int fd) noexcept
{
    udp::endpoint local;
    auto length = static_cast<socklen_t>(local.capacity());
    if (getsockname(fd, local.data(), &length) == 0)
        local.resize(length);
    return local;
}

boost::asio::ip::address parse_address(const char *argument, const std::string &text, udp protocol)
{
    boost::system::error_code bad;
    auto address = boost::asio::ip::make_address(text, bad);
    if (bad || address.is_v4() != (protocol == udp::v4()))
        throw_bad_argument(argument, text, protocol == udp::v4() ? "an IPv4 address" : "an IPv6 address");
    return address;
}

std::size_t size_buffer(int fd, buffer_kind kind, std::size_t wanted, const std::string &whose)
{
    const bool receive = kind == buffer_kind::receive;
    const int name = receive ? SO_RCVBUF : SO_SNDBUF;
    if (wanted > INT_MAX / 2)
        throw_bad_argument("buffer_size", wanted, "at most 1073741823 bytes");
    if (wanted > 0)
        set_option(fd, SOL_SOCKET, name, static_cast<int>(wanted), "cannot set the buffer size of", whose);
    int reported = 0;
    socklen_t length = sizeof reported;
    if (getsockopt(fd, SOL_SOCKET, name, &reported, &length) != 0)
        throw_errno("cannot read the buffer size of", whose);
    // Linux reports twice what was asked for, bookkeeping included; that would hide a shortfall.
    auto granted = static_cast<std::size_t>(reported) / 2;
    if (granted < wanted)
        HEAPWIRE_LOG(warning, "transport", whose, ": asked for a socket buffer of ", wanted, " bytes and got ", granted,
                     "; raise it with sysctl ", receive ? "net.core.rmem_max=" : "net.core.wmem_max=", wanted);
    return granted;
}

} // namespace heapwire::transport::detail

namespace heapwire::transport
{

namespace
{

[[noreturn]] void bad_endpoint(const std::string &text)
{
    throw_bad_argument("endpoint", text, "host:port, [IPv6 address]:port or :port");
}

} // namespace

boost::asio::ip::udp::endpoint parse_endpoint(const std::string &text)
{
    using boost::asio::ip::udp;
    std::size_t colon = text.rfind(':');
    if (colon == std::string::npos)
        bad_endpoint(text);
    std::string host = text.substr(0, colon), port_text = text.substr(colon + 1);
    const bool bracketed = host.size() >= 2 && host.front() == '[' && host.back() == ']';
    if (bracketed)
        host = host.substr(1, host.size() - 2);
    else if (host.find(':') != std::string::npos)
        bad_endpoint(text);
    if (port_text.empty() || port_text.size() > 5 ||
        !std::all_of(port_text.begin(), port_text.end(), [](char c) { return c >= '0' && c <= '9'; }))
        bad_endpoint(text);
    const int port = std::stoi(port_text);
    if (port > 65535)
        bad_endpoint(text);
    if (host.empty())
    {
        if (bracketed)
            bad_endpoint(text);
        return {udp::v4(), static_cast<std::uint16_t>(port)};
    }
    boost::system::error_code error;
    auto address = boost::asio::ip::make_address(host, error);
    if (!error)
        return {address, static_cast<std::uint16_t>(port)};
    if (bracketed)
        bad_endpoint(text);
    boost::asio::io_context context;
    udp::resolver resolver(context);
    auto found = resolver.resolve(host, port_text, udp::resolver::numeric_service, error);
    if (error || found.empty())
        throw std::system_error(error, "cannot resolve " + text);
    return found.begin()->endpoint();
}

} // namespace heapwire::transport
