// SPDX-License-Identifier: BSD-3-Clause
/// SO_MAX_PACING_RATE is accepted for every socket, but for UDP it is the queueing discipline "fq" that obeys it. So
/// the kernel is asked which discipline stands behind the interface that leads to the endpoint.
#include <array>
#include <cstring>
#include <ifaddrs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <optional>
#include <string_view>
#include <unistd.h>

#include "datagram_io.h"
#include "udp_socket_common.h"

namespace heapwire::transport::detail
{

namespace
{

using boost::asio::ip::udp;

bool same_address(const sockaddr *a, const udp::endpoint &b) noexcept
{
    if (!a || a->sa_family != b.data()->sa_family)
        return false;
    if (a->sa_family == AF_INET)
        return std::memcmp(&reinterpret_cast<const sockaddr_in *>(a)->sin_addr,
                           &reinterpret_cast<const sockaddr_in *>(b.data())->sin_addr, sizeof(in_addr)) == 0;
    return std::memcmp(&reinterpret_cast<const sockaddr_in6 *>(a)->sin6_addr,
                       &reinterpret_cast<const sockaddr_in6 *>(b.data())->sin6_addr, sizeof(in6_addr)) == 0;
}

// Through the address that the kernel would send from; 0 if that cannot be told.
int interface_towards(const udp::endpoint &to) noexcept
{
    owned_socket probe(socket(to.protocol().family(), SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (probe.fd() < 0 || connect(probe.fd(), to.data(), static_cast<socklen_t>(to.size())) != 0)
        return 0;
    const udp::endpoint from = local_endpoint(probe.fd());
    ifaddrs *all = nullptr;
    if (getifaddrs(&all) != 0)
        return 0;
    unsigned index = 0;
    for (const ifaddrs *i = all; i && index == 0; i = i->ifa_next)
        if (same_address(i->ifa_addr, from))
            index = if_nametoindex(i->ifa_name);
    freeifaddrs(all);
    return static_cast<int>(index);
}

std::string_view kind_of(const nlmsghdr *message) noexcept
{
    const auto *discipline = static_cast<const tcmsg *>(NLMSG_DATA(message));
    auto length = static_cast<int>(message->nlmsg_len - NLMSG_LENGTH(sizeof *discipline));
    const auto *attribute =
        reinterpret_cast<const rtattr *>(reinterpret_cast<const char *>(discipline) + NLMSG_ALIGN(sizeof *discipline));
    for (; RTA_OK(attribute, length); attribute = RTA_NEXT(attribute, length))
        if (attribute->rta_type == TCA_KIND)
        {
            const char *kind = static_cast<const char *>(RTA_DATA(attribute));
            return {kind, strnlen(kind, RTA_PAYLOAD(attribute))};
        }
    return {};
}

struct verdict
{
    int fair = 0;   // disciplines that pace
    int others = 0; // and that do not
    bool complete = false;
};

void look_at(const char *answer, std::size_t size, int interface, verdict &so_far) noexcept
{
    auto left = static_cast<unsigned>(size);
    for (const auto *m = reinterpret_cast<const nlmsghdr *>(answer); NLMSG_OK(m, left); m = NLMSG_NEXT(m, left))
    {
        if (m->nlmsg_type == NLMSG_DONE)
            so_far.complete = true;
        if (m->nlmsg_type != RTM_NEWQDISC || static_cast<const tcmsg *>(NLMSG_DATA(m))->tcm_ifindex != interface)
            continue;
        const std::string_view kind = kind_of(m);
        if (kind == "fq")
            ++so_far.fair;
        else if (kind != "mq" && kind != "ingress" &&
                 kind != "clsact") // these hand on to others, or look the other way
            ++so_far.others;
    }
}

bool is_paced(int interface) noexcept
{
    owned_socket netlink(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
    if (netlink.fd() < 0)
        return false;
    struct
    {
        nlmsghdr header;
        tcmsg body;
    } request{};
    request.header.nlmsg_len = NLMSG_LENGTH(sizeof request.body);
    request.header.nlmsg_type = RTM_GETQDISC;
    request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    request.body.tcm_family = AF_UNSPEC;
    if (::send(netlink.fd(), &request, request.header.nlmsg_len, 0) < 0)
        return false;
    verdict found;
    alignas(nlmsghdr) std::array<char, 32768> answer;
    while (!found.complete)
    {
        ssize_t got = ::recv(netlink.fd(), answer.data(), answer.size(), 0);
        if (got <= 0 || reinterpret_cast<const nlmsghdr *>(answer.data())->nlmsg_type == NLMSG_ERROR)
            return false;
        look_at(answer.data(), static_cast<std::size_t>(got), interface, found);
    }
    return found.fair > 0 && found.others == 0;
}

} // namespace

bool pace_by_kernel(int fd, const std::vector<udp::endpoint> &to, double bytes_per_second) noexcept
{
    if (!(bytes_per_second >= 1) || bytes_per_second > 9e18)
        return false;
    for (const udp::endpoint &one : to)
    {
        const int interface = interface_towards(one);
        if (interface == 0 || !is_paced(interface))
            return false;
    }
    const auto wide = static_cast<std::uint64_t>(bytes_per_second);
    if (setsockopt(fd, SOL_SOCKET, SO_MAX_PACING_RATE, &wide, sizeof wide) != 0)
        return false;
    // A kernel before 4.20 takes 32 bits only, and would have read half of the number.
    std::uint64_t now = 0;
    socklen_t length = sizeof now;
    return getsockopt(fd, SOL_SOCKET, SO_MAX_PACING_RATE, &now, &length) == 0 && length == sizeof now && now == wide;
}

} // namespace heapwire::transport::detail
