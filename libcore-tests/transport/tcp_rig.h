// SPDX-License-Identifier: BSD-3-Clause
/// What tests of TCP share: a stream that listens on loopback, and a peer that does as the test says.
#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

#include "heapwire/recv/heap_stream.h"
#include "heapwire/transport/tcp.h"

namespace heapwire::test
{

inline boost::asio::ip::tcp::endpoint loopback(unsigned short port = 0)
{
    return {boost::asio::ip::address_v4::loopback(), port};
}

/// Gives `stream` a listener at a port of the kernel's choice, and says where.
inline boost::asio::ip::tcp::endpoint listen_on_loopback(transport::io_threads &io, recv::heap_stream &stream,
                                                         std::size_t max_packet_size = 65536)
{
    boost::asio::ip::tcp::endpoint local;
    transport::tcp_receive_options how;
    how.endpoint = loopback();
    how.max_packet_size = max_packet_size;
    stream.add(transport::make_tcp_source(io, stream.gate(), how, &local));
    return local;
}

/// A plain blocking client, so that the test decides what is in which segment and how the connection ends.
class client
{
public:
    client() : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {}
    explicit client(const boost::asio::ip::tcp::endpoint &to) : client() { connect(to); }
    ~client() { close(); }
    client(const client &) = delete;
    client &operator=(const client &) = delete;
    void connect(const boost::asio::ip::tcp::endpoint &to)
    {
        EXPECT_EQ(::connect(fd_, to.data(), static_cast<socklen_t>(to.size())), 0);
    }
    void write(bytes_view bytes)
    {
        while (!bytes.empty())
        {
            ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            ASSERT_GT(n, 0);
            bytes = bytes.subspan(static_cast<std::size_t>(n));
        }
    }
    void close()
    {
        if (fd_ >= 0)
            ::close(std::exchange(fd_, -1));
    }
    /// Ends with RST instead of FIN.
    void reset()
    {
        linger at_once{1, 0};
        ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        close();
    }

private:
    int fd_;
};

} // namespace heapwire::test
