// SPDX-License-Identifier: BSD-3-Clause
/// The receiver step by step: windows, stop, a full sink, bytes without borders.
#include <gtest/gtest.h>

#include "receiving.h"

namespace heapwire::test
{
namespace
{

using recv::flow;
using recv::stat;
using cnt_list = std::vector<std::uint64_t>;
constexpr wire::pointer_codec codec(40);

TEST(Receiver, PutsAHeapTogetherAndHandsItOver)
{
    gathering_sink sink;
    recv::receiver r({}, sink);
    const auto packets = make_heap(7, 1000, 100);
    EXPECT_EQ(feed(r, packets).used, 10U);
    ASSERT_EQ(cnts(sink.heaps), (cnt_list{7}));
    EXPECT_TRUE(sink.heaps[0].is_complete());
    EXPECT_TRUE(has_pattern(sink.heaps[0].find(0x1000)->bytes, 7));
    EXPECT_EQ(r.statistics()[stat::packets_accepted], 10U);
    EXPECT_EQ(r.statistics()[stat::batches], 1U);
    EXPECT_EQ(r.statistics()[stat::max_batch], 10U);
    EXPECT_EQ(r.statistics()[stat::single_packet_heaps], 0U);
}

TEST(Receiver, InterleavesHeapsWithinTheWindow)
{
    gathering_sink sink;
    recv::receiver r({.max_heaps = 3}, sink);
    const auto a = make_heap(1, 200, 100), b = make_heap(2, 200, 100), c = make_heap(3, 200, 100);
    feed(r, {a[0], b[0], c[0], b[1], a[1], c[1]});
    EXPECT_EQ(cnts(sink.heaps), (cnt_list{2, 1, 3}));
    EXPECT_EQ(r.statistics()[stat::incomplete_heaps_evicted], 0U);
}

TEST(Receiver, ARefusedFirstPacketGivesNobodyUp)
{
    gathering_sink sink;
    recv::receiver r({.max_heaps = 1, .max_heap_size = 1000}, sink);
    const auto a = make_heap(1, 200, 100), b = make_heap(2, 200, 100), huge = make_heap(3, 2000, 100);
    feed(r, {a[0], b[1], huge[0], a[1]});
    EXPECT_EQ(cnts(sink.heaps), (cnt_list{1}));
    EXPECT_EQ(r.statistics()[join::late_start], 1U);
    EXPECT_EQ(r.statistics()[join::heap_too_large], 1U);
}

TEST(Receiver, TellsSourcesApartIfAsked)
{
    for (const bool apart : {true, false})
    {
        gathering_sink sink;
        recv::receiver r({.key_by_source = apart}, sink);
        const auto p = make_heap(1, 200, 100);
        const std::vector<recv::datagram> mixed{{p[0], 10}, {p[0], 11}, {p[1], 10}, {p[1], 11}};
        EXPECT_EQ(r.take(mixed).used, 4U);
        EXPECT_EQ(sink.heaps.size(), apart ? 2U : 1U);
        EXPECT_EQ(sink.heaps[0].source(), apart ? 10U : 0U);
    }
}

TEST(Receiver, CountsTruncatedDatagramsAsMalformed)
{
    gathering_sink sink;
    recv::receiver r({}, sink);
    const packet p = make_heap(1, 10, 10)[0];
    const recv::datagram d{.bytes = p, .truncated = true};
    EXPECT_EQ(r.take({&d, 1}).state, flow::go_on);
    EXPECT_EQ(r.statistics()[wire::reject::truncated], 1U);
    EXPECT_EQ(r.statistics()[stat::packets], 0U);
}

TEST(Receiver, NotesTimesOnHeaps)
{
    gathering_sink sink;
    recv::receiver r({}, sink);
    const auto p = make_heap(1, 200, 100);
    const std::vector<recv::datagram> timed{{.bytes = p[0], .time = 1000}, {.bytes = p[1], .time = 2000}};
    EXPECT_EQ(r.take(timed).used, 2U);
    EXPECT_EQ(sink.heaps[0].first_packet_time(), 1000);
    EXPECT_EQ(sink.heaps[0].last_packet_time(), 2000);
}

// --- the stop item

TEST(Stop, DiscardsItsOwnHeapAndFlushesTheOthers)
{
    gathering_sink sink;
    recv::receiver r({}, sink);
    const auto a = make_heap(1, 200, 100);
    const auto fed = feed(r, {a[0], make_stop(2), a[1], make_heap(3, 10, 10)[0]});
    EXPECT_EQ(fed.used, 4U);
    EXPECT_EQ(fed.state, flow::ended);
    EXPECT_TRUE(r.ended());
    EXPECT_EQ(cnts(sink.heaps), (cnt_list{1}));
    EXPECT_EQ(r.statistics()[stat::heaps], 1U);
    EXPECT_EQ(r.statistics()[stat::incomplete_heaps_flushed], 1U);
    EXPECT_EQ(r.statistics()[join::after_stop], 2U);
    EXPECT_EQ(feed(r, a).state, flow::ended);
    EXPECT_EQ(r.statistics()[join::after_stop], 4U);
}

TEST(Stop, InAnIncompleteHeapFlushesThatHeapToo)
{
    gathering_sink sink;
    recv::receiver r({}, sink);
    feed(r, make_packet({.cnt = 5, .length = 100, .size = 10, .pointers = {codec.immediate(6, 2)}}));
    EXPECT_TRUE(r.ended());
    ASSERT_EQ(cnts(sink.heaps), (cnt_list{5}));
    EXPECT_TRUE(sink.heaps[0].is_end_of_stream());
}

TEST(Stop, InTheLastPacketDiscardsTheWholeHeap)
{
    gathering_sink sink;
    recv::receiver r({}, sink);
    feed(r, {make_packet({.cnt = 5, .length = 20, .size = 10}),
             make_packet({.cnt = 5, .length = 20, .offset = 10, .size = 10, .pointers = {codec.immediate(6, 2)}})});
    EXPECT_TRUE(r.ended());
    EXPECT_TRUE(sink.heaps.empty());
}

TEST(Stop, OfARefusedPacketCountsForNothing)
{
    gathering_sink sink;
    recv::receiver r({}, sink);
    feed(r, {make_packet({.cnt = 5, .length = 30, .size = 10}),
             make_packet({.cnt = 5, .length = 30, .offset = 20, .size = 10, .pointers = {codec.immediate(6, 2)}})});
    EXPECT_FALSE(r.ended());
}

TEST(Stop, IsAnOrdinaryItemIfSwitchedOff)
{
    gathering_sink sink;
    recv::receiver r({.stop_on_stop_item = false}, sink);
    feed(r, {make_stop(1), make_heap(2, 10, 10)[0]});
    EXPECT_FALSE(r.ended());
    ASSERT_EQ(cnts(sink.heaps), (cnt_list{1, 2}));
    EXPECT_TRUE(sink.heaps[0].is_end_of_stream());
}

// --- a sink without room

TEST(FullSink, StopsReadingAndKeepsWhatIsFinished)
{
    gathering_sink sink;
    sink.room = 1;
    recv::receiver r({}, sink);
    std::vector<packet> packets;
    for (std::uint64_t cnt = 1; cnt <= 5; ++cnt)
        packets.push_back(make_heap(cnt, 10, 10)[0]);
    auto fed = feed(r, packets);
    EXPECT_EQ(fed.state, flow::full);
    EXPECT_EQ(fed.used, 2U) << "the second heap waits inside";
    EXPECT_EQ(feed(r, packets).used, 0U);
    EXPECT_EQ(r.retry(), flow::full);
    EXPECT_EQ(r.statistics()[stat::worker_blocked], 1U) << "one pause, however often one asks";
    sink.room = 2;
    fed = r.take(as_datagrams({packets.begin() + 2, packets.end()}));
    EXPECT_EQ(fed.state, flow::full);
    EXPECT_EQ(fed.used, 2U);
    EXPECT_EQ(r.statistics()[stat::worker_blocked], 2U);
    sink.room = 10;
    EXPECT_EQ(r.take({}).state, flow::go_on) << "an empty batch is a retry";
    EXPECT_EQ(feed(r, packets[4]).state, flow::go_on);
    EXPECT_EQ(cnts(sink.heaps), (cnt_list{1, 2, 3, 4, 5}));
}

TEST(FullSink, KeepsTheOrderOfAHeapGivenUpAndTheOneThatPushedItOut)
{
    gathering_sink sink;
    sink.room = 0;
    recv::receiver r({.max_heaps = 1}, sink);
    const auto a = make_heap(1, 200, 100);
    EXPECT_EQ(feed(r, {a[0], make_heap(2, 10, 10)[0]}).state, flow::full);
    sink.room = 1;
    EXPECT_EQ(r.retry(), flow::full);
    sink.room = 1;
    EXPECT_EQ(r.retry(), flow::go_on);
    EXPECT_EQ(cnts(sink.heaps), (cnt_list{1, 2}));
    EXPECT_EQ(r.statistics()[stat::heaps], 2U);
}

TEST(FullSink, LetsAStopWaitUntilEverythingIsOut)
{
    gathering_sink sink;
    sink.room = 1;
    recv::receiver r({}, sink);
    std::vector<packet> packets;
    for (std::uint64_t cnt = 1; cnt <= 3; ++cnt)
        packets.push_back(make_heap(cnt, 200, 100)[0]);
    packets.push_back(make_stop(9));
    packets.push_back(packets[0]);
    auto fed = feed(r, packets);
    EXPECT_EQ(fed.state, flow::full);
    EXPECT_EQ(fed.used, 5U) << "what comes after the stop is counted and gone";
    EXPECT_FALSE(r.ended());
    sink.room = 1;
    EXPECT_EQ(r.retry(), flow::full);
    sink.room = 1;
    EXPECT_EQ(r.retry(), flow::ended);
    EXPECT_TRUE(r.ended());
    EXPECT_EQ(cnts(sink.heaps), (cnt_list{1, 2, 3}));
    EXPECT_EQ(r.statistics()[join::after_stop], 1U);
}

TEST(FullSink, LetsFinishBeCalledAgain)
{
    gathering_sink sink;
    sink.room = 0;
    recv::receiver r({}, sink);
    feed(r, {make_heap(1, 200, 100)[0], make_heap(2, 200, 100)[0]});
    EXPECT_EQ(r.finish(), flow::full);
    EXPECT_EQ(r.finish(), flow::full);
    sink.room = 2;
    EXPECT_EQ(r.finish(), flow::ended);
    EXPECT_EQ(cnts(sink.heaps), (cnt_list{1, 2}));
}

// --- bytes without borders

packet joined(const std::vector<packet> &packets)
{
    packet all;
    for (const packet &p : packets)
        all.insert(all.end(), p.begin(), p.end());
    return all;
}

TEST(Bytes, AreParsedPacketByPacketAndAPieceIsLeft)
{
    const packet all = joined(make_heap(3, 1000, 100));
    const std::size_t one = all.size() / 10;
    for (std::size_t cut = 0; cut <= all.size(); cut += 13)
    {
        gathering_sink sink;
        recv::receiver r({}, sink);
        auto first = r.take_stream(bytes_view(all).first(cut));
        EXPECT_EQ(first.state, flow::go_on);
        EXPECT_LE(first.used, cut);
        EXPECT_LT(cut - first.used, one + 16);
        auto second = r.take_stream(bytes_view(all).subspan(first.used));
        EXPECT_EQ(first.used + second.used, all.size());
        EXPECT_EQ(cnts(sink.heaps), (cnt_list{3}));
        EXPECT_EQ(r.statistics()[stat::packets], 10U);
        EXPECT_EQ(r.statistics()[stat::datagrams], 10U);
    }
}

TEST(Bytes, EndTheStreamWhenTheyAreNonsense)
{
    packet all = joined({make_heap(1, 10, 10)[0], make_heap(2, 200, 100)[0]});
    const std::size_t sound = all.size();
    all.resize(all.size() + 100, std::byte{0x77});
    gathering_sink sink;
    recv::receiver r({}, sink);
    const auto fed = r.take_stream(all);
    EXPECT_EQ(fed.state, flow::ended);
    EXPECT_EQ(fed.used, sound);
    EXPECT_EQ(cnts(sink.heaps), (cnt_list{1, 2}));
    EXPECT_EQ(r.statistics()[wire::reject::bad_magic], 1U);
    EXPECT_EQ(r.statistics()[stat::datagrams], 3U);
}

TEST(Bytes, WaitForRoomLikeDatagrams)
{
    const packet all = joined({make_heap(1, 10, 10)[0], make_heap(2, 10, 10)[0], make_heap(3, 10, 10)[0]});
    gathering_sink sink;
    sink.room = 1;
    recv::receiver r({}, sink);
    const auto fed = r.take_stream(all);
    EXPECT_EQ(fed.state, flow::full);
    EXPECT_EQ(fed.used, 2 * all.size() / 3);
    sink.room = 9;
    EXPECT_EQ(r.take_stream(bytes_view(all).subspan(fed.used)).state, flow::go_on);
    EXPECT_EQ(cnts(sink.heaps), (cnt_list{1, 2, 3}));
}

} // namespace
} // namespace heapwire::test
