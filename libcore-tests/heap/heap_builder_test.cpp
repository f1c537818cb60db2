// SPDX-License-Identifier: BSD-3-Clause
/// Joining packets to a heap: every rule of docs/reference/wire-format.md section 10.2 with its hardened column.
#include <set>

#include <gtest/gtest.h>

#include "heapwire/heap/heap_builder.h"
#include "support/packet_maker.h"

namespace heapwire::test
{
namespace
{

constexpr wire::pointer_codec codec(40);

class Joining : public testing::Test
{
protected:
    join add(const packet_plan &plan)
    {
        const packet bytes = make_packet(plan);
        return builder.add(parse(bytes), limits, 0);
    }

    heap_limits limits;
    heap_builder builder;
};

TEST_F(Joining, RefusesUnsizedHeapsIfToldTo) // A1
{
    limits.allow_unsized = false;
    EXPECT_EQ(add({.size = 10}), join::unsized);
    EXPECT_TRUE(builder.is_empty());
    EXPECT_EQ(add({.length = 20, .size = 10}), join::accepted);
    EXPECT_EQ(add({.offset = 10, .size = 10}), join::unsized);
}

TEST_F(Joining, InOrderWantsTheBeginningFirst) // A2
{
    EXPECT_EQ(add({.length = 20, .offset = 10, .size = 10}), join::late_start);
    EXPECT_TRUE(builder.is_empty());
}

TEST_F(Joining, InOrderRefusesGapsAndRepetitions) // A3
{
    EXPECT_EQ(add({.length = 30, .size = 10}), join::accepted);
    EXPECT_EQ(add({.length = 30, .size = 10}), join::out_of_order);
    EXPECT_EQ(add({.length = 30, .offset = 20, .size = 10}), join::out_of_order);
    EXPECT_EQ(add({.length = 30, .offset = 10, .size = 10}), join::accepted);
    EXPECT_EQ(builder.received(), 20U);
    EXPECT_EQ(builder.ranges(), (std::vector<byte_range>{{0, 20}}));
}

TEST_F(Joining, AnyOrderTellsDuplicatesAndOverlaps) // A4, A5
{
    limits.order = ordering::any_order;
    EXPECT_EQ(add({.length = 30, .offset = 10, .size = 10}), join::accepted);
    EXPECT_EQ(add({.length = 30, .offset = 10, .size = 10}), join::duplicate);
    EXPECT_EQ(add({.length = 30, .offset = 12, .size = 3}), join::duplicate);
    EXPECT_EQ(add({.length = 30, .offset = 5, .size = 10}), join::overlap);
    EXPECT_EQ(add({.length = 30, .offset = 20, .size = 10}), join::accepted);
    EXPECT_EQ(builder.ranges(), (std::vector<byte_range>{{10, 30}}));
    EXPECT_EQ(add({.length = 30, .size = 10}), join::accepted);
    EXPECT_TRUE(builder.is_complete());
    EXPECT_TRUE(has_pattern(builder.payload(), 1));
}

TEST_F(Joining, RefusesAnotherLength) // A6
{
    EXPECT_EQ(add({.length = 30, .size = 10}), join::accepted);
    EXPECT_EQ(add({.length = 31, .offset = 10, .size = 10}), join::length_mismatch);
}

TEST_F(Joining, RefusesALengthBelowWhatIsThere) // A7
{
    EXPECT_EQ(add({.size = 10, .pointers = {codec.addressed(0x1000, 50)}}), join::accepted);
    EXPECT_EQ(add({.length = 40, .offset = 10, .size = 10}), join::length_mismatch);
    EXPECT_EQ(add({.length = 50, .offset = 10, .size = 10}), join::accepted);
    EXPECT_EQ(builder.length(), 50U);
}

TEST_F(Joining, RefusesAnotherFlavour) // A8
{
    EXPECT_EQ(add({.length = 20, .size = 10}), join::accepted);
    EXPECT_EQ(add({.length = 20, .offset = 10, .size = 10, .bits = 48}), join::flavour_mismatch);
}

TEST_F(Joining, RefusesPayloadPastTheKnownEnd) // A9
{
    EXPECT_EQ(add({.length = 32, .size = 16}), join::accepted);
    EXPECT_EQ(add({.offset = 16, .size = 32}), join::past_heap);
    EXPECT_EQ(add({.offset = 16, .size = 16}), join::accepted);
    EXPECT_TRUE(builder.is_complete());
}

TEST_F(Joining, AnEmptyPacketOccupiesNoPlace) // A10
{
    limits.order = ordering::any_order;
    EXPECT_EQ(add({.length = 32, .offset = 8}), join::accepted);
    EXPECT_EQ(add({.length = 32, .offset = 8, .pointers = {codec.immediate(0x1001, 5)}}), join::accepted);
    EXPECT_EQ(add({.length = 32, .size = 32}), join::accepted);
    EXPECT_TRUE(builder.is_complete());
}

TEST_F(Joining, LearnsTheLengthLate) // A13
{
    EXPECT_EQ(add({.size = 10}), join::accepted);
    EXPECT_TRUE(builder.is_contiguous());
    EXPECT_FALSE(builder.is_complete());
    EXPECT_EQ(add({.length = 1000, .offset = 10, .size = 990}), join::accepted);
    EXPECT_TRUE(builder.is_complete());
    EXPECT_TRUE(has_pattern(builder.payload(), 1));
}

TEST_F(Joining, AnItemBeyondTheEndKeepsTheHeapIncomplete) // A14
{
    EXPECT_EQ(add({.length = 16, .size = 16, .pointers = {codec.addressed(0x1000, 17)}}), join::accepted);
    EXPECT_FALSE(builder.is_complete());
    EXPECT_FALSE(builder.is_contiguous());
    builder.freeze();
    EXPECT_TRUE(builder.items().empty());
}

TEST_F(Joining, LimitsDistinctPointersAndTakesBackWhatItAdded) // A15, A16
{
    limits.max_pointers = 12;
    limits.order = ordering::any_order;
    std::vector<wire::item_pointer> ten, more;
    for (std::uint64_t i = 0; i < 10; ++i)
        ten.push_back(codec.immediate(0x1000 + i, i));
    EXPECT_EQ(add({.length = 30, .size = 10, .pointers = ten}), join::accepted);
    EXPECT_EQ(add({.length = 30, .offset = 10, .size = 10, .pointers = ten}), join::accepted) << "known ones are free";
    for (std::uint64_t i = 0; i < 3; ++i)
        more.push_back(codec.immediate(0x2000 + i, i));
    EXPECT_EQ(add({.length = 30, .offset = 20, .size = 10, .pointers = more}), join::too_many_pointers);
    EXPECT_EQ(builder.received(), 20U);
    more.pop_back();
    EXPECT_EQ(add({.length = 30, .offset = 20, .size = 10, .pointers = more}), join::accepted);
    builder.freeze();
    EXPECT_EQ(builder.items().size(), 12U);
}

TEST_F(Joining, ChecksTheSizeBeforeTakingMemory)
{
    class refusing_to_be_asked : public allocator
    {
    public:
        buffer allocate(std::size_t, const std::byte *) override
        {
            ADD_FAILURE() << "memory was asked for";
            throw std::bad_alloc();
        }
    } memory;
    limits.memory = &memory;
    limits.max_heap_size = 1000;
    limits.order = ordering::any_order;
    EXPECT_EQ(add({.length = 1001, .size = 10}), join::heap_too_large);
    EXPECT_EQ(add({.length = (1ULL << 40) - 1, .size = 10}), join::heap_too_large);
    EXPECT_EQ(add({.offset = 995, .size = 10}), join::heap_too_large);
    EXPECT_EQ(add({.offset = (1ULL << 40) - 20, .size = 10}), join::heap_too_large);
    EXPECT_TRUE(builder.is_empty());
}

TEST_F(Joining, GrowsAnUnsizedHeapUpToTheLimitOnly)
{
    limits.max_heap_size = 1000;
    std::uint64_t at = 0;
    while (add({.offset = at, .size = 30}) == join::accepted)
        at += 30;
    EXPECT_EQ(at, 990U);
    EXPECT_EQ(builder.received(), 990U);
    EXPECT_LE(builder.kept_memory(), 1000U);
    EXPECT_TRUE(builder.is_contiguous());
    EXPECT_TRUE(has_pattern(builder.payload(), 1));
}

TEST_F(Joining, SurvivesAnAllocatorThatFails)
{
    class failing : public allocator
    {
    public:
        buffer allocate(std::size_t size, const std::byte *hint) override
        {
            if (fails)
                throw std::bad_alloc();
            return default_allocator()->allocate(size, hint);
        }
        bool fails = true;
    } memory;
    limits.memory = &memory;
    const packet_plan first{.size = 10, .pointers = {codec.immediate(0x1000, 1)}};
    EXPECT_EQ(add(first), join::no_memory);
    EXPECT_TRUE(builder.is_empty());
    memory.fails = false;
    EXPECT_EQ(add(first), join::accepted);
    memory.fails = true;
    EXPECT_EQ(add({.offset = 10, .size = 500, .pointers = {codec.immediate(0x1001, 1)}}), join::no_memory);
    EXPECT_EQ(builder.received(), 10U);
    memory.fails = false;
    EXPECT_EQ(add({.offset = 10, .size = 500}), join::accepted);
    builder.freeze();
    EXPECT_EQ(builder.items().size(), 1U) << "the refused packet's pointer must be gone";
    EXPECT_TRUE(has_pattern(builder.payload(), 1));
}

TEST_F(Joining, UsesTheGivenCopyFunctionAndNotesTimes)
{
    static int copies;
    copies = 0;
    limits.copy = [](std::byte *to, const std::byte *from, std::size_t size) noexcept
    {
        ++copies;
        std::memcpy(to, from, size);
    };
    const packet a = make_packet({.length = 20, .size = 10});
    const packet b = make_packet({.length = 20, .offset = 10, .size = 10});
    EXPECT_EQ(builder.add(parse(a), limits, 100), join::accepted);
    EXPECT_EQ(builder.add(parse(b), limits, 200), join::accepted);
    EXPECT_EQ(copies, 2);
    EXPECT_EQ(builder.first_time(), 100);
    EXPECT_EQ(builder.last_time(), 200);
    EXPECT_TRUE(has_pattern(builder.payload(), 1));
}

TEST(JoinTable, NamesEveryOutcomeOnce)
{
    std::set<std::string_view> names;
    for (std::size_t i = 0; i < join_count; ++i)
    {
        EXPECT_EQ(describe(static_cast<join>(i)).outcome, static_cast<join>(i));
        EXPECT_FALSE(describe(static_cast<join>(i)).text.empty());
        names.insert(describe(static_cast<join>(i)).counter);
    }
    EXPECT_EQ(names.size(), join_count);
}

} // namespace
} // namespace heapwire::test
