// SPDX-License-Identifier: BSD-3-Clause
/// One heap is in flight at a time, and it is smaller than any socket buffer: loopback then loses nothing.
#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "heapwire/base/error.h"
#include "transport/udp_pair.h"

namespace heapwire::transport
{
namespace
{

using boost::asio::ip::make_address;
using boost::asio::ip::udp;
using test::loopback_v4;
using test::loopback_v6;
using test::same_bytes;
using test::sample_heap;
using test::udp_pair;

// Small enough for any granted buffer, small packets so that there are runs to join.
constexpr std::size_t heap_size = 20000;

void exchange(udp_pair &pair, int heaps, std::size_t size = heap_size, std::size_t substream = 0)
{
    for (int i = 0; i < heaps; ++i)
    {
        sample_heap heap(size, static_cast<unsigned>(i));
        send::outcome what = pair.sender->send_heap(heap.reference(-1, substream));
        ASSERT_FALSE(what.error) << what.error.message();
        auto got = pair.stream.pop();
        ASSERT_TRUE(got);
        ASSERT_TRUE(same_bytes(*got, heap));
    }
}

TEST(Udp, EveryMixOfOffloadsDeliversTheSameHeaps)
{
    for (int mix = 0; mix < 16; ++mix)
    {
        SCOPED_TRACE(mix);
        auto pick = [mix](int bit) { return mix >> bit & 1 ? offload::off : offload::detect; };
        udp_receive_options receive{.endpoint = loopback_v4(), .gro = pick(0), .recvmmsg = pick(1)};
        udp_send_options send{.gso = pick(2), .sendmmsg = pick(3)};
        udp_pair pair(receive, send, {}, {.max_packet_size = 1000});
        EXPECT_EQ(pair.received.batched, pick(1) == offload::detect);
        EXPECT_EQ(pair.sent.batched, pick(3) == offload::detect);
        if (pick(0) == offload::off)
        {
            EXPECT_FALSE(pair.received.gro);
        }
        if (pick(2) == offload::off)
        {
            EXPECT_FALSE(pair.sent.gso);
        }
        exchange(pair, 10);
        recv::stats stats = pair.stream.statistics();
        EXPECT_EQ(stats[recv::stat::datagrams], pair.sender->statistics().packets);
        EXPECT_EQ(stats[recv::stat::kernel_drops], 0u);
    }
}

TEST(Udp, SendsOverIPv6)
{
    if (!test::can_bind(loopback_v6()))
        GTEST_SKIP() << "no IPv6 loopback";
    udp_pair pair({.endpoint = loopback_v6()});
    EXPECT_TRUE(pair.received.local.address().is_v6());
    exchange(pair, 5);
}

TEST(Udp, UnspecifiedEndpointTakesTheInterfacesAddress)
{
    udp_pair pair({.endpoint = udp::endpoint(udp::v4(), 0), .interface_address = "127.0.0.1"},
                  {.interface_address = "127.0.0.1"});
    EXPECT_EQ(pair.received.local.address(), make_address("127.0.0.1"));
    EXPECT_EQ(pair.sent.local.address(), make_address("127.0.0.1"));
    exchange(pair, 2);
}

TEST(Udp, SubstreamsHaveTheirOwnEndpoints)
{
    io_threads threads;
    recv::heap_stream first, second;
    udp_facts one, two;
    first.add(make_udp_source(threads, first, {.endpoint = loopback_v4()}, &one));
    second.add(make_udp_source(threads, second, {.endpoint = loopback_v4()}, &two));
    udp_sender sender(threads, {.endpoints = {one.local, two.local}});
    ASSERT_EQ(sender.substreams(), 2u);
    sample_heap a(heap_size, 1), b(heap_size, 2);
    std::vector<send::heap_reference> group{a.reference(1, 0), b.reference(2, 1)};
    ASSERT_FALSE(sender.send_heaps(group, send::group_mode::round_robin).error);
    auto at_first = first.pop(), at_second = second.pop();
    ASSERT_TRUE(at_first && at_second);
    EXPECT_TRUE(same_bytes(*at_first, a));
    EXPECT_TRUE(same_bytes(*at_second, b));
}

// Multicast over the loopback interface, where the kernel lets us.
struct multicast
{
    udp_receive_options receive;
    udp_send_options send;
};

void multicast_exchange(multicast how)
{
    io_threads threads;
    recv::heap_stream stream;
    udp_facts facts;
    std::unique_ptr<recv::source> source;
    std::unique_ptr<packet_sink> sink;
    try
    {
        source = make_udp_source(threads, stream, how.receive, &facts);
        how.send.endpoints = {udp::endpoint(how.receive.endpoint.address(), facts.local.port())};
        sink = make_udp_sink(threads, how.send);
    }
    catch (const std::system_error &refused)
    {
        GTEST_SKIP() << "no multicast over loopback here: " << refused.what();
    }
    stream.add(std::move(source));
    send_stream sender(threads, std::move(sink), {});
    sample_heap heap(5000);
    send::outcome what = sender.send_heap(heap.reference());
    if (what.error == std::errc::network_unreachable)
        GTEST_SKIP() << "no route for multicast here";
    ASSERT_FALSE(what.error) << what.error.message();
    heapwire::heap got;
    // Whether lo carries multicast is the machine's affair: nothing within five seconds is no failure of ours.
    if (stream.pop_for(got, std::chrono::seconds(5)) != recv::pop_status::ok)
        GTEST_SKIP() << "the loopback interface does not carry multicast";
    EXPECT_TRUE(same_bytes(got, heap));
}

TEST(Udp, MulticastByInterfaceAddress)
{
    multicast_exchange({{.endpoint = {make_address("239.255.77.1"), 0}, .interface_address = "127.0.0.1"},
                        {.interface_address = "127.0.0.1", .ttl = 0, .multicast_loop = true}});
}

TEST(Udp, MulticastByInterfaceIndex)
{
    multicast_exchange(
        {{.endpoint = {make_address("239.255.77.2"), 0}, .interface_index = 1}, {.interface_index = 1, .ttl = 0}});
}

TEST(Udp, SourceSpecificMulticastByAddressAndByIndex)
{
    for (bool by_index : {false, true})
    {
        multicast how;
        how.receive.endpoint = {make_address("232.255.77.3"), 0};
        how.receive.source_address = make_address("127.0.0.1");
        how.receive.interface_address = by_index ? "" : "127.0.0.1";
        how.receive.interface_index = by_index ? 1 : 0;
        how.send.interface_address = "127.0.0.1";
        multicast_exchange(how);
    }
}

TEST(Udp, MulticastOverIPv6)
{
    if (!test::can_bind(loopback_v6()))
        GTEST_SKIP() << "no IPv6 loopback";
    multicast_exchange(
        {{.endpoint = {make_address("ff11::7701"), 0}, .interface_index = 1}, {.interface_index = 1, .ttl = 0}});
    multicast how;
    how.receive.endpoint = {make_address("ff11::7702"), 0};
    how.receive.interface_index = how.send.interface_index = 1;
    how.receive.source_address = make_address("::1");
    multicast_exchange(how);
}

TEST(Udp, TruncatedDatagramsAreCountedAndTheRestGoesOn)
{
    for (offload gro : {offload::detect, offload::off})
    {
        udp_pair pair({.endpoint = loopback_v4(), .max_packet_size = 1000, .gro = gro}, {}, {},
                      {.max_packet_size = 1400});
        sample_heap large(1300 * 5), small(500);
        ASSERT_FALSE(pair.sender->send_heap(large.reference()).error);
        ASSERT_FALSE(pair.sender->send_heap(small.reference()).error);
        auto got = pair.stream.pop();
        ASSERT_TRUE(got);
        EXPECT_TRUE(same_bytes(*got, small));
        recv::stats stats = pair.stream.statistics();
        EXPECT_EQ(stats.malformed(), pair.sender->statistics().packets - 1);
        EXPECT_EQ(stats[wire::reject::truncated], stats.malformed());
    }
}

TEST(Udp, HeapsCarryTheKernelsTime)
{
    udp_pair pair({.endpoint = loopback_v4()}, {}, {.timestamps = true});
    auto before = std::chrono::system_clock::now().time_since_epoch();
    sample_heap heap(heap_size);
    ASSERT_FALSE(pair.sender->send_heap(heap.reference()).error);
    auto got = pair.stream.pop();
    ASSERT_TRUE(got);
    EXPECT_GE(got->first_packet_time(), std::chrono::nanoseconds(before).count() - 1000000000);
    EXPECT_LE(got->first_packet_time(), got->last_packet_time());
}

TEST(Udp, SourcesAreToldApartByAddressAndPort)
{
    udp_pair pair({.endpoint = loopback_v4()}, {}, {.key_by_source = true});
    udp_facts other_facts;
    send_stream other(pair.threads,
                      make_udp_sink(pair.threads,
                                    {.endpoints = {pair.received.local}, .interface_address = "127.0.0.1"},
                                    &other_facts),
                      {});
    sample_heap one(heap_size, 1), two(heap_size, 2);
    ASSERT_FALSE(pair.sender->send_heap(one.reference(5)).error);
    ASSERT_FALSE(other.send_heap(two.reference(5)).error);
    auto first = pair.stream.pop(), second = pair.stream.pop();
    ASSERT_TRUE(first && second);
    EXPECT_TRUE(same_bytes(*first, one));
    EXPECT_TRUE(same_bytes(*second, two));
    EXPECT_NE(first->source(), second->source());
    EXPECT_EQ(second->source(), (std::uint64_t{0x7f000001} << 16) | other_facts.local.port());
}

int bound_socket(udp::endpoint &where)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    where = loopback_v4();
    EXPECT_EQ(bind(fd, where.data(), static_cast<socklen_t>(where.size())), 0);
    auto length = static_cast<socklen_t>(where.capacity());
    EXPECT_EQ(getsockname(fd, where.data(), &length), 0);
    return fd;
}

TEST(Udp, YourOwnSocketsAreDuplicated)
{
    udp::endpoint where;
    int receiving = bound_socket(where);
    int sending = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    {
        udp_pair pair({.socket = receiving}, {.endpoints = {where}, .socket = sending});
        EXPECT_EQ(pair.received.local, where);
        exchange(pair, 3);
    }
    EXPECT_EQ(close(receiving), 0); // still ours
    EXPECT_EQ(close(sending), 0);
}

// Nothing is read while the ring is full, so a burst beyond the small buffer must be lost, and told of.
TEST(Udp, KernelDropsAreCounted)
{
    udp_pair pair({.endpoint = loopback_v4(), .buffer_size = 4096}, {}, {}, {}, 1);
    std::uint64_t sent = 0;
    sample_heap heap(1200);
    for (int i = 0; i < 2000; ++i)
    {
        ASSERT_FALSE(pair.sender->send_heap(heap.reference()).error);
        ++sent;
    }
    // Now make room until the stream has read what the kernel kept. The kernel counts a drop before send returns.
    heapwire::heap got;
    auto seen = [&]
    {
        recv::stats stats = pair.stream.statistics();
        return stats[recv::stat::datagrams] + stats[recv::stat::kernel_drops];
    };
    while (seen() < sent)
        (void)pair.stream.pop_for(got, std::chrono::milliseconds(1));
    EXPECT_EQ(seen(), sent);
    EXPECT_GT(pair.stream.statistics()[recv::stat::kernel_drops], 0u);
    EXPECT_GT(pair.stream.statistics()[recv::stat::worker_blocked], 0u);
}

TEST(Udp, AnAdoptedSocketsEarlierDropsAreNotOurs)
{
    udp::endpoint where;
    int fd = bound_socket(where);
    int small = 4096;
    ASSERT_EQ(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small), 0);
    char byte[1000] = {};
    for (int i = 0; i < 100; ++i)
        (void)sendto(fd, byte, sizeof byte, 0, where.data(), static_cast<socklen_t>(where.size()));
    while (::recv(fd, byte, sizeof byte, MSG_DONTWAIT) >= 0)
    {
    }
    udp_pair pair({.buffer_size = 0, .socket = fd}, {.endpoints = {where}});
    exchange(pair, 3, 1000);
    EXPECT_EQ(pair.stream.statistics()[recv::stat::kernel_drops], 0u);
    close(fd);
}

TEST(Udp, PacketsLargerThanTheMediumFailAndTheStreamGoesOn)
{
    udp_pair pair({.endpoint = loopback_v4(), .max_packet_size = 65535}, {}, {},
                  {.max_packet_size = 80000, .packets = send::split::full});
    sample_heap large(200000), small(1000);
    send::outcome what = pair.sender->send_heap(large.reference());
    EXPECT_EQ(what.error, std::errc::message_size);
    ASSERT_FALSE(pair.sender->send_heap(small.reference()).error);
    for (;;) // the large heap's last, short packet may have passed, but that heap never becomes whole
    {
        auto got = pair.stream.pop();
        ASSERT_TRUE(got);
        if (same_bytes(*got, small))
            break;
    }
}

TEST(Udp, DscpIsAccepted)
{
    udp_pair pair({.endpoint = loopback_v4()}, {.dscp = 46});
    exchange(pair, 1);
    if (test::can_bind(loopback_v6()))
    {
        udp_pair six({.endpoint = loopback_v6()}, {.dscp = 46});
        exchange(six, 1);
    }
}

// Whoever paces, kernel or (where no "fq" stands behind the interface) software: it takes its time.
TEST(Udp, KernelPacingFallsBackToSoftware)
{
    udp_pair pair({.endpoint = loopback_v4()}, {}, {},
                  {.rate = 1e6, .burst_size = 4096, .method = send::rate_method::kernel});
    auto start = std::chrono::steady_clock::now();
    exchange(pair, 5);
    std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    EXPECT_GE(took.count(), 5 * heap_size / 1e6 / 2);
    if (!pair.sender->paced_by_kernel())
    {
        EXPECT_GT(pair.sender->statistics().sleeps, 5u);
    }
}

} // namespace
} // namespace heapwire::transport
