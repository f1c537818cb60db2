// SPDX-License-Identifier: BSD-3-Clause
/// The options of sockets, which both tools have: one table says what each is called and what it means in either.
#pragma once

#include <chrono>

#include "arguments.h"
#include "heapwire/transport/tcp.h"
#include "heapwire/transport/udp.h"

namespace tools
{

void declare_receiving_sockets(arguments &args);
void declare_sending_sockets(arguments &args);

/// All but the endpoints.
void read_sockets(const arguments &args, heapwire::transport::udp_receive_options &udp,
                  heapwire::transport::tcp_receive_options &tcp);
void read_sockets(const arguments &args, heapwire::transport::udp_send_options &udp,
                  heapwire::transport::tcp_send_options &tcp, std::chrono::milliseconds &patience);

} // namespace tools
