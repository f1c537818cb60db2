// SPDX-License-Identifier: BSD-3-Clause
#include <boost/asio/ip/udp.hpp>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <random>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

#include "heapwire/transport/tcp.h"
#include "stream_rig.h"
#include "tcp_rig.h"

namespace heapwire::test
{
namespace
{

using boost::asio::ip::tcp;
using namespace transport;

class Tcp : public testing::Test
{
protected:
    tcp::endpoint listen(recv::heap_stream &stream, std::size_t max_packet_size = 65536)
    {
        return listen_on_loopback(io_, stream, max_packet_size);
    }
    io_threads io_{1};
};

TEST_F(Tcp, DeliversTheVectorsInAnySlices)
{
    int seen = 0;
    for (const vector_case &which : all_vectors())
    {
        if (which.transport != vector_transport::tcp)
            continue;
        ++seen;
        auto bytes = load(which);
        for (std::size_t slice : {std::size_t{1}, std::size_t{5}, bytes.size()})
        {
            SCOPED_TRACE(std::string(which.name) + " in slices of " + std::to_string(slice));
            recv::heap_stream stream;
            client c(listen(stream, which.reader_max_size ? which.reader_max_size : 65536));
            for (std::size_t at = 0; at < bytes.size(); at += slice)
                c.write(bytes_view(bytes).subspan(at, std::min(slice, bytes.size() - at)));
            c.close();
            expect_vector_heaps(stream, which.expect.heaps);
            expect_books_balance(stream.statistics());
        }
    }
    EXPECT_EQ(seen, 4);
}

TEST_F(Tcp, CountsWhatItSkips)
{
    recv::heap_stream stream;
    client c(listen(stream, 1000));
    std::vector<std::byte> bytes(5, std::byte{'X'});
    append(bytes, flat(make_heap(1, 800, 100)));
    append(bytes, flat(make_heap(2, 5000, 5000)));
    append(bytes, flat(make_heap(3, 800, 100)));
    c.write(bytes);
    c.close();
    EXPECT_EQ(drain(stream), (std::vector<std::uint64_t>{1, 3}));
    recv::stats s = stream.statistics();
    EXPECT_EQ(s[wire::reject::truncated], 1u);
    EXPECT_EQ(s[wire::reject::bad_magic], 1u);
    EXPECT_EQ(s[recv::stat::packets], 16u);
    expect_books_balance(s);
}

TEST_F(Tcp, AResetEndsTheStream)
{
    recv::heap_stream stream;
    client c(listen(stream));
    c.write(flat(make_heap(1, 800, 100)));
    heap h;
    ASSERT_EQ(stream.pop_for(h, patience), recv::pop_status::ok);
    c.reset();
    EXPECT_EQ(stream.pop_for(h, patience), recv::pop_status::ended);
}

TEST_F(Tcp, ListensToOneConnectionOnly)
{
    recv::heap_stream stream;
    tcp::endpoint local = listen(stream);
    client c(local);
    c.write(flat(make_heap(1, 800, 100)));
    heap h;
    ASSERT_EQ(stream.pop_for(h, patience), recv::pop_status::ok);
    boost::asio::io_context other;
    tcp::socket late(other);
    boost::system::error_code error;
    late.connect(local, error);
    EXPECT_EQ(error, boost::asio::error::connection_refused);
}

TEST_F(Tcp, SenderAndReceiverAgree)
{
    recv::ring_options ring;
    ring.heaps = 64;
    recv::heap_stream stream({}, ring);
    tcp_send_options to;
    to.endpoint = listen(stream);
    to.source_address = "127.0.0.1";
    {
        tcp_sender sender(io_, to);
        for (std::uint64_t cnt = 0; cnt < 50; ++cnt)
        {
            pattern_heap h(cnt, cnt * 1000);
            send::outcome what = sender.send_heap(h.reference());
            ASSERT_FALSE(what.error) << what.error.message();
        }
    }
    EXPECT_EQ(drain(stream), numbers(0, 50));
    expect_books_balance(stream.statistics());
}

TEST_F(Tcp, ASlowConsumerLosesNothing)
{
    // 100 MB through a ring of two heaps and small kernel buffers: nearly all of it must wait for the consumer.
    constexpr std::size_t heap_size = 1 << 20;
    constexpr std::uint64_t heaps = 100;
    recv::ring_options ring;
    ring.heaps = 2;
    recv::heap_stream stream({}, ring);
    tcp_send_options to;
    to.endpoint = listen(stream);
    io_threads senders(1);
    std::thread producer(
        [&]
        {
            send::options how;
            how.max_packet_size = 9000;
            tcp_sender sender(senders, to, how);
            for (std::uint64_t cnt = 0; cnt < heaps; ++cnt)
            {
                pattern_heap h(cnt, heap_size);
                EXPECT_FALSE(sender.send_heap(h.reference()).error);
            }
        });
    // The consumer begins when the pipe is full: that is when reading has paused.
    while (stream.statistics()[recv::stat::worker_blocked] == 0)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    EXPECT_EQ(drain(stream), numbers(0, heaps));
    producer.join();
    recv::stats s = stream.statistics();
    EXPECT_EQ(s[recv::stat::packets], s[recv::stat::packets_accepted]);
    EXPECT_EQ(s.malformed(), 0u);
}

TEST_F(Tcp, ALostConnectionFailsEveryFurtherHeap)
{
    tcp::acceptor acceptor(io_.context(), loopback());
    tcp_send_options to;
    to.endpoint = acceptor.local_endpoint();
    tcp_sender sender(io_, to);
    tcp::socket peer = acceptor.accept();
    peer.set_option(boost::asio::socket_base::linger(true, 0));
    peer.close();
    pattern_heap h(1, 100000);
    send::outcome what;
    for (int i = 0; i < 1000 && !what.error; ++i) // the reset takes its time
        what = sender.send_heap(h.reference());
    EXPECT_TRUE(what.error);
    EXPECT_TRUE(sender.send_heap(h.reference()).error);
}

TEST_F(Tcp, ErrorsNameTheEndpoint)
{
    tcp::acceptor taken(io_.context(), loopback());
    tcp_receive_options how;
    how.endpoint = taken.local_endpoint();
    recv::heap_stream stream;
    try
    {
        static_cast<void>(make_tcp_source(io_, stream.gate(), how));
        FAIL() << "two listeners on one port";
    }
    catch (const std::system_error &e)
    {
        EXPECT_EQ(e.code(), std::errc::address_in_use);
        EXPECT_NE(std::string(e.what()).find("127.0.0.1:"), std::string::npos) << e.what();
    }
    tcp_send_options to;
    to.endpoint = taken.local_endpoint();
    taken.close();
    try
    {
        static_cast<void>(make_tcp_sink(io_, to));
        FAIL() << "connected to nobody";
    }
    catch (const std::system_error &e)
    {
        EXPECT_EQ(e.code(), std::errc::connection_refused);
        EXPECT_NE(std::string(e.what()).find("127.0.0.1:"), std::string::npos) << e.what();
    }
}

TEST_F(Tcp, RefusesSocketsOfTheWrongKind)
{
    recv::heap_stream stream;
    boost::asio::ip::udp::socket datagrams(io_.context(), boost::asio::ip::udp::v4());
    tcp::socket not_listening(io_.context(), tcp::v4());
    tcp_receive_options how;
    how.listening_socket = datagrams.native_handle();
    EXPECT_THROW(static_cast<void>(make_tcp_source(io_, stream.gate(), how)), std::invalid_argument);
    how.listening_socket = not_listening.native_handle();
    EXPECT_THROW(static_cast<void>(make_tcp_source(io_, stream.gate(), how)), std::invalid_argument);
    how.listening_socket.reset();
    how.max_packet_size = 8;
    EXPECT_THROW(static_cast<void>(make_tcp_source(io_, stream.gate(), how)), std::invalid_argument);
    tcp_send_options to;
    to.connected_socket = not_listening.native_handle();
    EXPECT_THROW(static_cast<void>(make_tcp_sink(io_, to)), std::invalid_argument);
    to.connected_socket = datagrams.native_handle();
    EXPECT_THROW(static_cast<void>(make_tcp_sink(io_, to)), std::invalid_argument);
}

TEST_F(Tcp, UsesTheCallersSockets)
{
    auto acceptor = std::make_unique<tcp::acceptor>(io_.context(), loopback());
    tcp::endpoint local = acceptor->local_endpoint();
    recv::heap_stream stream;
    tcp_receive_options how;
    how.listening_socket = acceptor->native_handle();
    stream.add(make_tcp_source(io_, stream.gate(), how));
    acceptor.reset(); // the source has its own
    auto socket = std::make_unique<tcp::socket>(io_.context());
    socket->connect(local);
    tcp_send_options to;
    to.connected_socket = socket->native_handle();
    {
        tcp_sender sender(io_, to);
        socket.reset();
        pattern_heap h(7, 3000);
        EXPECT_FALSE(sender.send_heap(h.reference()).error);
    }
    EXPECT_EQ(drain(stream), numbers(7, 8));
}

TEST_F(Tcp, StopsWhileListeningAndWhileConnected)
{
    for (bool connected : {false, true})
    {
        recv::heap_stream stream;
        tcp::endpoint local = listen(stream);
        std::optional<client> c;
        if (connected)
            c.emplace(local).write(flat(make_heap(1, 800, 100)));
        stream.stop();
        heap h;
        while (stream.pop_for(h, patience) == recv::pop_status::ok) // it may have come in before
            EXPECT_TRUE(connected);
        EXPECT_EQ(stream.pop_for(h, patience), recv::pop_status::ended);
    }
}

} // namespace
} // namespace heapwire::test
