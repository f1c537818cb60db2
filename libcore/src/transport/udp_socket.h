// SPDX-License-Identifier: BSD-3-Clause
/// Opens UDP sockets as the options say. Private to room transport.
#pragma once

#include "heapwire/transport/udp.h"

namespace heapwire::transport::detail
{

/// A socket that closes itself; non-copyable like the descriptor that it is.
class owned_socket
{
public:
    explicit owned_socket(int fd) noexcept : fd_(fd) {}
    owned_socket(owned_socket &&other) noexcept : fd_(other.release()) {}
    owned_socket &operator=(owned_socket &&) = delete;
    ~owned_socket();
    [[nodiscard]] int fd() const noexcept { return fd_; }
    [[nodiscard]] int release() noexcept
    {
        int fd = fd_;
        fd_ = -1;
        return fd;
    }

private:
    int fd_;
};

struct udp_socket
{
    owned_socket socket;
    boost::asio::ip::udp protocol;
    udp_facts facts;
};

/// Bound (and joined, for multicast). Throws std::invalid_argument or std::system_error.
[[nodiscard]] udp_socket open_udp_receiver(const udp_receive_options &how);
[[nodiscard]] udp_socket open_udp_sender(const udp_send_options &how);

/// Asks for a pace of the socket; true only if it is known that the packets will be paced.
[[nodiscard]] bool pace_by_kernel(int fd, const std::vector<boost::asio::ip::udp::endpoint> &to,
                                  double bytes_per_second) noexcept;

} // namespace heapwire::transport::detail
