// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <cerrno>
#include <cstring>

#include "datagram_io.h"
#include "heapwire/base/log.h"

namespace heapwire::transport::detail
{

namespace
{

constexpr std::size_t messages_a_call = 64;
constexpr std::size_t max_segments = 64; // a message: the limit of every kernel that has GSO
constexpr std::size_t max_bytes = 65507; // a message: what IPv4 leaves for UDP payload
constexpr std::size_t max_parts = 1024;  // a message: UIO_MAXIOV
constexpr std::size_t parts_room = 2 * max_parts;

// These say that it is GSO that does not work, or may be (a segment larger than the MTU, no checksum offload).
bool may_be_gso(int error) noexcept
{
    return error == EINVAL || error == EIO || error == EMSGSIZE || error == EOPNOTSUPP || error == ENOPROTOOPT;
}

} // namespace

bool detect_gso(int fd, offload wanted) noexcept
{
    int off = 0;
    return setsockopt(fd, SOL_UDP, UDP_SEGMENT, &off, sizeof off) == 0 && wanted == offload::detect;
}

struct datagram_writer::message
{
    std::size_t packets;
    alignas(cmsghdr) std::byte control[CMSG_SPACE(sizeof(std::uint16_t))];
};

datagram_writer::datagram_writer(std::vector<boost::asio::ip::udp::endpoint> to, bool gso, bool batched)
    : to_(std::move(to)), gso_(gso), batched_(batched), messages_(new message[messages_a_call]),
      headers_(new mmsghdr[messages_a_call]), parts_(new iovec[parts_room])
{
}

datagram_writer::~datagram_writer() = default;

// Fills `into` and headers_[&into - messages_] from the front of `packets`; answers how many it took: 0 if there is
// no room for the parts of the first.
std::size_t datagram_writer::add_message(std::span<const send::packet> packets, bool merge, message &into) noexcept
{
    const send::packet &first = packets.front();
    msghdr &header = headers_[&into - messages_.get()].msg_hdr;
    iovec *const begin = parts_.get() + parts_used_;
    std::size_t count = 0, bytes = 0, parts = 0;
    for (const send::packet &packet : packets)
    {
        std::size_t n = packet.parts.size();
        if (parts_used_ + parts + n > parts_room)
            break;
        if (count > 0 && (!merge || count == max_segments || packet.substream != first.substream ||
                          packet.size > first.size || bytes + packet.size > max_bytes || parts + n > max_parts))
            break;
        for (const bytes_view &part : packet.parts)
            if (parts > 0 &&
                static_cast<const std::byte *>(begin[parts - 1].iov_base) + begin[parts - 1].iov_len == part.data())
                begin[parts - 1].iov_len += part.size(); // copied pieces lie one behind the other
            else
                begin[parts++] = {const_cast<std::byte *>(part.data()), part.size()};
        bytes += packet.size;
        ++count;
        if (packet.size < first.size) // only the last segment may be shorter
            break;
    }
    parts_used_ += parts;
    into.packets = count;
    boost::asio::ip::udp::endpoint &to = to_[first.substream];
    header = {};
    header.msg_name = to.data();
    header.msg_namelen = static_cast<socklen_t>(to.size());
    header.msg_iov = begin;
    header.msg_iovlen = parts;
    if (count > 1)
    {
        const auto segment = static_cast<std::uint16_t>(first.size);
        header.msg_control = into.control;
        header.msg_controllen = sizeof into.control;
        cmsghdr *c = CMSG_FIRSTHDR(&header);
        c->cmsg_level = SOL_UDP;
        c->cmsg_type = UDP_SEGMENT;
        c->cmsg_len = CMSG_LEN(sizeof segment);
        std::memcpy(CMSG_DATA(c), &segment, sizeof segment);
    }
    return count;
}

std::size_t datagram_writer::build(std::span<const send::packet> packets, bool merge) noexcept
{
    parts_used_ = 0;
    std::size_t messages = 0;
    while (!packets.empty() && messages < messages_a_call)
    {
        std::size_t took = add_message(packets, merge, messages_[messages]);
        if (took == 0)
            break;
        packets = packets.subspan(took);
        ++messages;
    }
    return messages;
}

// Messages sent, or -1 and errno.
int datagram_writer::transmit(int fd, std::size_t messages) noexcept
{
    constexpr int flags = MSG_DONTWAIT | MSG_NOSIGNAL;
    int sent = -1;
    do
    {
        if (batched_)
            sent = sendmmsg(fd, headers_.get(), static_cast<unsigned>(messages), flags);
        else
            for (std::size_t i = 0; i < messages && sendmsg(fd, &headers_[i].msg_hdr, flags) >= 0; ++i)
                sent = static_cast<int>(i) + 1;
    } while (sent < 0 && errno == EINTR);
    return sent;
}

std::size_t datagram_writer::packets_in(int messages) const noexcept
{
    std::size_t packets = 0;
    for (int i = 0; i < messages; ++i)
        packets += messages_[i].packets;
    return packets;
}

packet_sink::result datagram_writer::write(int fd, std::span<const send::packet> packets) noexcept
{
    no_memory_ = false;
    std::size_t messages = build(packets, gso_);
    if (messages == 0) // one packet of more parts than any message can have
        return refused(EMSGSIZE);
    int sent = transmit(fd, messages);
    if (sent > 0)
        return {packets_in(sent), {}, false};
    int error = errno;
    const std::size_t first = messages_[0].packets;
    if (first > 1 && may_be_gso(error))
        return without_gso(fd, packets.first(first), error);
    return refused(error);
}

// The same packets one by one. If they pass, it was GSO that the kernel refused.
packet_sink::result datagram_writer::without_gso(int fd, std::span<const send::packet> packets, int why) noexcept
{
    std::size_t messages = build(packets, false);
    int sent = transmit(fd, messages);
    if (sent < 0)
        return refused(errno);
    gso_ = false;
    HEAPWIRE_LOG(info, "transport", "UDP GSO is refused (", std::strerror(why), "): switched off");
    return {packets_in(sent), {}, false};
}

// One at a time: those behind it are offered again, and fail or pass by themselves.
packet_sink::result datagram_writer::refused(int error) noexcept
{
    no_memory_ = error == ENOBUFS || error == ENOMEM;
    if (no_memory_ || error == EAGAIN || error == EWOULDBLOCK)
        return {0, {}, true};
    return {1, {error, std::system_category()}, false};
}

} // namespace heapwire::transport::detail
