// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/base/log.h"
#include "heapwire/transport/udp.h"

#include "datagram_io.h"
#include "source_base.h"
#include "udp_socket.h"

namespace heapwire::transport
{

namespace
{

using boost::asio::ip::udp;

// Reads in a row before other streams of the thread get their turn.
constexpr int reads_in_a_row = 16;
// Of these, how many before consumers are woken, though more packets wait: where a consumer shares the core with the
// reader, each wake costs two switches between them.
constexpr int reads_a_wake = 4;

detail::reader_options reader_for(const udp_receive_options &how, const udp_facts &facts, const recv::options &stream)
{
    detail::reader_options reader;
    reader.max_packet_size = how.max_packet_size;
    reader.gro = facts.gro;
    reader.batched = facts.batched;
    reader.timestamps = stream.timestamps;
    reader.source_keys = stream.key_by_source;
    return reader;
}

class udp_source final : public source_base
{
public:
    udp_source(boost::asio::io_context &io, std::shared_ptr<recv::packet_gate> to, detail::reader_options reader,
               detail::udp_socket socket, bool adopted)
        : source_base(io, std::move(to)), reader_(reader), socket_(io)
    {
        const int fd = socket.socket.fd();
        drops_ = adopted ? detail::kernel_drops(fd) : 0;
        int on = 1;
        if (reader.timestamps && setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) != 0)
            HEAPWIRE_LOG(warning, "transport", "no receive timestamps: SO_TIMESTAMPNS is refused");
        socket_.assign(socket.protocol, fd);
        (void)socket.socket.release();
    }

private:
    void begin() override { wait(); }
    // Also with nothing left: a heap that the last packet finished may wait inside for the room there is now.
    void resume() override
    {
        if (offer_left())
            read();
    }
    void close() noexcept override
    {
        if (!socket_.is_open())
            return;
        count_drops();
        boost::system::error_code ignored;
        socket_.close(ignored);
    }
    void wait();
    void read();
    bool hand_over(bool more_follow);
    bool offer_left(bool more_follow = false);
    void count_drops() noexcept;
    void failed_read();

    detail::datagram_reader reader_;
    udp::socket socket_;
    std::span<const recv::datagram> left_; // what the stream has not taken yet; points into reader_
    bool owes_wake_ = false;               // the stream was told that more would follow
    std::uint32_t drops_ = 0;              // counted already
};

void udp_source::wait()
{
    socket_.async_wait(udp::socket::wait_read, guarded(
                                                   [this](boost::system::error_code error)
                                                   {
                                                       if (error)
                                                       {
                                                           HEAPWIRE_LOG(warning, "transport",
                                                                        "waiting on a UDP socket: ", error.message());
                                                           return end_of_data();
                                                       }
                                                       read();
                                                   }));
}

void udp_source::read()
{
    using state = detail::datagram_reader::state;
    for (int i = 0; i < reads_in_a_row; ++i)
    {
        state found = reader_.read(socket_.native_handle());
        left_ = reader_.packets();
        if (!hand_over(found == state::more && i % reads_a_wake != reads_a_wake - 1))
            return;
        if (found == state::failed)
            return failed_read();
        if (found == state::empty)
        {
            count_drops();
            return wait();
        }
    }
    count_drops();
    later([this] { read(); });
}

bool udp_source::hand_over(bool more_follow) { return (left_.empty() && !owes_wake_) || offer_left(more_follow); }

// False: the stream is full or over, and resume() or nobody goes on.
bool udp_source::offer_left(bool more_follow)
{
    owes_wake_ = more_follow;
    return offer(
        [this, more_follow]
        {
            recv::taken t = gate().take(left_, more_follow);
            left_ = left_.subspan(t.used);
            return t.state;
        });
}

void udp_source::count_drops() noexcept
{
    std::uint32_t now = detail::kernel_drops(socket_.native_handle());
    if (now == drops_)
        return;
    gate().count_kernel_drops(now - drops_);
    drops_ = now;
}

// An error that a datagram socket reports is about one datagram, unless the socket itself is of no use any more.
void udp_source::failed_read()
{
    std::error_code error = reader_.error();
    HEAPWIRE_LOG(warning, "transport", "UDP receive: ", error.message());
    if (error == std::errc::bad_file_descriptor || error == std::errc::not_a_socket ||
        error == std::errc::invalid_argument || error == std::errc::bad_address)
        return end_of_data();
    wait();
}

} // namespace

std::unique_ptr<recv::source> make_udp_source(io_ref io, std::shared_ptr<recv::packet_gate> gate,
                                              const udp_receive_options &how, udp_facts *facts)
{
    detail::udp_socket socket = detail::open_udp_receiver(how);
    if (facts)
        *facts = socket.facts;
    detail::reader_options reader = reader_for(how, socket.facts, gate->configuration());
    auto work =
        std::make_shared<udp_source>(io.context(), std::move(gate), reader, std::move(socket), how.socket.has_value());
    return std::make_unique<source_handle>(std::move(io), std::move(work), true);
}

std::unique_ptr<recv::source> make_udp_source(io_ref io, recv::heap_stream &stream, const udp_receive_options &how,
                                              udp_facts *facts)
{
    return make_udp_source(std::move(io), stream.gate(), how, facts);
}

} // namespace heapwire::transport
