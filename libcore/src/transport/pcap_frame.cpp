// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/transport/pcap_frame.h"

#include <algorithm>

namespace heapwire::transport
{

namespace
{

constexpr std::uint16_t ether_ipv4 = 0x0800;
constexpr std::uint16_t ether_ipv6 = 0x86dd;
constexpr unsigned protocol_udp = 17;
constexpr std::size_t udp_header = 8;

unsigned byte_at(bytes_view b, std::size_t i) noexcept { return std::to_integer<unsigned>(b[i]); }

std::uint16_t word_at(bytes_view b, std::size_t i) noexcept { return load_be<std::uint16_t>(b.data() + i); }

std::uint64_t hash(bytes_view address, std::uint16_t port) noexcept
{
    std::uint64_t h = 0xcbf29ce484222325 ^ port; // FNV-1a
    for (std::byte b : address)
        h = (h ^ std::to_integer<std::uint64_t>(b)) * 0x100000001b3;
    return h;
}

/// `b` begins with the UDP header; `size` is what IP says it has, of which `b` may be the captured beginning.
frame decode_udp(bytes_view b, std::size_t size, bytes_view address) noexcept
{
    if (size < udp_header)
        return {frame_kind::bad_udp, {}, 0};
    if (b.size() < udp_header)
        return {frame_kind::cut, {}, 0};
    std::size_t length = word_at(b, 4);
    if (length < udp_header || length > size)
        return {frame_kind::bad_udp, {}, 0};
    std::uint64_t source = hash(address, word_at(b, 0));
    if (length > b.size())
        return {frame_kind::cut, b.subspan(udp_header), source};
    bytes_view payload = b.subspan(udp_header, length - udp_header);
    return {payload.empty() ? frame_kind::empty : frame_kind::udp, payload, source};
}

/// `original` is the size of the packet on the wire, `b` what was captured of it.
frame decode_ipv4(bytes_view b, std::size_t original) noexcept
{
    constexpr std::size_t least_header = 20;
    if (b.size() < least_header)
        return {original > b.size() ? frame_kind::not_udp : frame_kind::bad_ip, {}, 0};
    if (byte_at(b, 9) != protocol_udp)
        return {};
    if ((word_at(b, 6) & 0x3fff) != 0) // more fragments, or an offset
        return {frame_kind::fragment, {}, 0};
    std::size_t header = 4 * std::size_t{byte_at(b, 0) & 15};
    std::size_t total = word_at(b, 2);
    if (byte_at(b, 0) >> 4 != 4 || header < least_header || total < header || total > original)
        return {frame_kind::bad_ip, {}, 0};
    if (header > b.size())
        return {frame_kind::cut, {}, 0};
    // What lies behind the total length is padding of the link layer.
    return decode_udp(b.subspan(header, std::min(total, b.size()) - header), total - header, b.subspan(12, 4));
}

/// Walks over hop-by-hop, routing and destination options, which are the extensions that may precede UDP.
frame decode_ipv6(bytes_view b, std::size_t original) noexcept
{
    constexpr std::size_t header = 40;
    constexpr unsigned hop_by_hop = 0, routing = 43, fragment = 44, destination = 60;
    if (b.size() < header)
        return {original > b.size() ? frame_kind::not_udp : frame_kind::bad_ip, {}, 0};
    std::size_t size = word_at(b, 4);
    if (byte_at(b, 0) >> 4 != 6 || header + size > original)
        return {frame_kind::bad_ip, {}, 0};
    unsigned next = byte_at(b, 6);
    bytes_view rest = b.subspan(header, std::min(size, b.size() - header));
    while (next == hop_by_hop || next == routing || next == destination)
    {
        if (rest.size() < 8)
            return {size > rest.size() ? frame_kind::not_udp : frame_kind::bad_ip, {}, 0};
        std::size_t extension = 8 * (std::size_t{byte_at(rest, 1)} + 1);
        if (extension > size)
            return {frame_kind::bad_ip, {}, 0};
        if (extension > rest.size())
            return {};
        next = byte_at(rest, 0);
        rest = rest.subspan(extension);
        size -= extension;
    }
    if (next == fragment)
        return {frame_kind::fragment, {}, 0};
    if (next != protocol_udp)
        return {};
    return decode_udp(rest, size, b.subspan(8, 16));
}

frame decode_ethertype(std::uint16_t type, bytes_view b, std::size_t original) noexcept
{
    if (type == ether_ipv4)
        return decode_ipv4(b, original);
    return type == ether_ipv6 ? decode_ipv6(b, original) : frame{};
}

/// By the first nibble, where no field says which.
frame decode_ip(bytes_view b, std::size_t original) noexcept
{
    if (b.empty())
        return {};
    return byte_at(b, 0) >> 4 == 6 ? decode_ipv6(b, original) : decode_ipv4(b, original);
}

frame decode_ethernet(bytes_view b, std::size_t original) noexcept
{
    constexpr std::uint16_t tag_802_1q = 0x8100, tag_802_1ad = 0x88a8, tag_old_qinq = 0x9100;
    std::size_t at = 12;
    for (;;)
    {
        if (b.size() < at + 2)
            return {};
        std::uint16_t type = word_at(b, at);
        if (type != tag_802_1q && type != tag_802_1ad && type != tag_old_qinq)
            return decode_ethertype(type, b.subspan(at + 2), original - (at + 2));
        at += 4;
    }
}

enum link : int
{
    loopback = 0,
    ethernet = 1,
    raw = 12,
    raw_openbsd = 14,
    raw_file = 101,
    loopback_openbsd = 108,
    cooked = 113,
    raw_ipv4 = 228,
    raw_ipv6 = 229,
    cooked_2 = 276,
};

} // namespace

bool is_known_link_type(int link_type) noexcept
{
    switch (link_type)
    {
    case loopback:
    case ethernet:
    case raw:
    case raw_openbsd:
    case raw_file:
    case loopback_openbsd:
    case cooked:
    case raw_ipv4:
    case raw_ipv6:
    case cooked_2:
        return true;
    default:
        return false;
    }
}

frame decode_frame(int link_type, bytes_view bytes, std::size_t original) noexcept
{
    original = std::max(original, bytes.size());
    auto behind = [&](std::size_t header) { return bytes.subspan(std::min(header, bytes.size())); };
    switch (link_type)
    {
    case ethernet:
        return decode_ethernet(bytes, original);
    case cooked:
        return bytes.size() < 16 ? frame{} : decode_ethertype(word_at(bytes, 14), behind(16), original - 16);
    case cooked_2:
        return bytes.size() < 20 ? frame{} : decode_ethertype(word_at(bytes, 0), behind(20), original - 20);
    case loopback:
    case loopback_openbsd: // a family number that differs between systems, in one byte order or the other
        return bytes.size() < 4 ? frame{} : decode_ip(behind(4), original - 4);
    case raw:
    case raw_openbsd:
    case raw_file:
        return decode_ip(bytes, original);
    case raw_ipv4:
        return decode_ipv4(bytes, original);
    case raw_ipv6:
        return decode_ipv6(bytes, original);
    default:
        return {};
    }
}

} // namespace heapwire::transport
