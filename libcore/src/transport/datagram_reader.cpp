// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>

#include "datagram_io.h"
#include "heapwire/base/process_seed.h"

namespace heapwire::transport::detail
{

namespace
{

// A run of datagrams joined by GRO is one IP packet at most.
constexpr std::size_t gro_room = 65536;
// The memory that a call fills should still be in the second-level cache when the payload is copied out of it.
constexpr std::size_t memory_a_call = 256 << 10;
constexpr std::size_t min_messages = 4, max_messages = 32;

std::uint64_t mix(std::uint64_t x) noexcept
{
    x ^= x >> 32;
    x *= 0xd6e8feb86659fd93u;
    x ^= x >> 32;
    x *= 0xd6e8feb86659fd93u;
    return x ^ (x >> 32);
}

} // namespace

bool enable_gro(int fd, offload wanted) noexcept
{
    int on = wanted == offload::detect ? 1 : 0;
    return setsockopt(fd, SOL_UDP, UDP_GRO, &on, sizeof on) == 0 && on == 1;
}

std::uint32_t kernel_drops(int fd) noexcept
{
    constexpr std::size_t drops = 8; // SK_MEMINFO_DROPS
    std::uint32_t info[16] = {};
    socklen_t length = sizeof info;
    if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info, &length) != 0 || length <= drops * sizeof info[0])
        return 0;
    return info[drops];
}

std::uint64_t source_key(const sockaddr_storage &from) noexcept
{
    if (from.ss_family == AF_INET)
    {
        const auto &v4 = reinterpret_cast<const sockaddr_in &>(from);
        return (std::uint64_t{ntohl(v4.sin_addr.s_addr)} << 16) | ntohs(v4.sin_port);
    }
    const auto &v6 = reinterpret_cast<const sockaddr_in6 &>(from);
    std::uint64_t half[2];
    std::memcpy(half, &v6.sin6_addr, sizeof half);
    std::uint64_t key = process_seed();
    for (std::uint64_t part : {half[0], half[1], std::uint64_t{v6.sin6_port} << 32 | v6.sin6_scope_id})
        key = mix(key ^ part) + 0x9e3779b97f4a7c15u;
    return key;
}

struct datagram_reader::message
{
    iovec place;
    sockaddr_storage from;
    alignas(cmsghdr) std::byte control[CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(timespec)) + 64];
};

datagram_reader::datagram_reader(reader_options how)
    : how_(how), room_(how.gro ? gro_room : how.max_packet_size + 1),
      count_(std::clamp(memory_a_call / room_, min_messages, max_messages)), bytes_(new std::byte[room_ * count_]),
      messages_(new message[count_]), headers_(new mmsghdr[count_])
{
    for (std::size_t i = 0; i < count_; ++i)
    {
        message &m = messages_[i];
        m.place = {bytes_.get() + i * room_, room_};
        headers_[i] = {};
        headers_[i].msg_hdr.msg_iov = &m.place;
        headers_[i].msg_hdr.msg_iovlen = 1;
    }
    packets_.reserve(count_ * (how.gro ? 128 : 1));
}

datagram_reader::~datagram_reader() = default;

// Messages received, or -1 and errno.
int datagram_reader::receive(int fd) noexcept
{
    if (how_.batched)
        return recvmmsg(fd, headers_.get(), static_cast<unsigned>(count_), MSG_DONTWAIT, nullptr);
    for (std::size_t i = 0; i < count_; ++i)
    {
        ssize_t got = recvmsg(fd, &headers_[i].msg_hdr, MSG_DONTWAIT);
        if (got < 0)
            return i > 0 ? static_cast<int>(i) : -1; // the next call tells the error, if it is not EAGAIN
        headers_[i].msg_len = static_cast<unsigned>(got);
    }
    return static_cast<int>(count_);
}

datagram_reader::state datagram_reader::read(int fd) noexcept
{
    packets_.clear();
    for (std::size_t i = 0; i < count_; ++i) // the kernel has overwritten the lengths
    {
        msghdr &header = headers_[i].msg_hdr;
        header.msg_name = how_.source_keys ? &messages_[i].from : nullptr;
        header.msg_namelen = how_.source_keys ? sizeof messages_[i].from : 0;
        header.msg_control = how_.gro || how_.timestamps ? messages_[i].control : nullptr;
        header.msg_controllen = how_.gro || how_.timestamps ? sizeof messages_[i].control : 0;
        header.msg_flags = 0;
    }
    int got;
    do
        got = receive(fd);
    while (got < 0 && errno == EINTR);
    if (got < 0)
    {
        if (errno == EAGAIN || errno == EWOULDBLOCK)
            return state::empty;
        error_ = {errno, std::system_category()};
        return state::failed;
    }
    for (std::size_t i = 0; i < static_cast<std::size_t>(got); ++i)
        cut(i);
    return static_cast<std::size_t>(got) == count_ ? state::more : state::empty;
}

// One message is one datagram, or a run of equal ones (the last may be shorter).
void datagram_reader::cut(std::size_t index) noexcept
{
    const msghdr &header = headers_[index].msg_hdr;
    recv::datagram packet;
    std::size_t segment = headers_[index].msg_len;
    for (const cmsghdr *c = CMSG_FIRSTHDR(&header); c; c = CMSG_NXTHDR(const_cast<msghdr *>(&header), //
                                                                       const_cast<cmsghdr *>(c)))
    {
        if (c->cmsg_level == SOL_UDP && c->cmsg_type == UDP_GRO)
        {
            int size;
            std::memcpy(&size, CMSG_DATA(c), sizeof size);
            if (size > 0)
                segment = static_cast<std::size_t>(size);
        }
        else if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_TIMESTAMPNS)
        {
            timespec time;
            std::memcpy(&time, CMSG_DATA(c), sizeof time);
            packet.time = std::int64_t{time.tv_sec} * 1000000000 + time.tv_nsec;
        }
    }
    if (how_.source_keys)
        packet.source = source_key(messages_[index].from);

    const auto *at = static_cast<const std::byte *>(messages_[index].place.iov_base);
    std::size_t left = std::min<std::size_t>(headers_[index].msg_len, room_);
    const bool cut_off = (header.msg_flags & MSG_TRUNC) != 0;
    do
    {
        std::size_t size = std::min(segment, left);
        packet.truncated = size > how_.max_packet_size || (cut_off && size == left);
        packet.bytes = {at, std::min(size, how_.max_packet_size)};
        packets_.push_back(packet);
        at += size;
        left -= size;
    } while (left > 0);
}

} // namespace heapwire::transport::detail
