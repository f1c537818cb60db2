// SPDX-License-Identifier: BSD-3-Clause
/// Small helpers for TCP sockets of both directions. Private to this room.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <string>

namespace heapwire::transport::detail
{

/// A duplicate of the caller's stream socket (close-on-exec) and its family; std::invalid_argument naming `argument`
/// if it is none.
struct duplicated_socket
{
    int fd;
    boost::asio::ip::tcp protocol;
};
[[nodiscard]] duplicated_socket duplicate_stream_socket(int fd, const char *argument);

[[nodiscard]] std::string text_of(const boost::asio::ip::tcp::endpoint &endpoint);

/// Throws std::system_error "<what> tcp <endpoint>".
[[noreturn]] void throw_tcp(const std::error_code &error, const char *what,
                            const boost::asio::ip::tcp::endpoint &endpoint);

/// Sets SO_RCVBUF or SO_SNDBUF unless `bytes` is 0; logs if the kernel grants less.
void ask_for_buffer(int fd, int option, std::size_t bytes);

} // namespace heapwire::transport::detail
