// SPDX-License-Identifier: BSD-3-Clause
/// UDP sockets: one struct for IPv4, IPv6, unicast and multicast, each for receiving and for sending. Options that
/// would do nothing (a TTL without multicast, an interface together with your own socket) are refused.
#pragma once

#include <boost/asio/ip/udp.hpp>
#include <optional>
#include <string>
#include <vector>

namespace heapwire::transport
{

/// Which of the kernel's batching facilities to use. `detect` tries when the socket opens and falls back.
enum class offload : std::uint8_t
{
    detect,
    off
};

struct udp_receive_options
{
    boost::asio::ip::udp::endpoint endpoint{}; ///< address (may be unspecified or multicast) and port
    std::string interface_address{};           ///< IPv4: address of the interface for joins; empty: the kernel's choice
    unsigned interface_index = 0;              ///< IPv6: index for joins; also IPv4 where no address is given
    boost::asio::ip::address source_address{}; ///< source-specific multicast: join only this source; unspecified: any
    std::string bind_to_device{};              ///< SO_BINDTODEVICE; empty: no
    bool reuse_address = false;                ///< SO_REUSEADDR; always on for multicast
    std::size_t max_packet_size = 9200;        ///< larger datagrams are refused as truncated
    std::size_t buffer_size = 8 << 20;         ///< SO_RCVBUF; 0: the system's default. A smaller grant warns once
    offload gro = offload::detect;
    offload recvmmsg = offload::detect;
    std::optional<int>
        socket{}; ///< your own bound socket, duplicated (both become non-blocking); endpoint is not used then
};

struct udp_send_options
{
    std::vector<boost::asio::ip::udp::endpoint> endpoints{}; ///< one substream each; one family; at least one
    std::string interface_address{};      ///< IPv4 multicast: IP_MULTICAST_IF; unicast: the source address
    unsigned interface_index = 0;         ///< multicast: the outgoing interface by index
    std::optional<int> ttl{};             ///< multicast TTL or hops, 0 to 255
    std::optional<bool> multicast_loop{}; ///< default: the kernel's (on)
    std::optional<int> dscp{};            ///< 0 to 63
    std::string bind_to_device{};
    std::size_t buffer_size = 512 << 10; ///< SO_SNDBUF; 0: the system's default
    offload gso = offload::detect;
    offload sendmmsg = offload::detect;
    std::optional<int> socket{}; ///< your own unconnected socket, duplicated (both become non-blocking)
};

/// "host:port", "[v6]:port" or ":port" (unspecified IPv4). Names are resolved. Throws std::invalid_argument or
/// std::system_error naming the text.
[[nodiscard]] boost::asio::ip::udp::endpoint parse_endpoint(const std::string &text);

} // namespace heapwire::transport
