// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <netinet/in.h>
#include <sys/socket.h>

#include "datagram_io.h"
#include "udp_socket_common.h"

namespace heapwire::transport::detail
{

namespace
{

using boost::asio::ip::udp;

void check(const udp_send_options &how)
{
    if (how.endpoints.empty())
        throw_bad_argument("endpoints", std::string("none"), "at least one endpoint");
    for (const udp::endpoint &to : how.endpoints)
    {
        if (to.protocol() != how.endpoints.front().protocol())
            throw_bad_argument("endpoints", text_of(to), "endpoints of one family");
        if (to.port() == 0)
            throw_bad_argument("endpoints", text_of(to), "endpoints with a port");
    }
    const bool multicast = std::any_of(how.endpoints.begin(), how.endpoints.end(),
                                       [](const udp::endpoint &to) { return to.address().is_multicast(); });
    if (how.ttl && (*how.ttl < 0 || *how.ttl > 255))
        throw_bad_argument("ttl", *how.ttl, "0 to 255");
    if (how.dscp && (*how.dscp < 0 || *how.dscp > 63))
        throw_bad_argument("dscp", *how.dscp, "0 to 63");
    if (how.ttl && !multicast)
        throw_bad_argument("ttl", *how.ttl, "nothing, without multicast");
    if (how.multicast_loop && !multicast)
        throw_bad_argument("multicast_loop", static_cast<int>(*how.multicast_loop), "nothing, without multicast");
    if (how.interface_index != 0 && !multicast)
        throw_bad_argument("interface_index", how.interface_index, "0, without multicast");
    if (how.interface_index != 0 && !how.interface_address.empty())
        throw_bad_argument("interface_index", how.interface_index, "0, together with interface_address");
    if (multicast && !how.interface_address.empty() && how.endpoints.front().address().is_v6())
        throw_bad_argument("interface_address", how.interface_address, "nothing with IPv6: use interface_index");
    if (how.socket && !how.bind_to_device.empty())
        throw_bad_argument("bind_to_device", how.bind_to_device, "nothing, together with your own socket");
}

bool to_multicast(const udp_send_options &how) noexcept
{
    return std::any_of(how.endpoints.begin(), how.endpoints.end(),
                       [](const udp::endpoint &to) { return to.address().is_multicast(); });
}

void set_multicast(int fd, const udp_send_options &how, const std::string &whose)
{
    const bool v4 = how.endpoints.front().address().is_v4();
    if (how.ttl)
        set_option(fd, v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_MULTICAST_TTL : IPV6_MULTICAST_HOPS, *how.ttl,
                   "cannot set the multicast TTL of", whose);
    if (how.multicast_loop)
        set_option(fd, v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_MULTICAST_LOOP : IPV6_MULTICAST_LOOP,
                   static_cast<int>(*how.multicast_loop), "cannot set the multicast loop of", whose);
    if (how.interface_address.empty() && how.interface_index == 0)
        return;
    const std::string on = how.interface_address.empty() ? "interface " + std::to_string(how.interface_index)
                                                         : "interface " + how.interface_address;
    if (!v4)
        return set_option(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, static_cast<int>(how.interface_index),
                          "cannot send multicast on", on);
    ip_mreqn out{};
    out.imr_ifindex = static_cast<int>(how.interface_index);
    if (!how.interface_address.empty())
        out.imr_address.s_addr = htonl(static_cast<std::uint32_t>(
            parse_address("interface_address", how.interface_address, udp::v4()).to_v4().to_ulong()));
    set_option(fd, IPPROTO_IP, IP_MULTICAST_IF, out, "cannot send multicast on", on);
}

owned_socket open(const udp_send_options &how, udp &protocol)
{
    protocol = how.endpoints.front().protocol();
    if (!how.socket)
        return new_udp_socket(protocol);
    udp family = protocol;
    owned_socket copy = duplicate_udp_socket(*how.socket, family);
    if (family != protocol)
        throw_bad_argument("socket", *how.socket, "a UDP socket of the endpoints' family");
    sockaddr_storage peer;
    socklen_t length = sizeof peer;
    if (getpeername(copy.fd(), reinterpret_cast<sockaddr *>(&peer), &length) == 0)
        throw_bad_argument("socket", *how.socket, "a UDP socket that is not connected");
    return copy;
}

} // namespace

udp_socket open_udp_sender(const udp_send_options &how)
{
    check(how);
    udp protocol = udp::v4();
    udp_socket made{open(how, protocol), protocol, {}};
    made.protocol = protocol;
    const int fd = made.socket.fd();
    const std::string whose = "sender to " + text_of(how.endpoints.front());

    bind_to_device(fd, how.bind_to_device);
    if (how.dscp)
        set_option(fd, protocol == udp::v4() ? IPPROTO_IP : IPPROTO_IPV6, protocol == udp::v4() ? IP_TOS : IPV6_TCLASS,
                   *how.dscp << 2, "cannot set the DSCP of", whose);
    if (to_multicast(how))
        set_multicast(fd, how, whose);
    else if (!how.interface_address.empty())
    {
        auto from = parse_address("interface_address", how.interface_address, protocol);
        if (how.socket)
            throw_bad_argument("interface_address", how.interface_address, "nothing, together with your own socket");
        bind_to(fd, {from, 0});
    }
    made.facts.buffer_size = size_buffer(fd, buffer_kind::send, how.buffer_size, whose);
    made.facts.gso = detect_gso(fd, how.gso);
    made.facts.batched = how.sendmmsg == offload::detect;
    made.facts.local = local_endpoint(fd);
    return made;
}

} // namespace heapwire::transport::detail
