// SPDX-License-Identifier: BSD-3-Clause
/// Steps that UDP sockets of both directions share. Private to the udp_*_socket.cpp files.
#pragma once

#include <string>

#include "heapwire/base/error.h"
#include "udp_socket.h"

namespace heapwire::transport::detail
{

enum class buffer_kind
{
    receive,
    send
};

[[nodiscard]] std::string text_of(const boost::asio::ip::udp::endpoint &endpoint);
[[nodiscard]] owned_socket new_udp_socket(boost::asio::ip::udp protocol);
/// A duplicate; std::invalid_argument if it is no UDP socket.
[[nodiscard]] owned_socket duplicate_udp_socket(int fd, boost::asio::ip::udp &protocol);
void bind_to_device(int fd, const std::string &device);
void bind_to(int fd, const boost::asio::ip::udp::endpoint &where);
[[nodiscard]] boost::asio::ip::udp::endpoint local_endpoint(int fd) noexcept;
/// Throws std::invalid_argument naming `argument` unless `text` is an address of the family of `protocol`.
[[nodiscard]] boost::asio::ip::address parse_address(const char *argument, const std::string &text,
                                                     boost::asio::ip::udp protocol);
/// Asks for a buffer (0: leaves it) and answers the size granted; warns, naming the sysctl, if that is less.
std::size_t size_buffer(int fd, buffer_kind kind, std::size_t wanted, const std::string &whose);

template <typename T>
void set_option(int fd, int level, int name, const T &value, const char *what, const std::string &subject)
{
    if (setsockopt(fd, level, name, &value, sizeof value) != 0)
        throw_errno(what, subject);
}

} // namespace heapwire::transport::detail
