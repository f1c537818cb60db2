// SPDX-License-Identifier: BSD-3-Clause
#include <boost/asio/steady_timer.hpp>
#include <poll.h>
#include <thread>

#include "heapwire/transport/udp.h"

#include "datagram_io.h"
#include "poll_until.h"
#include "udp_socket.h"

namespace heapwire::transport
{

namespace
{

using boost::asio::ip::udp;

// When the kernel is short of memory the socket does not say when it goes on.
constexpr auto memory_wait = std::chrono::milliseconds(1);

class udp_sink final : public packet_sink
{
public:
    udp_sink(io_ref io, const udp_send_options &how, detail::udp_socket socket)
        : io_(std::move(io)), to_(how.endpoints), writer_(how.endpoints, socket.facts.gso, socket.facts.batched),
          socket_(io_.context()), timer_(io_.context())
    {
        socket_.assign(socket.protocol, socket.socket.fd());
        (void)socket.socket.release();
    }

    result write(std::span<const send::packet> packets) noexcept override
    {
        return writer_.write(socket_.native_handle(), packets);
    }
    // The handlers know nothing of the sink, so it may go before they run.
    void when_writable(ready_function ready) override
    {
        auto go_on = [ready = std::move(ready)](boost::system::error_code) { ready(); };
        if (writer_.no_memory())
        {
            timer_.expires_after(memory_wait);
            timer_.async_wait(std::move(go_on));
        }
        else
            socket_.async_wait(udp::socket::wait_write, std::move(go_on));
    }
    bool wait_writable(steady_time deadline) noexcept override
    {
        if (!writer_.no_memory())
            return detail::poll_until(socket_.native_handle(), POLLOUT, deadline);
        std::this_thread::sleep_for(memory_wait);
        return true;
    }
    void close() noexcept override
    {
        boost::system::error_code ignored;
        socket_.close(ignored);
        timer_.cancel(ignored);
    }
    [[nodiscard]] std::size_t substreams() const noexcept override { return to_.size(); }
    [[nodiscard]] bool pace(double bytes_per_second) noexcept override
    {
        return detail::pace_by_kernel(socket_.native_handle(), to_, bytes_per_second);
    }

private:
    io_ref io_;
    std::vector<udp::endpoint> to_;
    detail::datagram_writer writer_;
    udp::socket socket_;
    boost::asio::steady_timer timer_;
};

} // namespace

std::unique_ptr<packet_sink> make_udp_sink(io_ref io, const udp_send_options &how, udp_facts *facts)
{
    detail::udp_socket socket = detail::open_udp_sender(how);
    if (facts)
        *facts = socket.facts;
    return std::make_unique<udp_sink>(std::move(io), how, std::move(socket));
}

} // namespace heapwire::transport
