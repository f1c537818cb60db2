// SPDX-License-Identifier: BSD-3-Clause
#include <atomic>
#include <optional>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "heapwire/heap/builder_pool.h"
#include "heapwire/heap/heap.h"
#include "support/packet_maker.h"

namespace heapwire::test
{
namespace
{

void fill(heap_builder &builder, std::uint64_t cnt, std::uint64_t length)
{
    const packet p = make_packet({.cnt = cnt, .length = length, .size = length});
    ASSERT_EQ(builder.add(parse(p), {}, 0), join::accepted);
}

TEST(BuilderPool, GivesTheSameBuilderAgainAsNew)
{
    builder_pool pool;
    auto builder = pool.take();
    fill(*builder, 5, 100);
    const heap_builder *before = builder.get();
    const std::byte *memory = builder->payload().data();
    {
        const heap passing(std::move(builder));
    }
    builder = pool.take();
    EXPECT_EQ(builder.get(), before);
    EXPECT_TRUE(builder->is_empty());
    EXPECT_EQ(builder->received(), 0U);
    EXPECT_FALSE(builder->is_complete());
    EXPECT_TRUE(builder->payload().empty());
    fill(*builder, 6, 90);
    EXPECT_EQ(builder->payload().data(), memory) << "the payload memory is used again too";
    EXPECT_TRUE(has_pattern(builder->payload(), 6));
}

TEST(BuilderPool, KeepsNoMoreMemoryThanAllowed)
{
    builder_pool pool(2, 1000);
    std::vector<std::unique_ptr<heap_builder>> out;
    for (std::uint64_t i = 0; i < 4; ++i)
    {
        out.push_back(pool.take());
        fill(*out.back(), i, 600);
    }
    out.clear();
    std::size_t kept = 0;
    for (int i = 0; i < 4; ++i)
    {
        out.push_back(pool.take());
        kept += out.back()->kept_memory();
    }
    EXPECT_LE(kept, 1000U);
    EXPECT_GT(kept, 0U);
}

TEST(BuilderPool, MayGoBeforeItsBuilders)
{
    std::optional<builder_pool> pool(std::in_place);
    auto early = pool->take();
    auto late = pool->take();
    auto last = pool->take();
    fill(*late, 1, 10);
    early.reset();
    pool.reset();
    EXPECT_TRUE(has_pattern(late->payload(), 1));
    late.reset();
    last.reset();
}

TEST(BuilderPool, TakesBuildersBackFromManyThreadsWhileItGoes)
{
    for (int round = 0; round < 50; ++round)
    {
        std::optional<builder_pool> pool(std::in_place);
        std::vector<std::thread> threads;
        std::atomic<int> ready{0};
        for (std::uint64_t t = 0; t < 3; ++t)
        {
            std::vector<std::unique_ptr<heap_builder>> mine;
            for (std::uint64_t i = 0; i < 20; ++i)
            {
                mine.push_back(pool->take());
                fill(*mine.back(), t, i);
            }
            threads.emplace_back(
                [&ready, mine = std::move(mine)]() mutable
                {
                    ++ready;
                    mine.clear();
                });
        }
        while (ready < 3)
            std::this_thread::yield();
        pool.reset();
        for (std::thread &t : threads)
            t.join();
    }
}

TEST(BuilderPool, LeavesBuildersMadeByNewAlone)
{
    auto builder = std::make_unique<heap_builder>();
    fill(*builder, 1, 10);
    builder.reset(); // a leak or a double delete is the sanitizers' to find
}

} // namespace
} // namespace heapwire::test
