// SPDX-License-Identifier: BSD-3-Clause
/// A sender without memory: what it accepted completes all the same.
#include <gtest/gtest.h>

#include "send/sending.h"
#include "support/failing_new.h"

namespace heapwire::test
{
namespace
{

const std::error_code no_memory = std::make_error_code(std::errc::not_enough_memory);

TEST(SenderWithoutMemory, FailsAHeapItCannotCutAndGoesOn)
{
    test_heap heap;
    heap.add(0x1000, counting(3000));
    send::heap_reference reference{.heap = &heap.heap, .cnt = 1};
    send::sender sender({}, 1);
    ASSERT_FALSE(sender.push({&reference, 1}, send::group_mode::serial, numbered(1)));
    ASSERT_FALSE(sender.push({&reference, 1}, send::group_mode::serial, numbered(2)));
    {
        memory_ends now(0, memory_ends::for_good);
        EXPECT_EQ(sender.next(at_ns(0)).what, send::next_step::idle);
    }
    EXPECT_TRUE(sender.has_finished());
    EXPECT_TRUE(sender.idle());
    std::vector<send::finished> done = take(sender);
    ASSERT_EQ(done.size(), 2u);
    EXPECT_EQ(done[0].what.error, no_memory);
    EXPECT_EQ(done[1].whom.token, 2u);
    EXPECT_EQ(sender.statistics().heaps_failed, 2u);

    ASSERT_FALSE(sender.push({&reference, 1}, send::group_mode::serial, numbered(3)));
    EXPECT_EQ(drain(sender), cut(heap.heap, 1, send::options{}));
    done = take(sender);
    ASSERT_EQ(done.size(), 1u);
    EXPECT_FALSE(done[0].what.error);
}

// Small items are copied into the batch: more of them than its first block of memory holds.
TEST(SenderWithoutMemory, SendsShorterBatchesIfALongOneDoesNotFit)
{
    test_heap heap;
    for (int i = 0; i < 800; ++i)
        heap.add(0x1000 + static_cast<std::uint64_t>(i), counting(200));
    send::heap_reference reference{.heap = &heap.heap, .cnt = 1};
    send::sender sender({}, 1);
    ASSERT_FALSE(sender.push({&reference, 1}, send::group_mode::serial, numbered(1)));
    bool ended = false;
    for (std::size_t good = 0; good < 8; ++good) // the first block, and the lists, are there
    {
        memory_ends soon(good, memory_ends::for_good);
        send::next_step step = sender.next(at_ns(0));
        if (step.what == send::next_step::write)
            sender.written(step.packets.size(), {}, at_ns(0));
        ended |= soon.happened() && step.what == send::next_step::write;
    }
    drain(sender);
    std::vector<send::finished> done = take(sender);
    ASSERT_EQ(done.size(), 1u);
    EXPECT_TRUE(ended || done[0].what.error == no_memory);
}

// Each allocation of the whole course of things fails in its turn.
TEST(SenderWithoutMemory, CompletesEveryGroupOnceWhereverItEnds)
{
    test_heap small, large;
    small.add(0x1000, counting(100));
    large.add(0x1000, counting(200)).add(0x1001, counting(20000));
    const send::heap_reference group[] = {{.heap = &large.heap}, {.heap = &small.heap}, {.heap = &large.heap}};
    for (auto extent : {memory_ends::once, memory_ends::for_good})
        for (std::size_t good = 0;; ++good)
        {
            send::options how;
            how.max_heaps = 60;
            send::sender sender(how, 1);
            std::uint64_t accepted = 0;
            std::uint64_t completed = 0;
            bool happened = false;
            {
                memory_ends then(good, extent);
                for (int i = 0; i < 12; ++i)
                {
                    try
                    {
                        accepted +=
                            !sender.push(group, i % 2 ? send::group_mode::serial : send::group_mode::round_robin,
                                         numbered(accepted));
                    }
                    catch (const std::bad_alloc &)
                    {
                    }
                    send::next_step step = sender.next(at_ns(0));
                    sender.written(std::min<std::size_t>(step.packets.size(), 5), {}, at_ns(0));
                }
                happened = then.happened();
            }
            drain(sender);
            for (const send::finished &done : take(sender))
                ASSERT_EQ(done.whom.token, completed++) << good;
            ASSERT_EQ(completed, accepted) << good;
            ASSERT_TRUE(sender.idle());
            if (!happened)
                break;
        }
}

} // namespace
} // namespace heapwire::test
