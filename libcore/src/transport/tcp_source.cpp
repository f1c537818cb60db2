// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <array>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <cstring>
#include <sys/socket.h>
#include <vector>

#include "heapwire/base/error.h"
#include "heapwire/base/log.h"
#include "heapwire/transport/stream_splitter.h"
#include "heapwire/transport/tcp.h"
#include "heapwire/wire/packet_writer.h"
#include "source_base.h"
#include "tcp_socket.h"

namespace heapwire::transport
{

namespace
{

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr std::size_t largest_max_packet = std::size_t{1} << 30;
constexpr std::size_t least_buffer = std::size_t{1} << 20;
// After an error of accept that will pass.
constexpr auto accept_pause = std::chrono::milliseconds(100);

/// The listener itself is sound: there is nobody to accept any more, the network of who came is in trouble (Linux hands
/// on what the new socket has suffered), or the system is short of something.
bool will_pass(const boost::system::error_code &error) noexcept
{
    constexpr std::array passing{EAGAIN,      EINTR,     ECONNABORTED, EPROTO,      EPERM,  ENETDOWN,
                                 ENETUNREACH, EHOSTDOWN, EHOSTUNREACH, ENOPROTOOPT, ENONET, EOPNOTSUPP,
                                 EMFILE,      ENFILE,    ENOBUFS,      ENOMEM};
    return error.category() == boost::system::system_category() &&
           std::find(passing.begin(), passing.end(), error.value()) != passing.end();
}

/// How much is said of what happens again and again: the 1st, 2nd, 4th, 8th... time.
bool worth_a_line(std::uint64_t times, std::uint64_t &reported) noexcept
{
    if (times == 0 || times < 2 * reported)
        return false;
    reported = times;
    return true;
}

tcp::acceptor open_acceptor(asio::io_context &io, const tcp_receive_options &how)
{
    tcp::acceptor acceptor(io);
    boost::system::error_code error;
    if (how.listening_socket)
    {
        int fd = *how.listening_socket;
        auto copy = detail::duplicate_stream_socket(fd, "listening_socket");
        acceptor.assign(copy.protocol, copy.fd, error);
        if (error)
            throw std::system_error(error, "listening_socket");
        int listens = 0;
        socklen_t length = sizeof listens;
        if (::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &length) != 0 || listens == 0)
            throw_bad_argument("listening_socket", fd, "a socket that listens");
        return acceptor;
    }
    acceptor.open(how.endpoint.protocol(), error);
    if (!error)
        acceptor.set_option(tcp::acceptor::reuse_address(true), error);
    if (error)
        detail::throw_tcp(error, "open", how.endpoint);
    // On the listener, because the connection's window scale is fixed before it is accepted.
    detail::ask_for_buffer(acceptor.native_handle(), SO_RCVBUF, how.buffer_size);
    acceptor.bind(how.endpoint, error);
    if (error)
        detail::throw_tcp(error, "bind", how.endpoint);
    acceptor.listen(1, error);
    if (error)
        detail::throw_tcp(error, "listen on", how.endpoint);
    return acceptor;
}

class tcp_source final : public source_base
{
public:
    tcp_source(asio::io_context &io, std::shared_ptr<recv::packet_gate> to, const tcp_receive_options &how)
        : source_base(io, std::move(to)), acceptor_(open_acceptor(io, how)), retry_(io), socket_(io),
          splitter_(how.max_packet_size),
          capacity_(std::max({least_buffer, 2 * how.max_packet_size, 2 * stream_splitter::longest_header}))
    {
    }
    [[nodiscard]] tcp::endpoint local() const { return acceptor_.local_endpoint(); }

private:
    void begin() override { accept(); }
    void resume() override { hand_over(); }
    void close() noexcept override
    {
        boost::system::error_code ignored;
        acceptor_.close(ignored);
        retry_.cancel();
        socket_.close(ignored);
    }
    void accept();
    void accepted(boost::system::error_code error);
    void read();
    void arrived(boost::system::error_code error, std::size_t bytes);
    void hand_over();
    void report_garbage();

    tcp::acceptor acceptor_;
    asio::steady_timer retry_;
    std::uint64_t refused_ = 0; ///< errors of accept
    std::uint64_t reported_refused_ = 0;
    tcp::socket socket_;
    stream_splitter splitter_;
    std::size_t capacity_; ///< twice the most that the splitter leaves, so that there is always room to read
    std::unique_ptr<std::byte[]> buffer_;
    std::size_t begin_ = 0; ///< [begin_, end_) has not been cut yet
    std::size_t end_ = 0;
    std::vector<recv::datagram> packets_; ///< cut, pointing into the buffer
    std::size_t next_ = 0;                ///< first of these that the stream has not taken
    std::uint64_t reported_runs_ = 0;
};

void tcp_source::accept()
{
    acceptor_.async_accept(socket_, guarded([this](boost::system::error_code error) { accepted(error); }));
}

void tcp_source::accepted(boost::system::error_code error)
{
    if (will_pass(error))
    {
        if (worth_a_line(++refused_, reported_refused_))
            HEAPWIRE_LOG(warning, "transport", "tcp accept: ", error.message(), ", ", refused_,
                         " times so far; trying again");
        retry_.expires_after(accept_pause);
        return retry_.async_wait(guarded(
            [this](boost::system::error_code cancelled)
            {
                if (!cancelled)
                    accept();
            }));
    }
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    if (error)
    {
        HEAPWIRE_LOG(warning, "transport", "tcp accept: ", error.message());
        return end_of_data();
    }
    HEAPWIRE_LOG(debug, "transport", "tcp connection from ", socket_.remote_endpoint(ignored));
    buffer_.reset(new std::byte[capacity_]);
    read();
}

void tcp_source::read()
{
    if (begin_ > 0 && capacity_ - end_ < capacity_ / 2)
    {
        std::memmove(buffer_.get(), buffer_.get() + begin_, end_ - begin_);
        end_ -= begin_;
        begin_ = 0;
    }
    socket_.async_read_some(
        asio::buffer(buffer_.get() + end_, capacity_ - end_),
        guarded([this](boost::system::error_code error, std::size_t bytes) { arrived(error, bytes); }));
}

void tcp_source::arrived(boost::system::error_code error, std::size_t bytes)
{
    if (error)
    {
        if (error != asio::error::eof)
            HEAPWIRE_LOG(info, "transport", "tcp connection lost: ", error.message());
        else if (end_ > begin_)
            HEAPWIRE_LOG(info, "transport", "tcp connection closed within a packet; ", end_ - begin_, " bytes dropped");
        return end_of_data(); // a reset ends the stream too: nothing more can come
    }
    end_ += bytes;
    begin_ += splitter_.cut({buffer_.get() + begin_, end_ - begin_}, packets_);
    report_garbage();
    hand_over();
}

void tcp_source::hand_over()
{
    // After a pause also when all were used: the stream then keeps a heap that found no room.
    bool through = packets_.empty() ||
                   offer(
                       [this]
                       {
                           recv::taken t = gate().take(std::span<const recv::datagram>(packets_).subspan(next_));
                           next_ += t.used;
                           return t.state;
                       });
    if (!through)
        return; // the kernel's window closes, and the sender waits
    packets_.clear();
    next_ = 0;
    if (begin_ == end_)
        begin_ = end_ = 0;
    read();
}

void tcp_source::report_garbage()
{
    const std::uint64_t runs = splitter_.garbage_runs();
    if (worth_a_line(runs, reported_runs_))
        HEAPWIRE_LOG(info, "transport", "tcp: garbage between packets, ", runs, " times, ", splitter_.garbage_bytes(),
                     " bytes so far; searching for the next header");
}

} // namespace

std::unique_ptr<recv::source> make_tcp_source(io_ref io, std::shared_ptr<recv::packet_gate> gate,
                                              const tcp_receive_options &how, tcp::endpoint *local)
{
    if (how.max_packet_size < wire::min_packet_bytes || how.max_packet_size > largest_max_packet)
        throw_bad_argument("max_packet_size", how.max_packet_size, "56 to 2^30 bytes");
    auto work = std::make_shared<tcp_source>(io.context(), std::move(gate), how);
    if (local)
        *local = work->local();
    return std::make_unique<source_handle>(std::move(io), std::move(work), false);
}

} // namespace heapwire::transport
