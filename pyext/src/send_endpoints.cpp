// SPDX-License-Identifier: BSD-3-Clause
#include "send_endpoints.h"

#include <cerrno>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/ip/tcp.hpp>

#include "bridge/errors.h"
#include "bridge/gil_wait.h"
#include "bridge/runtime.h"
#include "heapwire/base/error.h"
#include "heapwire/base/log.h"

namespace heapwire::python
{

namespace
{

namespace ip = boost::asio::ip;

ip::address resolve_host(const std::string &host, int type)
{
    return host.empty() ? ip::address(ip::address_v4::any()) : resolve(host, type);
}

void require_multicast(const transport::udp_send_options &how, const udp_wish &from)
{
    for (const ip::udp::endpoint &to : how.endpoints)
    {
        if (!to.address().is_multicast())
            throw_bad_argument("endpoints", to.address().to_string(), "multicast addresses, if there is a ttl");
        if (from.interface_index && !to.address().is_v6())
            throw_bad_argument("endpoints", to.address().to_string(), "IPv6, if there is an interface_index");
        if (!from.interface_address.empty() && !to.address().is_v4())
            throw_bad_argument("endpoints", to.address().to_string(), "IPv4, if there is an interface_address");
    }
}

/// A descriptor that is closed unless it is taken.
class open_socket
{
public:
    explicit open_socket(int fd) : fd_(fd)
    {
        if (fd < 0)
            throw_errno("socket", "tcp");
    }
    ~open_socket()
    {
        if (fd_ >= 0)
            ::close(fd_);
    }
    open_socket(const open_socket &) = delete;
    open_socket &operator=(const open_socket &) = delete;
    int fd() const noexcept { return fd_; }
    int take() noexcept { return std::exchange(fd_, -1); }

private:
    int fd_;
};

void ask_for_buffer(int fd, std::size_t wanted)
{
    if (wanted == 0)
        return;
    int size = static_cast<int>(std::min<std::size_t>(wanted, 1 << 30));
    int granted = 0;
    socklen_t length = sizeof(granted);
    if (::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)) != 0 ||
        ::getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &granted, &length) != 0 || granted / 2 < size)
        HEAPWIRE_LOG(warning, "send", "a buffer of ", wanted, " bytes was asked for, ", granted / 2, " were granted");
}

wait_result wait_connected(int fd, steady_time deadline, int aux_fd)
{
    pollfd watched[] = {{fd, POLLOUT, 0}, {aux_fd, POLLIN, 0}};
    auto left = deadline - std::chrono::steady_clock::now();
    int limit = deadline == no_deadline ? 100
                                        : static_cast<int>(std::clamp<std::int64_t>(
                                              std::chrono::ceil<std::chrono::milliseconds>(left).count(), 0, 100));
    int n = ::poll(watched, aux_fd < 0 ? 1 : 2, limit);
    if (n > 0 && watched[0].revents != 0)
        return wait_result::ready;
    return std::chrono::steady_clock::now() >= deadline ? wait_result::timeout : wait_result::interrupted;
}

} // namespace

transport::udp_send_options resolve_udp(const udp_wish &from)
{
    if (from.ttl && (*from.ttl < 0 || *from.ttl > 255))
        throw std::out_of_range("ttl = " + std::to_string(*from.ttl) + ": 0 to 255");
    transport::udp_send_options how;
    for (const auto &[host, port] : from.endpoints)
        how.endpoints.emplace_back(resolve_host(host, SOCK_DGRAM), port);
    if (from.ttl)
        require_multicast(how, from);
    how.buffer_size = from.buffer_size;
    how.ttl = from.ttl;
    how.interface_index = from.interface_index.value_or(0);
    if (!from.interface_address.empty())
        how.interface_address = resolve(from.interface_address, SOCK_DGRAM).to_string();
    how.socket = from.socket;
    return how;
}

int connect_tcp(const endpoint_list &endpoints, std::size_t buffer_size, const std::string &interface_address)
{
    if (endpoints.size() != 1)
        throw_bad_argument("endpoints", endpoints.size(), "exactly one");
    ip::tcp::endpoint to;
    std::optional<ip::tcp::endpoint> source;
    {
        detached off;
        to = {resolve_host(endpoints.front().first, SOCK_STREAM), endpoints.front().second};
        if (!interface_address.empty())
            source.emplace(resolve(interface_address, SOCK_STREAM), 0);
    }
    open_socket socket(::socket(to.protocol().family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    ask_for_buffer(socket.fd(), buffer_size);
    if (source && ::bind(socket.fd(), source->data(), static_cast<socklen_t>(source->size())) != 0)
        throw_errno("bind", interface_address);
    const std::string what = "connecting to " + to.address().to_string() + ":" + std::to_string(to.port());
    if (::connect(socket.fd(), to.data(), static_cast<socklen_t>(to.size())) == 0)
        return socket.take();
    if (errno != EINPROGRESS && errno != EINTR)
        throw_os_error(std::error_code(errno, std::generic_category()), what);
    (void)gil_wait{}.wait(
        [&](steady_time deadline, int aux_fd) { return wait_connected(socket.fd(), deadline, aux_fd); }, no_deadline);
    int failure = 0;
    socklen_t length = sizeof(failure);
    if (::getsockopt(socket.fd(), SOL_SOCKET, SO_ERROR, &failure, &length) != 0)
        failure = errno;
    if (failure != 0)
        throw_os_error(std::error_code(failure, std::generic_category()), what);
    return socket.take();
}

} // namespace heapwire::python
