// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <utility>

#include "heapwire/base/error.h"
#include "heapwire/transport/tcp.h"
#include "heapwire/transport/udp_options.h"
#include "poll_until.h"
#include "tcp_socket.h"

namespace heapwire::transport
{

namespace
{

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr std::size_t most_parts = 1024; // IOV_MAX on Linux

class tcp_sink final : public packet_sink
{
public:
    tcp_sink(io_ref io, tcp::socket socket) : io_(std::move(io)), socket_(std::move(socket)) {}
    ~tcp_sink() override { close(); }

    result write(std::span<const send::packet> packets) noexcept override;
    void when_writable(ready_function ready) override
    {
        socket_.async_wait(tcp::socket::wait_write, [ready = std::move(ready)](boost::system::error_code) { ready(); });
    }
    bool wait_writable(steady_time deadline) noexcept override
    {
        return detail::poll_until(socket_.native_handle(), POLLOUT, deadline);
    }
    void close() noexcept override;
    [[nodiscard]] std::size_t substreams() const noexcept override { return 1; }

private:
    std::size_t gather(std::span<const send::packet> packets) noexcept;

    io_ref io_;
    tcp::socket socket_;
    std::size_t out_of_first_ = 0; ///< bytes of the next packet that have left already
    std::array<iovec, most_parts> parts_;
};

/// Fills parts_ with what is left of the first packet and as many whole packets as fit; answers how many parts.
std::size_t tcp_sink::gather(std::span<const send::packet> packets) noexcept
{
    std::size_t n = 0;
    std::size_t skip = out_of_first_;
    for (const send::packet &p : packets)
    {
        for (bytes_view part : p.parts)
        {
            std::size_t left_out = std::min(skip, part.size());
            skip -= left_out;
            if (left_out == part.size())
                continue;
            if (n == most_parts)
                return n;
            parts_[n++] = {const_cast<std::byte *>(part.data()) + left_out, part.size() - left_out};
        }
    }
    return n;
}

packet_sink::result tcp_sink::write(std::span<const send::packet> packets) noexcept
{
    std::size_t done = 0;
    while (done < packets.size())
    {
        std::size_t n = gather(packets.subspan(done));
        msghdr message{};
        message.msg_iov = parts_.data();
        message.msg_iovlen = n;
        ssize_t sent = n == 0 ? 0 : ::sendmsg(socket_.native_handle(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0)
        {
            if (errno == EINTR)
                continue;
            if (errno == EAGAIN || errno == EWOULDBLOCK)
                return {done, {}, true};
            // The connection is lost; the packets behind learn it by their own attempt, which fails at once. Also if
            // the kernel would go on: half a packet is out, and the peer would take the next for its other half.
            const int error = errno;
            if (std::exchange(out_of_first_, 0) > 0)
                ::shutdown(socket_.native_handle(), SHUT_RDWR);
            return {done + 1, std::error_code(error, std::generic_category()), false};
        }
        out_of_first_ += static_cast<std::size_t>(sent);
        while (done < packets.size() && out_of_first_ >= packets[done].size)
            out_of_first_ -= packets[done++].size;
    }
    return {done, {}, false};
}

/// The descriptor stays until the destructor, so that a thread in wait_writable() never polls somebody else's.
void tcp_sink::close() noexcept
{
    boost::system::error_code ignored;
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
    socket_.cancel(ignored);
}

void bind_source(tcp::socket &socket, const tcp_send_options &how)
{
    if (how.source_address.empty())
        return;
    boost::system::error_code error;
    auto address = asio::ip::make_address(how.source_address, error);
    if (error)
        throw_bad_argument("source_address", how.source_address, "an IPv4 or IPv6 address");
    socket.bind(tcp::endpoint(address, 0), error);
    if (error)
        throw std::system_error(error, "bind tcp source address " + how.source_address);
}

void connect(tcp::socket &socket, const tcp_send_options &how, std::chrono::milliseconds patience)
{
    boost::system::error_code error;
    socket.open(how.endpoint.protocol(), error);
    if (error)
        detail::throw_tcp(error, "open", how.endpoint);
    detail::ask_for_buffer(socket.native_handle(), SO_SNDBUF, how.buffer_size);
    bind_source(socket, how);
    socket.non_blocking(true, error);
    int fd = socket.native_handle();
    if (::connect(fd, how.endpoint.data(), static_cast<socklen_t>(how.endpoint.size())) == 0)
        return;
    if (errno != EINPROGRESS && errno != EINTR)
        detail::throw_tcp(std::error_code(errno, std::generic_category()), "connect to", how.endpoint);
    if (!detail::poll_until(fd, POLLOUT, std::chrono::steady_clock::now() + patience))
        detail::throw_tcp(std::make_error_code(std::errc::timed_out), "connect to", how.endpoint);
    int failure = 0;
    socklen_t length = sizeof failure;
    if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &length) != 0)
        failure = errno;
    if (failure != 0)
        detail::throw_tcp(std::error_code(failure, std::generic_category()), "connect to", how.endpoint);
}

} // namespace

std::unique_ptr<packet_sink> make_tcp_sink(io_ref io, const tcp_send_options &how, std::chrono::milliseconds patience)
{
    tcp::socket socket(io.context());
    boost::system::error_code error;
    if (how.connected_socket)
    {
        auto copy = detail::duplicate_stream_socket(*how.connected_socket, "connected_socket");
        socket.assign(copy.protocol, copy.fd, error);
        if (error)
            throw std::system_error(error, "connected_socket");
        static_cast<void>(socket.remote_endpoint(error));
        if (error)
            throw_bad_argument("connected_socket", *how.connected_socket, "a connected TCP socket");
    }
    else
        connect(socket, how, patience);
    socket.set_option(tcp::no_delay(how.no_delay), error);
    if (error)
        throw std::system_error(error, "TCP_NODELAY");
    return std::make_unique<tcp_sink>(std::move(io), std::move(socket));
}

tcp::endpoint parse_tcp_endpoint(const std::string &text)
{
    boost::asio::ip::udp::endpoint parsed = parse_endpoint(text); // the same notation
    return {parsed.address(), parsed.port()};
}

} // namespace heapwire::transport
