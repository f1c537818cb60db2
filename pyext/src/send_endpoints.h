// SPDX-License-Identifier: BSD-3-Clause
/// Where send streams send to: from what Python says to sinks of the core.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bridge/address.h"
#include "heapwire/transport/inproc.h"
#include "heapwire/transport/udp_options.h"
#include "send_stream.h"

namespace heapwire::python
{

using endpoint_list = std::vector<std::pair<std::string, std::uint16_t>>;

/// What a UDP stream is asked for, before names are resolved.
struct udp_wish
{
    endpoint_list endpoints;
    std::size_t buffer_size = 0;
    std::string interface_address;
    std::optional<int> ttl;
    std::optional<unsigned> interface_index;
    std::optional<int> socket; ///< a descriptor
};

/// Checks what can be checked (std::invalid_argument; std::out_of_range for the TTL) and resolves (std::system_error).
/// Blocks: detached.
[[nodiscard]] transport::udp_send_options resolve_udp(const udp_wish &from);

/// Connects; attached, lets go of the GIL, and Ctrl-C ends it. The descriptor is the caller's. Raises OSError if the
/// other side refuses; what comes before that is RuntimeError (std::system_error).
[[nodiscard]] int connect_tcp(const endpoint_list &endpoints, std::size_t buffer_size,
                              const std::string &interface_address);

} // namespace heapwire::python
