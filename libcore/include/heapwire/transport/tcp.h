// SPDX-License-Identifier: BSD-3-Clause
/// SPEAD over TCP: packets back to back, no framing of their own (docs/reference/wire-format.md section 11.3).
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <optional>

#include "heapwire/recv/heap_stream.h"
#include "heapwire/transport/io_threads.h"
#include "heapwire/transport/send_stream.h"

namespace heapwire::transport
{

struct tcp_receive_options
{
    boost::asio::ip::tcp::endpoint endpoint; ///< to listen on; one connection is accepted, then the door is closed
    std::size_t max_packet_size = 65536;     ///< 56 to 2^30; a larger packet is skipped exactly, and counted
    std::size_t buffer_size = 208 << 10;     ///< SO_RCVBUF; 0: the system's default
    std::optional<int> listening_socket;     ///< your own, duplicated; options that need a bind are yours then
};

struct tcp_send_options
{
    boost::asio::ip::tcp::endpoint endpoint;
    std::string source_address;          ///< bind to it before connecting; empty: no
    std::size_t buffer_size = 208 << 10; ///< SO_SNDBUF
    bool no_delay = true;
    std::optional<int> connected_socket; ///< your own, duplicated (it becomes non-blocking)
};

/// Listens at once. Throws std::system_error naming the endpoint, or std::invalid_argument naming the option.
/// The connection's end, orderly or by reset, ends the source. Errors of accept that will pass (no descriptors left, a
/// connection given up before it was taken) are logged and tried again. Garbage is scanned byte by byte for the next
/// header; a run of it counts as one malformed packet. `local` gets the endpoint that is listened on.
[[nodiscard]] std::unique_ptr<recv::source> make_tcp_source(io_ref io, std::shared_ptr<recv::packet_gate> gate,
                                                            const tcp_receive_options &how,
                                                            boost::asio::ip::tcp::endpoint *local = nullptr);

/// Connects now (blocking, bounded by `patience`); throws std::system_error naming the endpoint, or
/// std::invalid_argument naming the option. The stream's stop() shuts the connection down for writing: the receiver
/// gets what was sent, then the end. Once the connection is lost every further heap fails at once.
[[nodiscard]] std::unique_ptr<packet_sink> make_tcp_sink(io_ref io, const tcp_send_options &how,
                                                         std::chrono::milliseconds patience = std::chrono::seconds(30));

class tcp_sender : public send_stream
{
public:
    tcp_sender(io_ref io, const tcp_send_options &to, send::options how = {})
        : send_stream(io, make_tcp_sink(io, to), how)
    {
    }
};

[[nodiscard]] boost::asio::ip::tcp::endpoint parse_tcp_endpoint(const std::string &text);

} // namespace heapwire::transport
