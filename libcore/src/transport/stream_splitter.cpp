// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/transport/stream_splitter.h"

#include <algorithm>
#include <cstring>

#include "heapwire/wire/packet_view.h"

namespace heapwire::transport
{

namespace
{

constexpr std::size_t fixed_bytes = 8;

/// Could a packet begin here? Looks at magic, version and widths, as far as they are there.
bool may_be_header(bytes_view rest) noexcept
{
    auto at = [&](std::size_t i) { return std::to_integer<unsigned>(rest[i]); };
    if (rest.size() > 0 && at(0) != 0x53)
        return false;
    if (rest.size() > 1 && at(1) != 4)
        return false;
    if (rest.size() > 2 && (at(2) == 0 || at(2) > 7))
        return false;
    return rest.size() <= 3 || at(2) + at(3) == 8;
}

// After garbage, packets of more pointers are not looked for.
constexpr std::size_t most_believed_header = 8 + 8 * 512;

std::size_t header_bytes(bytes_view rest) noexcept
{
    return fixed_bytes + std::size_t{8} * load_be<std::uint16_t>(rest.data() + 6);
}

/// Enough of what cannot be used for the receiver to see why.
bytes_view evidence(bytes_view rest) noexcept
{
    return rest.first(may_be_header(rest) ? std::min(header_bytes(rest), rest.size()) : fixed_bytes);
}

} // namespace

/// Needs at least the fixed 8 bytes.
stream_splitter::verdict stream_splitter::judge(bytes_view rest, std::uint64_t &size) const noexcept
{
    // Among garbage every 8 bytes may look like a header: what it takes to judge one must be little.
    if (lost_ && (!may_be_header(rest) || header_bytes(rest) > most_believed_header))
        return verdict::garbage;
    wire::packet_extent extent = wire::measure_packet(rest);
    size = extent.size;
    if (extent.state == wire::packet_extent::malformed)
        return verdict::garbage;
    if (lost_ && std::max<std::uint64_t>(size, header_bytes(rest)) > max_)
        return verdict::garbage; // chance bytes must not swallow the rest of the connection
    if (extent.state == wire::packet_extent::need_more)
    {
        bool size_is_known = rest.size() >= header_bytes(rest);
        return size_is_known && size > max_ ? verdict::skip : verdict::wait;
    }
    if (size > max_)
        return verdict::skip;
    wire::packet_view view;
    if (lost_ && wire::parse_packet(rest.first(size), wire::framing::datagram, view) != wire::reject::none)
        return verdict::garbage;
    return verdict::packet;
}

std::size_t stream_splitter::search(bytes_view bytes, std::size_t from) noexcept
{
    std::size_t at = from;
    while (at < bytes.size() && !may_be_header(bytes.subspan(at)))
    {
        const void *found = std::memchr(bytes.data() + at + 1, 0x53, bytes.size() - at - 1);
        at = found ? static_cast<std::size_t>(static_cast<const std::byte *>(found) - bytes.data()) : bytes.size();
    }
    garbage_bytes_ += at - from;
    return at;
}

std::size_t stream_splitter::cut(bytes_view bytes, std::vector<recv::datagram> &out)
{
    std::size_t at = 0;
    for (;;)
    {
        if (skip_ > 0)
        {
            std::size_t here = static_cast<std::size_t>(std::min<std::uint64_t>(skip_, bytes.size() - at));
            skip_ -= here;
            at += here;
        }
        if (lost_)
            at = search(bytes, at);
        bytes_view rest = bytes.subspan(at);
        if (rest.size() < fixed_bytes)
            return at;
        std::uint64_t size = 0;
        switch (judge(rest, size))
        {
        case verdict::wait:
            return at;
        case verdict::packet:
            out.push_back({.bytes = rest.first(size)});
            at += size;
            lost_ = false;
            break;
        case verdict::skip:
            out.push_back({.bytes = evidence(rest), .truncated = true});
            skip_ = size;
            ++oversized_;
            break;
        case verdict::garbage:
            if (!lost_)
            {
                out.push_back({.bytes = evidence(rest)});
                ++garbage_runs_;
            }
            lost_ = true;
            ++garbage_bytes_;
            ++at;
            break;
        }
    }
}

} // namespace heapwire::transport
