// SPDX-License-Identifier: BSD-3-Clause
/// Captured packets from a pcap or pcapng file (only where the library was built with libpcap: HEAPWIRE_HAS_PCAP).
#pragma once

#include <memory>
#include <string>

#include "heapwire/recv/heap_stream.h"
#include "heapwire/transport/io_threads.h"

namespace heapwire::transport
{

struct pcap_options
{
    std::string file;
    std::string filter; ///< a libpcap filter; empty: every unfragmented UDP packet
    double speed = 0;   ///< 0: as fast as can be; 1: at the recorded times; 2: twice as fast
};

/// Reads Ethernet (802.1Q and 802.1ad tags too), Linux cooked v1 and v2, and raw IP; IPv4 and IPv6. Throws
/// std::system_error or std::invalid_argument naming the file, the filter or the link type.
[[nodiscard]] std::unique_ptr<recv::source> make_pcap_source(io_ref io, std::shared_ptr<recv::packet_gate> gate,
                                                             const pcap_options &how);

} // namespace heapwire::transport
