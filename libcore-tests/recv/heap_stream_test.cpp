// SPDX-License-Identifier: BSD-3-Clause
/// The stream without threads: a test holds the gate, and is the consumer too.
#include <mutex>
#include <stdexcept>

#include <gtest/gtest.h>

#include "heapwire/recv/heap_stream.h"
#include "receiving.h"
#include "support/captured_log.h"

namespace heapwire::test
{
namespace
{

using recv::flow;
using recv::heap_stream;
using recv::pop_status;
using recv::stat;

recv::taken give(heap_stream &stream, const std::vector<packet> &packets)
{
    return stream.gate()->take(as_datagrams(packets));
}

std::vector<packet> small_heaps(std::uint64_t first, std::uint64_t last)
{
    std::vector<packet> out;
    for (std::uint64_t cnt = first; cnt <= last; ++cnt)
        out.push_back(make_heap(cnt, 10, 10)[0]);
    return out;
}

TEST(HeapStream, HandsHeapsToTheConsumer)
{
    heap_stream stream;
    EXPECT_EQ(give(stream, make_heap(3, 500, 100)).state, flow::go_on);
    const auto got = stream.pop();
    ASSERT_TRUE(got);
    EXPECT_EQ(got->cnt(), 3U);
    EXPECT_TRUE(has_pattern(got->payload(), 3));
    heap none;
    EXPECT_EQ(stream.try_pop(none), pop_status::empty);
    EXPECT_EQ(stream.pop_for(none, std::chrono::milliseconds(1)), pop_status::timeout);
}

TEST(HeapStream, DeliversWhatIsQueuedAfterAStopItemAndThenEnds)
{
    heap_stream stream;
    auto packets = small_heaps(1, 3);
    packets.push_back(make_stop(9));
    EXPECT_EQ(give(stream, packets).state, flow::ended);
    EXPECT_TRUE(stream.gate()->ended());
    for (std::uint64_t cnt = 1; cnt <= 3; ++cnt)
        EXPECT_EQ(stream.pop()->cnt(), cnt);
    EXPECT_FALSE(stream.pop());
    heap none;
    EXPECT_EQ(stream.try_pop(none), pop_status::ended);
}

TEST(HeapStream, SkipsIncompleteHeapsOrHandsThemOut)
{
    for (const bool contiguous_only : {true, false})
    {
        heap_stream stream({}, {.contiguous_only = contiguous_only});
        give(stream, {make_heap(1, 200, 100)[0], make_heap(2, 10, 10)[0], make_heap(3, 200, 100)[0], make_stop(4)});
        heap got;
        if (!contiguous_only)
        {
            EXPECT_EQ(stream.try_pop_any(got), pop_status::ok);
            EXPECT_EQ(got.cnt(), 2U);
            EXPECT_EQ(stream.try_pop_any(got), pop_status::ok);
            EXPECT_EQ(got.cnt(), 1U);
            EXPECT_FALSE(got.is_contiguous());
            EXPECT_EQ(stream.try_pop(got), pop_status::ended) << "only an incomplete one is left";
        }
        else
        {
            EXPECT_EQ(stream.pop()->cnt(), 2U);
            EXPECT_FALSE(stream.pop());
        }
        EXPECT_EQ(stream.statistics()[stat::heaps], 3U);
        EXPECT_EQ(stream.statistics()[stat::heaps_dropped_incomplete], contiguous_only ? 2U : 0U);
    }
}

TEST(HeapStream, CallsTheHookWhenThereIsRoomAndGoesOn)
{
    heap_stream stream({}, {.heaps = 2});
    const auto packets = small_heaps(1, 5);
    const auto first = give(stream, packets);
    EXPECT_EQ(first.state, flow::full);
    EXPECT_EQ(first.used, 3U);
    counting_hook hook;
    ASSERT_TRUE(stream.gate()->call_on_space(hook));
    EXPECT_EQ(stream.pop()->cnt(), 1U);
    EXPECT_EQ(hook.calls, 1);
    EXPECT_EQ(stream.gate()->take({}).state, flow::go_on);
    EXPECT_EQ(stream.pop()->cnt(), 2U);
    EXPECT_EQ(stream.pop()->cnt(), 3U);
    EXPECT_EQ(give(stream, {packets.begin() + 3, packets.end()}).used, 2U);
    EXPECT_FALSE(stream.gate()->call_on_space(hook) && stream.ring().size() < 2) << "there is room";
    stream.gate()->cancel(hook);
    EXPECT_EQ(stream.statistics()[stat::worker_blocked], 1U);
}

// What the consumer of a stream is told, by a hook of its own.
class told
{
public:
    explicit told(heap_stream &stream) : stream_(stream) { EXPECT_TRUE(stream.ring().call_on_data(hook_)); }
    ~told() { stream_.ring().cancel(hook_); }
    int times() const { return hook_.calls; }

private:
    heap_stream &stream_;
    counting_hook hook_;
};

TEST(HeapStream, WakesConsumersWhenTheSourceSaysThatNoMoreFollows)
{
    heap_stream stream({}, {.heaps = 8});
    const told consumer(stream);
    const auto gate = stream.gate();
    EXPECT_EQ(gate->take(as_datagrams(small_heaps(1, 2)), true).state, flow::go_on);
    EXPECT_EQ(gate->take(as_datagrams(small_heaps(3, 4)), true).state, flow::go_on);
    EXPECT_EQ(stream.ring().size(), 4U) << "who looks, finds them";
    EXPECT_EQ(consumer.times(), 0);
    EXPECT_EQ(gate->take({}).state, flow::go_on);
    EXPECT_EQ(consumer.times(), 1);
}

TEST(HeapStream, WakesConsumersAtOnceWhenTheRingFillsUp)
{
    heap_stream stream({}, {.heaps = 8});
    const told consumer(stream);
    (void)stream.gate()->take(as_datagrams(small_heaps(1, 4)), true);
    EXPECT_EQ(consumer.times(), 0);
    (void)stream.gate()->take(as_datagrams(small_heaps(5, 5)), true);
    EXPECT_EQ(consumer.times(), 1);
}

TEST(HeapStream, WakesConsumersWhenItEndsWhateverTheSourceSaid)
{
    for (const bool by_source : {true, false})
    {
        heap_stream stream({}, {.heaps = 8});
        const told consumer(stream);
        (void)stream.gate()->take(as_datagrams(small_heaps(1, 2)), true);
        if (by_source)
            (void)stream.gate()->take(as_datagrams({make_stop(3)}), true);
        else
            stream.stop();
        EXPECT_EQ(consumer.times(), 1);
    }
}

TEST(HeapStream, EndsOnlyWhenEverythingIsInTheRing)
{
    heap_stream stream({}, {.heaps = 1, .contiguous_only = false});
    EXPECT_EQ(give(stream, {make_heap(1, 200, 100)[0], make_heap(2, 200, 100)[0]}).state, flow::go_on);
    EXPECT_EQ(stream.gate()->source_ended(), flow::full);
    EXPECT_FALSE(stream.gate()->ended());
    heap got;
    EXPECT_EQ(stream.try_pop_any(got), pop_status::ok);
    EXPECT_EQ(got.cnt(), 1U);
    EXPECT_EQ(stream.try_pop_any(got), pop_status::empty) << "not yet ended: one heap waits inside";
    EXPECT_EQ(stream.gate()->source_ended(), flow::ended);
    EXPECT_EQ(stream.try_pop_any(got), pop_status::ok);
    EXPECT_EQ(got.cnt(), 2U);
    EXPECT_EQ(stream.try_pop_any(got), pop_status::ended);
}

TEST(HeapStream, UserStopLeavesTheQueueAndDropsTheRest)
{
    heap_stream stream({}, {.heaps = 2});
    auto packets = small_heaps(1, 2);
    packets.push_back(make_heap(7, 200, 100)[0]);
    packets.push_back(make_heap(3, 10, 10)[0]);
    EXPECT_EQ(give(stream, packets).state, flow::full);
    stream.stop();
    stream.stop();
    EXPECT_EQ(give(stream, packets).state, flow::ended);
    EXPECT_EQ(stream.pop()->cnt(), 1U);
    EXPECT_EQ(stream.pop()->cnt(), 2U);
    EXPECT_FALSE(stream.pop());
    const auto counted = stream.statistics();
    EXPECT_EQ(counted[stat::heaps_dropped_stopped], 1U);
    EXPECT_EQ(counted[stat::heaps_dropped_incomplete], 1U);
    EXPECT_EQ(counted[stat::incomplete_heaps_flushed], 1U);
    EXPECT_EQ(counted[join::after_stop], 4U);
}

TEST(HeapStream, GateOutlivesTheStream)
{
    std::shared_ptr<recv::packet_gate> gate;
    {
        heap_stream stream;
        gate = stream.gate();
    }
    const packet p = make_heap(1, 10, 10)[0];
    EXPECT_EQ(gate->take(as_datagrams({p})).state, flow::ended);
    EXPECT_EQ(gate->source_ended(), flow::ended);
    EXPECT_EQ(gate->take_stream(p).state, flow::ended);
    EXPECT_TRUE(gate->ended());
}

TEST(HeapStream, HeapsOutliveTheStream)
{
    heap kept;
    {
        heap_stream stream;
        give(stream, make_heap(3, 500, 100));
        EXPECT_EQ(stream.try_pop(kept), pop_status::ok);
    }
    EXPECT_TRUE(has_pattern(kept.find(0x1000)->bytes, 3));
}

TEST(HeapStream, LetsCallbacksCountInCustomStatistics)
{
    struct measuring : allocator
    {
        buffer allocate(std::size_t size, const std::byte *hint) override
        {
            slots[0] += 1;
            slots[1] = std::max<std::uint64_t>(slots[1], size);
            return default_allocator()->allocate(size, hint);
        }
        std::span<std::uint64_t> slots;
    };
    auto memory = std::make_shared<measuring>();
    heap_stream stream({.memory = memory, .custom_stats = {{"allocations"}, {"largest", recv::stat_mode::maximum}}});
    memory->slots = stream.custom_values();
    give(stream, make_heap(1, 300, 100));
    give(stream, make_heap(2, 100, 100));
    EXPECT_EQ(stream.statistics().at("allocations"), 2U);
    EXPECT_EQ(stream.statistics().at("largest"), 300U);
}

// --- sources

struct source_log
{
    int made = 0, started = 0, stopped = 0, asked = 0, gone = 0;
};

class dummy_source : public recv::source
{
public:
    enum class on_start
    {
        succeed,
        fail
    };
    explicit dummy_source(source_log &log, on_start what = on_start::succeed, bool lossy = true)
        : log_(log), what_(what), lossy_(lossy)
    {
        ++log_.made;
    }
    ~dummy_source() override { ++log_.gone; }
    void start() override
    {
        ++log_.started;
        if (what_ == on_start::fail)
            throw std::runtime_error("no such network");
    }
    void stop() noexcept override { ++log_.stopped; }
    void request_stop() noexcept override { ++log_.asked; }
    [[nodiscard]] bool lossy() const noexcept override { return lossy_; }

private:
    source_log &log_;
    on_start what_;
    bool lossy_;
};

TEST(Sources, StartWhenAddedStopWithTheStreamAndGoWithIt)
{
    source_log log;
    {
        heap_stream stream;
        stream.add(std::make_unique<dummy_source>(log));
        EXPECT_EQ(log.started, 1);
        stream.stop();
        EXPECT_EQ(log.stopped, 1);
        EXPECT_EQ(log.gone, 0) << "sources are destroyed with the stream, not before";
        stream.add(std::make_unique<dummy_source>(log));
        EXPECT_EQ(log.started, 1) << "added to an ended stream: dropped, never started";
        EXPECT_EQ(log.gone, 1);
    }
    EXPECT_EQ(log.gone, 2);
}

TEST(Sources, AreAskedToStopByTheNetworksStop)
{
    source_log log;
    heap_stream stream;
    stream.add(std::make_unique<dummy_source>(log));
    stream.add(std::make_unique<dummy_source>(log));
    give(stream, {make_stop(1)});
    EXPECT_EQ(log.asked, 2);
    EXPECT_EQ(log.stopped, 0) << "stop() never comes from inside take()";
    stream.add(std::make_unique<dummy_source>(log));
    EXPECT_EQ(log.started, 2);
}

TEST(Sources, WaitForAnExplicitStart)
{
    source_log log;
    heap_stream stream({.explicit_start = true});
    stream.add(std::make_unique<dummy_source>(log));
    stream.add(std::make_unique<dummy_source>(log));
    EXPECT_EQ(log.started, 0);
    stream.start();
    EXPECT_EQ(log.started, 2);
    EXPECT_THROW(stream.start(), std::logic_error);
    EXPECT_THROW(stream.add(std::make_unique<dummy_source>(log)), std::logic_error);
    heap_stream other;
    EXPECT_THROW(other.start(), std::logic_error);
}

TEST(Sources, EndTheStreamAloneOrTogether)
{
    for (const auto policy : {recv::end_when::any_source, recv::end_when::last_source})
    {
        source_log log;
        heap_stream stream({.end = policy});
        stream.add(std::make_unique<dummy_source>(log));
        stream.add(std::make_unique<dummy_source>(log));
        const bool first_is_enough = policy == recv::end_when::any_source;
        EXPECT_EQ(stream.gate()->source_ended(), first_is_enough ? flow::ended : flow::go_on);
        EXPECT_EQ(stream.gate()->source_ended(), flow::ended);
        EXPECT_FALSE(stream.pop());
    }
}

TEST(Sources, ThatFailToStartAreReportedAndForgotten)
{
    source_log log;
    heap_stream stream({.end = recv::end_when::last_source});
    stream.add(std::make_unique<dummy_source>(log));
    EXPECT_THROW(stream.add(std::make_unique<dummy_source>(log, dummy_source::on_start::fail)), std::runtime_error);
    EXPECT_EQ(stream.gate()->source_ended(), flow::ended) << "only the sound one was waited for";
}

TEST(Sources, ThatLosePacketsDeserveOneWarningWhenTheRingIsFull)
{
    for (const bool lossy : {true, false})
    {
        captured_log log;
        source_log counts;
        heap_stream stream({}, {.heaps = 1});
        stream.add(std::make_unique<dummy_source>(counts, dummy_source::on_start::succeed, lossy));
        for (int i = 0; i < 3; ++i)
        {
            EXPECT_EQ(give(stream, small_heaps(1, 3)).state, flow::full);
            EXPECT_TRUE(stream.pop());
        }
        EXPECT_EQ(log.count("ring of 1 heaps is full"), lossy ? 1u : 0u);
    }
}

TEST(HeapStream, WarnsOfIncompleteHeapsWithoutFloodingTheLog)
{
    captured_log log;
    {
        heap_stream stream;
        std::vector<packet> packets;
        for (std::uint64_t cnt = 0; cnt < 500; ++cnt)
            packets.push_back(make_heap(cnt, 200, 100)[0]);
        give(stream, packets);
    }
    EXPECT_GE(log.count("dropped incomplete heap 0: 100 of 200 bytes arrived"), 1u);
    EXPECT_LT(log.count("dropped incomplete heap"), 250u) << "at most one a second";
}

} // namespace
} // namespace heapwire::test
