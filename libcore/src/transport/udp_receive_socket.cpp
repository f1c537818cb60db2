// SPDX-License-Identifier: BSD-3-Clause
#include <cstring>
#include <netinet/in.h>
#include <sys/socket.h>

#include "datagram_io.h"
#include "udp_socket_common.h"

namespace heapwire::transport::detail
{

namespace
{

using boost::asio::ip::udp;

void check(const udp_receive_options &how)
{
    if (how.max_packet_size < 8 || how.max_packet_size > 65535)
        throw_bad_argument("max_packet_size", how.max_packet_size, "8 to 65535");
    if (how.socket)
    {
        if (!how.interface_address.empty())
            throw_bad_argument("interface_address", how.interface_address, "nothing, together with your own socket");
        if (how.interface_index != 0)
            throw_bad_argument("interface_index", how.interface_index, "0, together with your own socket");
        if (!how.source_address.is_unspecified())
            throw_bad_argument("source_address", how.source_address.to_string(),
                               "unspecified, together with your own socket");
        if (!how.bind_to_device.empty())
            throw_bad_argument("bind_to_device", how.bind_to_device, "nothing, together with your own socket");
        return;
    }
    const bool multicast = how.endpoint.address().is_multicast();
    if (!multicast && !how.source_address.is_unspecified())
        throw_bad_argument("source_address", how.source_address.to_string(), "unspecified, without multicast");
    if (!multicast && how.interface_index != 0)
        throw_bad_argument("interface_index", how.interface_index, "0, without multicast");
    if (!how.source_address.is_unspecified() && how.source_address.is_v4() != how.endpoint.address().is_v4())
        throw_bad_argument("source_address", how.source_address.to_string(), "an address of the group's family");
    if (!how.interface_address.empty() && how.endpoint.address().is_v6())
        throw_bad_argument("interface_address", how.interface_address, "nothing with IPv6: use interface_index");
    if (!how.interface_address.empty() && how.interface_index != 0)
        throw_bad_argument("interface_index", how.interface_index, "0, together with interface_address");
}

std::string joining(const udp_receive_options &how)
{
    std::string text = how.endpoint.address().to_string();
    if (!how.source_address.is_unspecified())
        text += " from " + how.source_address.to_string();
    if (!how.interface_address.empty())
        text += " on interface " + how.interface_address;
    if (how.interface_index != 0)
        text += " on interface " + std::to_string(how.interface_index);
    return text;
}

in_addr to_in_addr(const boost::asio::ip::address_v4 &address) noexcept
{
    return {htonl(static_cast<std::uint32_t>(address.to_ulong()))};
}

// IPv4 joins by the interface's address, or by its index if there is none.
void join_v4(int fd, const udp_receive_options &how)
{
    in_addr interface {
    };
    if (!how.interface_address.empty())
        interface = to_in_addr(parse_address("interface_address", how.interface_address, udp::v4()).to_v4());
    const in_addr group = to_in_addr(how.endpoint.address().to_v4());
    if (how.source_address.is_unspecified())
    {
        ip_mreqn join{group, interface, static_cast<int>(how.interface_index)};
        return set_option(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, join, "cannot join", joining(how));
    }
    if (how.interface_index == 0)
    {
        ip_mreq_source join{group, interface, to_in_addr(how.source_address.to_v4())};
        return set_option(fd, IPPROTO_IP, IP_ADD_SOURCE_MEMBERSHIP, join, "cannot join", joining(how));
    }
    group_source_req join{};
    join.gsr_interface = how.interface_index;
    std::memcpy(&join.gsr_group, how.endpoint.data(), how.endpoint.size());
    udp::endpoint source(how.source_address, 0);
    std::memcpy(&join.gsr_source, source.data(), source.size());
    set_option(fd, IPPROTO_IP, MCAST_JOIN_SOURCE_GROUP, join, "cannot join", joining(how));
}

void join_v6(int fd, const udp_receive_options &how)
{
    unsigned index = how.interface_index;
    if (index == 0) // a group of link scope may name its link itself: ff02::1%eth0
        index = static_cast<unsigned>(how.endpoint.address().to_v6().scope_id());
    if (how.source_address.is_unspecified())
    {
        ipv6_mreq join{};
        std::memcpy(&join.ipv6mr_multiaddr, how.endpoint.address().to_v6().to_bytes().data(), 16);
        join.ipv6mr_interface = index;
        return set_option(fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, join, "cannot join", joining(how));
    }
    group_source_req join{};
    join.gsr_interface = index;
    std::memcpy(&join.gsr_group, how.endpoint.data(), how.endpoint.size());
    udp::endpoint source(how.source_address, 0);
    std::memcpy(&join.gsr_source, source.data(), source.size());
    set_option(fd, IPPROTO_IPV6, MCAST_JOIN_SOURCE_GROUP, join, "cannot join", joining(how));
}

// A unicast endpoint and an interface address must agree; an unspecified endpoint takes the interface's. An IPv6 group
// of link scope can only be bound together with its link.
udp::endpoint where_to_bind(const udp_receive_options &how)
{
    if (how.endpoint.address().is_multicast() && how.endpoint.address().is_v6() && how.interface_index != 0)
    {
        auto group = how.endpoint.address().to_v6();
        group.scope_id(how.interface_index);
        return {group, how.endpoint.port()};
    }
    if (how.endpoint.address().is_multicast() || how.interface_address.empty())
        return how.endpoint;
    auto interface = parse_address("interface_address", how.interface_address, udp::v4());
    if (!how.endpoint.address().is_unspecified() && how.endpoint.address() != interface)
        throw_bad_argument("interface_address", how.interface_address, "the endpoint's own address, without multicast");
    return {interface, how.endpoint.port()};
}

owned_socket open(const udp_receive_options &how, udp &protocol)
{
    if (how.socket)
    {
        owned_socket copy = duplicate_udp_socket(*how.socket, protocol);
        if (local_endpoint(copy.fd()).port() == 0)
            throw_bad_argument("socket", *how.socket, "a bound UDP socket");
        return copy;
    }
    protocol = how.endpoint.protocol();
    return new_udp_socket(protocol);
}

} // namespace

udp_socket open_udp_receiver(const udp_receive_options &how)
{
    check(how);
    const udp::endpoint bind_endpoint = where_to_bind(how);
    udp protocol = udp::v4();
    udp_socket made{open(how, protocol), protocol, {}};
    made.protocol = protocol;
    const int fd = made.socket.fd();
    const std::string whose =
        how.socket ? "socket " + std::to_string(*how.socket) : "receiver at " + text_of(how.endpoint);

    if (!how.socket)
    {
        const bool multicast = how.endpoint.address().is_multicast();
        if (multicast || how.reuse_address)
            set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1, "cannot set SO_REUSEADDR for", whose);
        bind_to_device(fd, how.bind_to_device);
        if (multicast)
            how.endpoint.address().is_v4() ? join_v4(fd, how) : join_v6(fd, how);
    }
    made.facts.buffer_size = size_buffer(fd, buffer_kind::receive, how.buffer_size, whose);
    // Before the bind, so that every packet that arrives can be joined.
    made.facts.gro = enable_gro(fd, how.gro);
    made.facts.batched = how.recvmmsg == offload::detect;
    // To the group's own address: other groups on the same port stay out.
    if (!how.socket)
        bind_to(fd, bind_endpoint);
    made.facts.local = local_endpoint(fd);
    return made;
}

} // namespace heapwire::transport::detail
