// SPDX-License-Identifier: BSD-3-Clause
/// A UDP receiver and sender on loopback, at a port of the kernel's choice.
#pragma once

#include <algorithm>
#include <optional>

#include "heapwire/transport/udp.h"
#include "transport/sending.h"

namespace heapwire::test
{

inline boost::asio::ip::udp::endpoint loopback_v4() { return {boost::asio::ip::make_address("127.0.0.1"), 0}; }
inline boost::asio::ip::udp::endpoint loopback_v6() { return {boost::asio::ip::make_address("::1"), 0}; }

/// The machine may have no IPv6, or no multicast: then there is nothing to test.
inline bool can_bind(const boost::asio::ip::udp::endpoint &where)
{
    boost::asio::io_context io;
    boost::system::error_code error;
    boost::asio::ip::udp::socket socket(io);
    socket.open(where.protocol(), error);
    if (!error)
        socket.bind(where, error);
    return !error;
}

struct udp_pair
{
    explicit udp_pair(transport::udp_receive_options receive, transport::udp_send_options send = {},
                      recv::options how = {}, send::options send_how = {}, std::size_t ring = 4)
        : stream(how, {.heaps = ring})
    {
        stream.add(transport::make_udp_source(threads, stream, receive, &received));
        if (send.endpoints.empty())
            send.endpoints = {received.local};
        sender.emplace(threads, transport::make_udp_sink(threads, send, &sent), send_how);
    }

    transport::io_threads threads;
    transport::udp_facts received, sent;
    recv::heap_stream stream;
    std::optional<transport::send_stream> sender;
};

inline bool same_bytes(const heap &got, const sample_heap &sent)
{
    const item *found = got.find(0x1000);
    return found && std::equal(found->bytes.begin(), found->bytes.end(), sent.bytes.begin(), sent.bytes.end());
}

} // namespace heapwire::test
