// SPDX-License-Identifier: BSD-3-Clause
/// SPEAD over UDP: a source of a receive stream, and a send stream.
#pragma once

#include <memory>

#include "heapwire/recv/heap_stream.h"
#include "heapwire/transport/io_threads.h"
#include "heapwire/transport/send_stream.h"
#include "heapwire/transport/udp_options.h"

namespace heapwire::transport
{

/// What the socket really got; for logs and tests.
struct udp_facts
{
    bool gro = false, gso = false, batched = false;
    std::size_t buffer_size = 0;
    boost::asio::ip::udp::endpoint local;
};

/// Opens and configures the socket now (errors throw std::system_error naming address or interface, bad options
/// std::invalid_argument), reads after the stream starts it. stream.add(make_udp_source(io, stream, how)).
[[nodiscard]] std::unique_ptr<recv::source> make_udp_source(io_ref io, recv::heap_stream &stream,
                                                            const udp_receive_options &how, udp_facts *facts = nullptr);
[[nodiscard]] std::unique_ptr<recv::source> make_udp_source(io_ref io, std::shared_ptr<recv::packet_gate> gate,
                                                            const udp_receive_options &how, udp_facts *facts = nullptr);

[[nodiscard]] std::unique_ptr<packet_sink> make_udp_sink(io_ref io, const udp_send_options &how,
                                                         udp_facts *facts = nullptr);

class udp_sender : public send_stream
{
public:
    udp_sender(io_ref io, const udp_send_options &to, send::options how = {})
        : send_stream(io, make_udp_sink(io, to), how)
    {
    }
};

} // namespace heapwire::transport
