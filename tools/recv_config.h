// SPDX-License-Identifier: BSD-3-Clause
/// The command line of heapwire-recv as one struct.
#pragma once

#include <string>
#include <vector>

#include "arguments.h"
#include "heapwire/recv/options.h"
#include "heapwire/transport/pcap_source.h"
#include "heapwire/transport/tcp.h"
#include "heapwire/transport/udp.h"
#include "places.h"

namespace tools
{

struct recv_config
{
    std::vector<place> places;
    heapwire::recv::options stream;
    heapwire::recv::ring_options ring;
    heapwire::transport::udp_receive_options udp; ///< without the endpoint
    heapwire::transport::tcp_receive_options tcp; ///< without the endpoint
    heapwire::transport::pcap_options pcap;       ///< without the file
    // what to do with heaps
    std::uint64_t heaps = 0; ///< stop after so many; 0: no limit
    double timeout = 0;      ///< seconds without a heap; 0: no limit
    bool verify = false, dump = false;
    std::size_t hex_limit = 0;
    bool ready_line = false;
    program_config program;
};

/// False if only help was asked for. Throws usage_error or what the library throws for bad options.
[[nodiscard]] bool parse_recv(int argc, char **argv, recv_config &out);

} // namespace tools
