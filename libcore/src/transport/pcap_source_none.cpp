// SPDX-License-Identifier: BSD-3-Clause
/// Takes the place of pcap_source.cpp in a build without libpcap.
#include <system_error>

#include "heapwire/transport/pcap_source.h"

namespace heapwire::transport
{

std::unique_ptr<recv::source> make_pcap_source(io_ref, std::shared_ptr<recv::packet_gate>, const pcap_options &how)
{
    throw std::system_error(std::make_error_code(std::errc::not_supported),
                            "read capture file " + how.file + ": this library was built without libpcap");
}

} // namespace heapwire::transport
