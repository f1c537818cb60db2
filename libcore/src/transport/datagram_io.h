// SPDX-License-Identifier: BSD-3-Clause
/// Datagrams in batches: the only code that knows recvmmsg, sendmmsg, GRO and GSO. Private to room transport.
/// Which of them a socket uses is decided when it opens (docs/decisions/0104-datagram-io.md).
#pragma once

#include <boost/asio/ip/udp.hpp>
#include <cstdint>
#include <memory>
#include <span>
#include <sys/socket.h>
#include <system_error>
#include <vector>

#include "heapwire/recv/receiver.h"
#include "heapwire/transport/packet_sink.h"
#include "heapwire/transport/udp_options.h"

// Older C libraries have kernel headers that lack these; whether the kernel knows them is asked at run time.
#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif
#ifndef UDP_GRO
#define UDP_GRO 104
#endif
#ifndef SO_MAX_PACING_RATE
#define SO_MAX_PACING_RATE 47
#endif
#ifndef SO_MEMINFO
#define SO_MEMINFO 55
#endif
#ifndef SOL_UDP
#define SOL_UDP 17
#endif

namespace heapwire::transport::detail
{

/// Turns an offload on if `wanted`, and says whether the socket has it now.
[[nodiscard]] bool enable_gro(int fd, offload wanted) noexcept;
[[nodiscard]] bool detect_gso(int fd, offload wanted) noexcept;
/// Datagrams that the kernel has dropped from the socket's queue since it was made, modulo 2^32; 0 if it cannot tell.
/// A run of datagrams joined by GRO counts as one.
[[nodiscard]] std::uint32_t kernel_drops(int fd) noexcept;
/// An IPv4 address and port exactly, an IPv6 one by a hash whose seed is the process's own.
[[nodiscard]] std::uint64_t source_key(const sockaddr_storage &from) noexcept;

struct reader_options
{
    std::size_t max_packet_size = 0;
    bool gro = false;
    bool batched = false; ///< recvmmsg; else recvmsg
    bool timestamps = false;
    bool source_keys = false;
};

class datagram_reader
{
public:
    explicit datagram_reader(reader_options how);
    ~datagram_reader();
    datagram_reader(const datagram_reader &) = delete;
    datagram_reader &operator=(const datagram_reader &) = delete;

    enum class state
    {
        more,  ///< every buffer was filled: there may be more
        empty, ///< the queue is empty now
        failed ///< see `error`; what came before it is in `packets`
    };
    /// Never blocks.
    [[nodiscard]] state read(int fd) noexcept;
    /// What the last read() got; points into the reader.
    [[nodiscard]] std::span<const recv::datagram> packets() const noexcept { return packets_; }
    [[nodiscard]] std::error_code error() const noexcept { return error_; }

private:
    struct message;
    int receive(int fd) noexcept;
    void cut(std::size_t index) noexcept;

    reader_options how_;
    std::size_t room_;  // bytes a message
    std::size_t count_; // messages a call
    std::unique_ptr<std::byte[]> bytes_;
    std::unique_ptr<message[]> messages_;
    std::unique_ptr<mmsghdr[]> headers_;
    std::vector<recv::datagram> packets_;
    std::error_code error_;
};

class datagram_writer
{
public:
    /// `batched`: sendmmsg; else sendmsg. `gso` is forgotten for good when the kernel refuses it.
    datagram_writer(std::vector<boost::asio::ip::udp::endpoint> to, bool gso, bool batched);
    ~datagram_writer();
    datagram_writer(const datagram_writer &) = delete;
    datagram_writer &operator=(const datagram_writer &) = delete;

    /// Never blocks. Answers after one system call that did something.
    [[nodiscard]] packet_sink::result write(int fd, std::span<const send::packet> packets) noexcept;
    /// The last write() would block, but the socket will not say when to go on.
    [[nodiscard]] bool no_memory() const noexcept { return no_memory_; }
    [[nodiscard]] bool gso() const noexcept { return gso_; }

private:
    struct message;
    [[nodiscard]] std::size_t build(std::span<const send::packet> packets, bool merge) noexcept;
    [[nodiscard]] std::size_t add_message(std::span<const send::packet> packets, bool merge, message &into) noexcept;
    [[nodiscard]] int transmit(int fd, std::size_t messages) noexcept;
    [[nodiscard]] std::size_t packets_in(int messages) const noexcept;
    [[nodiscard]] packet_sink::result without_gso(int fd, std::span<const send::packet> packets, int why) noexcept;
    [[nodiscard]] packet_sink::result refused(int error) noexcept;

    std::vector<boost::asio::ip::udp::endpoint> to_;
    bool gso_;
    bool batched_;
    bool no_memory_ = false;
    std::unique_ptr<message[]> messages_;
    std::unique_ptr<mmsghdr[]> headers_;
    std::unique_ptr<iovec[]> parts_;
    std::size_t parts_used_ = 0;
};

} // namespace heapwire::transport::detail
