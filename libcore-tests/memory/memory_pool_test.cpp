// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/memory/memory_pool.h"

#include <atomic>
#include <cstring>
#include <mutex>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "heapwire/base/birth.h"
#include "heapwire/base/log.h"

namespace heapwire
{
namespace
{

/// Counts what is out, and can be told to have no more.
class counting_allocator final : public allocator
{
public:
    buffer allocate(std::size_t size, const std::byte *hint) override
    {
        if (empty)
            throw std::bad_alloc();
        made.fetch_add(1);
        live->fetch_add(1);
        last_hint = hint;
        struct owned
        {
            std::shared_ptr<std::atomic<int>> live;
            std::vector<std::byte> bytes;
        };
        auto *const memory = new owned{live, std::vector<std::byte>(size)};
        const auto release = [](std::byte *, std::size_t, void *context) noexcept
        {
            auto *const mine = static_cast<owned *>(context);
            mine->live->fetch_sub(1);
            delete mine;
        };
        return {memory->bytes.data(), size, release, memory};
    }

    std::shared_ptr<std::atomic<int>> live = std::make_shared<std::atomic<int>>(0);
    std::atomic<int> made{0};
    std::atomic<const std::byte *> last_hint{nullptr};
    std::atomic<bool> empty{false};
};

class MemoryPool : public testing::Test
{
protected:
    memory_pool_options with(std::optional<std::size_t> max_free, std::size_t initial = 0, std::size_t low_water = 0)
    {
        memory_pool_options how;
        how.lower = 100;
        how.upper = 1000;
        how.max_free = max_free;
        how.initial = initial;
        how.low_water = low_water;
        how.base = base_;
        return how;
    }
    std::shared_ptr<counting_allocator> base_ = std::make_shared<counting_allocator>();
};

std::vector<buffer> take(memory_pool &pool, std::size_t count)
{
    std::vector<buffer> out;
    for (std::size_t i = 0; i < count; ++i)
        out.push_back(pool.allocate(500, nullptr));
    return out;
}

TEST_F(MemoryPool, RefusesOptionsThatContradictEachOther)
{
    const auto refused = [&](auto change, const std::string &field)
    {
        memory_pool_options how = with(4, 3, 2);
        change(how);
        try
        {
            memory_pool pool(how);
            ADD_FAILURE() << field;
        }
        catch (const std::invalid_argument &error)
        {
            EXPECT_EQ(std::string(error.what()).rfind(field + " =", 0), 0u) << error.what();
        }
    };
    refused([](memory_pool_options &how) { how.lower = how.upper = 0; }, "upper");
    refused([](memory_pool_options &how) { how.lower = 1001; }, "lower");
    refused([](memory_pool_options &how) { how.initial = 5; }, "initial");
    refused([](memory_pool_options &how) { how.low_water = 4; }, "low_water");
}

TEST_F(MemoryPool, MakesItsInitialBuffersAtOnceAndServesThem)
{
    memory_pool pool(with(4, 3));
    EXPECT_EQ(base_->made, 3);
    const auto taken = take(pool, 3);
    EXPECT_EQ(base_->made, 3);
    EXPECT_EQ(taken[0].size(), 1000u) << "every pooled buffer has this size";
    const auto stats = pool.stats();
    EXPECT_EQ(stats.served, 3u);
    EXPECT_EQ(stats.misses, 0u);
    EXPECT_EQ(stats.in_use, 3u);
    EXPECT_EQ(stats.free, 0u);
    EXPECT_EQ(stats.high_water, 3u);
    EXPECT_EQ(pool.options().max_free, 4u);
}

TEST_F(MemoryPool, HandsOutAgainWhatCameBack)
{
    memory_pool pool(with(2));
    std::byte *first = nullptr;
    {
        buffer b = pool.allocate(100, nullptr);
        first = b.data();
        std::memset(b.data(), 1, b.size());
    }
    EXPECT_EQ(pool.stats().free, 1u);
    const buffer again = pool.allocate(1000, nullptr);
    EXPECT_EQ(again.data(), first);
    EXPECT_EQ(base_->made, 1);
    EXPECT_EQ(pool.stats().misses, 1u);
    EXPECT_EQ(pool.stats().high_water, 1u);
}

TEST_F(MemoryPool, PassesSizesOutsideItsRangeToTheBase)
{
    memory_pool pool(with(2));
    const std::byte hint{};
    {
        const buffer small = pool.allocate(99, &hint);
        const buffer large = pool.allocate(1001, nullptr);
        EXPECT_EQ(small.size(), 99u);
        EXPECT_EQ(large.size(), 1001u);
    }
    EXPECT_EQ(*base_->live, 0);
    const auto stats = pool.stats();
    EXPECT_EQ(stats.outside, 2u);
    EXPECT_EQ(stats.served, 0u);
    EXPECT_EQ(stats.free, 0u);
}

TEST_F(MemoryPool, PassesTheHintToTheBase)
{
    memory_pool pool(with(2));
    const std::byte hint{};
    const buffer b = pool.allocate(500, &hint);
    EXPECT_EQ(base_->last_hint, &hint);
}

TEST_F(MemoryPool, KeepsAtMostMaxFree)
{
    memory_pool pool(with(2));
    take(pool, 5);
    EXPECT_EQ(pool.stats().free, 2u);
    EXPECT_EQ(pool.stats().in_use, 0u);
    EXPECT_EQ(*base_->live, 2);
}

TEST_F(MemoryPool, KeepsNothingIfItMayNot)
{
    memory_pool pool(with(0));
    take(pool, 5);
    EXPECT_EQ(pool.stats().free, 0u);
    EXPECT_EQ(*base_->live, 0);
}

TEST_F(MemoryPool, InTheChildOfAForkIsLeftAloneAndServesFromTheBase)
{
    auto pool = std::make_unique<memory_pool>(with(4, 2));
    std::vector<buffer> parents = take(*pool, 1);
    const pid_t child = ::fork();
    if (child == 0)
    {
        detail::begin_generation();
        const int made = base_->made;
        const int live = *base_->live;
        parents.clear();
        take(*pool, 1);
        pool->refill();
        pool.reset();
        ::_exit(base_->made == made + 1 && *base_->live == live ? 0 : 1);
    }
    int status = -1;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    parents.clear();
    EXPECT_EQ(pool->stats().free, 2u);
}

TEST_F(MemoryPool, SizesItselfByTheHighWaterMark)
{
    memory_pool pool(with(std::nullopt));
    take(pool, 7);
    EXPECT_EQ(pool.stats().free, 7u);
    take(pool, 7);
    EXPECT_EQ(base_->made, 7) << "the second burst is served from the pool";
    EXPECT_EQ(pool.stats().high_water, 7u);
}

TEST_F(MemoryPool, ShrinksAgainWhenTheHighWaterMarkIsLongAgo)
{
    memory_pool pool(with(std::nullopt, 1));
    take(pool, 20);
    EXPECT_EQ(pool.stats().free, 20u);
    for (int i = 0; i < 3 * 65536; ++i)
        (void)pool.allocate(500, nullptr);
    EXPECT_EQ(pool.stats().free, 1u);
    EXPECT_EQ(*base_->live, 1);
}

TEST_F(MemoryPool, AsksOnceForARefillWhenItRunsLow)
{
    memory_pool pool(with(4, 4, 2));
    int asked = 0;
    pool.on_low_water([](void *context) noexcept { ++*static_cast<int *>(context); }, &asked);
    auto taken = take(pool, 2);
    EXPECT_EQ(asked, 0);
    taken.push_back(pool.allocate(500, nullptr));
    EXPECT_EQ(asked, 1);
    taken.push_back(pool.allocate(500, nullptr));
    EXPECT_EQ(asked, 1) << "until refill() ran";
    pool.refill();
    EXPECT_EQ(pool.stats().free, 4u);
    taken.push_back(pool.allocate(500, nullptr));
    EXPECT_EQ(asked, 1);
    const auto more = take(pool, 2);
    EXPECT_EQ(asked, 2);
}

TEST_F(MemoryPool, MayGoBeforeItsBuffers)
{
    const auto live = base_->live;
    buffer kept;
    {
        memory_pool pool(with(4, 2));
        base_.reset();
        kept = pool.allocate(500, nullptr);
    }
    EXPECT_EQ(*live, 1) << "the free one went with the pool";
    std::memset(kept.data(), 2, kept.size());
    std::thread([mine = std::move(kept)] {}).join();
    EXPECT_EQ(*live, 0);
}

TEST_F(MemoryPool, CountsNothingAsOutThatTheBaseRefused)
{
    memory_pool pool(with(4));
    base_->empty = true;
    EXPECT_THROW((void)pool.allocate(500, nullptr), std::bad_alloc);
    EXPECT_EQ(pool.stats().in_use, 0u);
    EXPECT_EQ(pool.stats().misses, 1u);
    base_->empty = false;
    EXPECT_TRUE(pool.allocate(500, nullptr));
}

TEST_F(MemoryPool, WarnsSeldomWhenAFixedPoolIsEmpty)
{
    struct counting_sink final : log_sink
    {
        std::atomic<int> lines{0};
        void write(const log_record &) noexcept override { ++lines; }
    };
    const auto sink = std::make_shared<counting_sink>();
    set_log_sink(sink);
    {
        memory_pool pool(with(1));
        const auto taken = take(pool, 9);
        EXPECT_EQ(sink->lines, 4) << "the 1st, 2nd, 4th and 8th time";
        auto quiet = with(1);
        quiet.warn_on_empty = false;
        memory_pool silent(quiet);
        const auto more = take(silent, 3);
        memory_pool growing(with(std::nullopt));
        const auto most = take(growing, 3);
        EXPECT_EQ(sink->lines, 4);
    }
    set_log_sink(nullptr);
}

TEST_F(MemoryPool, ServesAndTakesBackOnManyThreads)
{
    const auto live = base_->live;
    {
        memory_pool pool(with(std::nullopt, 2));
        std::mutex lock;
        std::vector<buffer> shared;
        std::vector<std::thread> threads;
        std::atomic<int> spoiled{0};
        for (int id = 0; id < 4; ++id)
        {
            threads.emplace_back(
                [&, id]
                {
                    for (int i = 0; i < 2000; ++i)
                    {
                        buffer mine = pool.allocate(500, nullptr);
                        std::memset(mine.data(), id, mine.size());
                        std::this_thread::yield();
                        for (const std::byte b : mine.view())
                            spoiled += b != static_cast<std::byte>(id);
                        // every second one goes back on whichever thread finds it
                        const std::lock_guard inside(lock);
                        if (i % 2 == 0)
                            shared.push_back(std::move(mine));
                        if (shared.size() > 8)
                            shared.clear();
                    }
                });
        }
        for (auto &thread : threads)
            thread.join();
        shared.clear();
        EXPECT_EQ(spoiled, 0) << "a buffer was handed out twice at the same time";
        EXPECT_EQ(pool.stats().in_use, 0u);
        EXPECT_EQ(pool.stats().served, 8000u);
    }
    EXPECT_EQ(*live, 0);
}

TEST_F(MemoryPool, MayGoWhileItsBuffersComeBackOnOtherThreads)
{
    const auto live = base_->live;
    for (int round = 0; round < 100; ++round)
    {
        auto pool = std::make_unique<memory_pool>(with(8, 6));
        std::vector<std::thread> threads;
        for (int i = 0; i < 3; ++i)
            threads.emplace_back([mine = take(*pool, 2)]() mutable { mine.clear(); });
        pool.reset();
        for (auto &thread : threads)
            thread.join();
        ASSERT_EQ(*live, 0);
    }
}

} // namespace
} // namespace heapwire
