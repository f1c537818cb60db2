// SPDX-License-Identifier: BSD-3-Clause
/// A pause of the sender finds nothing held back inside the receiver.
#include <gtest/gtest.h>

#include <thread>

#include "transport/udp_pair.h"

namespace heapwire::transport
{
namespace
{

using std::chrono::seconds;
using std::chrono::steady_clock;

void wait_for_datagrams(const recv::heap_stream &stream, std::uint64_t count)
{
    const auto limit = steady_clock::now() + seconds(60);
    while (stream.statistics()[recv::stat::datagrams] < count && steady_clock::now() < limit)
        std::this_thread::yield();
    ASSERT_EQ(stream.statistics()[recv::stat::datagrams], count);
}

TEST(UdpPause, TheLastHeapComesOutThoughTheRingWasFullWhenItWasFinished)
{
    test::udp_pair pair({.endpoint = test::loopback_v4()}, {}, {}, {}, 1);
    for (unsigned round = 0; round < 20; ++round)
    {
        for (unsigned i = 0; i < 2; ++i)
        {
            test::sample_heap heap(100, i);
            ASSERT_FALSE(pair.sender->send_heap(heap.reference()).error);
        }
        wait_for_datagrams(pair.stream, 2 * (round + 1));
        for (int i = 0; i < 2; ++i)
        {
            heap out;
            ASSERT_EQ(pair.stream.pop_for(out, seconds(60)), recv::pop_status::ok) << "round " << round;
        }
    }
}

TEST(UdpPause, TheStreamEndsThoughTheRingIsFullWhenTheStopItemComes)
{
    test::udp_pair pair({.endpoint = test::loopback_v4()}, {}, {}, {}, 1);
    for (unsigned i = 0; i < 2; ++i)
    {
        test::sample_heap heap(100, i);
        ASSERT_FALSE(pair.sender->send_heap(heap.reference()).error);
    }
    outgoing_heap end;
    end.add_end();
    ASSERT_FALSE(pair.sender->send_heap({.heap = &end}).error);
    heap out;
    EXPECT_EQ(pair.stream.pop_for(out, seconds(60)), recv::pop_status::ok);
    EXPECT_EQ(pair.stream.pop_for(out, seconds(60)), recv::pop_status::ok);
    EXPECT_EQ(pair.stream.pop_for(out, seconds(60)), recv::pop_status::ended);
}

} // namespace
} // namespace heapwire::transport
