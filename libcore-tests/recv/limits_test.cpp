// SPDX-License-Identifier: BSD-3-Clause
/// Peers who ask for too much: memory stays bounded by the configuration.
#include <gtest/gtest.h>

#include "receiving.h"

namespace heapwire::test
{
namespace
{

using recv::stat;
constexpr wire::pointer_codec codec(40);

/// Counts what is out; the n-th request fails.
class counting_allocator : public allocator
{
public:
    buffer allocate(std::size_t size, const std::byte *) override
    {
        ++requests;
        if (fail_every != 0 && requests % fail_every == 0)
            throw std::bad_alloc();
        out += size;
        most = std::max(most, out);
        return buffer(
            new std::byte[size], size,
            [](std::byte *data, std::size_t bytes, void *me) noexcept
            {
                static_cast<counting_allocator *>(me)->out -= bytes;
                delete[] data;
            },
            this);
    }
    std::size_t requests = 0;
    std::size_t fail_every = 0;
    std::size_t out = 0;
    std::size_t most = 0;
};

class dropping_sink : public recv::heap_sink
{
public:
    bool accept(std::unique_ptr<heap_builder> &finished) override
    {
        ++heaps;
        finished.reset();
        return true;
    }
    std::size_t heaps = 0;
};

TEST(Limits, AFloodOfFirstPacketsHoldsMaxHeapsTimesMaxHeapSizeAtMost)
{
    auto memory = std::make_shared<counting_allocator>();
    dropping_sink sink;
    {
        recv::receiver r({.max_heaps = 8, .max_heap_size = 4096, .memory = memory}, sink);
        for (std::uint64_t cnt = 0; cnt < 100000; ++cnt)
            feed(r, make_packet({.cnt = cnt * 977, .length = 4096, .size = 8}));
        EXPECT_EQ(sink.heaps, 100000U - 8U);
        EXPECT_LE(memory->most, 9U * 4096U);
    }
    EXPECT_EQ(memory->out, 0U) << "everything must be given back";
}

TEST(Limits, AMillionHeapIdsOfOnePacketTakeNothing)
{
    auto memory = std::make_shared<counting_allocator>();
    dropping_sink sink;
    recv::receiver r({.memory = memory}, sink);
    packet p = make_packet({.cnt = 0, .length = 16, .size = 16});
    for (std::uint64_t cnt = 0; cnt < 1000000; ++cnt)
    {
        store_be(p.data() + 8, codec.immediate(1, cnt));
        feed(r, p);
    }
    EXPECT_EQ(sink.heaps, 1000000U);
    EXPECT_LE(memory->most, 2U * 16U);
}

TEST(Limits, AbsurdLengthsAreRefusedBeforeMemoryIsTaken)
{
    auto memory = std::make_shared<counting_allocator>();
    dropping_sink sink;
    recv::receiver r({.order = ordering::any_order, .memory = memory}, sink);
    feed(r, make_packet({.cnt = 1, .length = (1ULL << 40) - 1, .size = 8}));
    feed(r, make_packet({.cnt = 2, .offset = (1ULL << 40) - 9, .size = 8}));
    feed(r, make_packet({.cnt = 3, .length = (1ULL << 56) - 1, .size = 8, .bits = 56}));
    EXPECT_EQ(memory->requests, 0U);
    EXPECT_EQ(r.statistics()[join::heap_too_large], 3U);
}

TEST(Limits, ManyPointersStayLinearAndBounded)
{
    dropping_sink sink;
    recv::receiver r({.max_item_pointers = 50000}, sink);
    std::uint64_t id = 0x1000, at = 0;
    for (int i = 0; i < 30; ++i)
    {
        std::vector<wire::item_pointer> pointers;
        for (int k = 0; k < 4000; ++k, ++id)
            pointers.push_back(codec.immediate(id, id));
        feed(r, make_packet({.cnt = 1, .length = 100000, .offset = at, .size = 8, .pointers = pointers}));
        at = 8 * r.statistics()[stat::packets_accepted];
    }
    EXPECT_EQ(r.statistics()[stat::packets_accepted], 12U) << "12 times 4000 are below 50000, 13 are not";
    EXPECT_EQ(r.statistics()[join::too_many_pointers], 18U);
}

TEST(Limits, AnyAllocationMayFailAndTheStreamGoesOn)
{
    for (std::size_t every = 1; every <= 5; ++every)
    {
        auto memory = std::make_shared<counting_allocator>();
        memory->fail_every = every;
        dropping_sink sink;
        recv::receiver r({.order = ordering::any_order, .memory = memory}, sink);
        for (std::uint64_t cnt = 0; cnt < 60; ++cnt)
        {
            std::vector<packet> packets = make_heap(cnt, 400, 100);
            if (cnt % 3 == 0) // an unsized one, that grows
                for (std::uint64_t i = 0; i < 4; ++i)
                    packets[i] = make_packet({.cnt = cnt, .offset = 100 * i, .size = 100});
            feed(r, packets);
        }
        EXPECT_EQ(r.finish(), recv::flow::ended);
        EXPECT_EQ(r.statistics()[stat::packets], 240U);
        EXPECT_EQ(r.statistics()[stat::packets_accepted] + r.statistics().refused(), 240U);
        EXPECT_GT(r.statistics()[join::no_memory], 0U);
        EXPECT_EQ(r.statistics()[stat::heaps], sink.heaps);
        EXPECT_EQ(sink.heaps > 0, every > 1);
        EXPECT_EQ(memory->out, 0U);
    }
}

TEST(Limits, BadOptionsNameTheField)
{
    dropping_sink sink;
    const auto message_of = [&](const recv::options &how) -> std::string
    {
        try
        {
            recv::receiver r(how, sink);
        }
        catch (const std::invalid_argument &e)
        {
            return e.what();
        }
        return "accepted";
    };
    EXPECT_NE(message_of({.max_heaps = 0}).find("max_heaps"), std::string::npos);
    EXPECT_NE(message_of({.substreams = 0}).find("substreams"), std::string::npos);
    EXPECT_NE(message_of({.max_heaps = 1U << 20, .substreams = 1U << 20}).find("substreams"), std::string::npos);
    EXPECT_NE(message_of({.bug_compat = 8}).find("bug_compat"), std::string::npos);
    EXPECT_NE(message_of({.copy = nullptr}).find("copy"), std::string::npos);
    EXPECT_NE(message_of({.custom_stats = {{"heaps"}}}).find("custom_stats"), std::string::npos);
    EXPECT_NE(message_of({.custom_stats = {{"mine"}, {"mine"}}}).find("custom_stats"), std::string::npos);
    EXPECT_EQ(message_of({.custom_stats = {{"mine"}, {"yours", recv::stat_mode::maximum}}}), "accepted");
    EXPECT_THROW(recv::ring_options{.heaps = 0}.validate(), std::invalid_argument);
}

} // namespace
} // namespace heapwire::test
