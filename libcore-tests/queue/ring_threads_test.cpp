// SPDX-License-Identifier: BSD-3-Clause
/// Several threads on both sides of a blocking_ring: each value comes out exactly once, whatever happens.
#include "heapwire/queue/blocking_ring.h"

#include <algorithm>
#include <array>
#include <mutex>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "waiting.h"

namespace heapwire
{
namespace
{

using namespace test;

constexpr int producers = 3;
constexpr int consumers = 3;
constexpr int values_each = 400;

/// Notes who got what.
class tally
{
public:
    void add(const std::vector<int> &some)
    {
        const std::lock_guard lock(lock_);
        all_.insert(all_.end(), some.begin(), some.end());
    }
    std::vector<int> sorted()
    {
        std::sort(all_.begin(), all_.end());
        return all_;
    }

private:
    std::mutex lock_;
    std::vector<int> all_;
};

void consume(blocking_ring<int> &ring, std::size_t batch, tally &out)
{
    std::vector<int> mine;
    std::vector<std::unique_ptr<int>> some(batch);
    for (;;)
    {
        const std::size_t got = batch > 1 ? ring.try_pop_many(some) : 0;
        for (std::size_t i = 0; i < got; ++i)
            mine.push_back(*some[i]);
        const pop_result answer = ring.pop(some[0], plain_wait(), before_hang());
        if (answer != pop_result::ok)
        {
            EXPECT_EQ(answer, pop_result::ended);
            break;
        }
        mine.push_back(*some[0]);
    }
    out.add(mine);
}

/// Pushes first … first + values_each - 1, or as far as the ring takes them; answers what it took.
std::vector<int> produce(blocking_ring<int> &ring, int first, std::size_t batch)
{
    std::vector<int> taken;
    std::vector<std::unique_ptr<int>> some(batch);
    for (int next = first; next < first + values_each;)
    {
        const auto wanted = std::min(batch, static_cast<std::size_t>(first + values_each - next));
        for (std::size_t i = 0; i < wanted; ++i)
            some[i] = std::make_unique<int>(next + static_cast<int>(i));
        std::size_t done = batch > 1 ? ring.try_push_many(std::span(some).first(wanted)) : 0;
        if (done == 0 && ring.push(some[0], plain_wait(), before_hang()) == push_result::ok)
            done = 1;
        if (done == 0)
            break;
        for (std::size_t i = 0; i < done; ++i)
            taken.push_back(next++);
    }
    return taken;
}

class RingThreads : public testing::TestWithParam<std::tuple<wake_kind, std::size_t, std::size_t>>
{
protected:
    wake_kind kind() const { return std::get<0>(GetParam()); }
    std::size_t capacity() const { return std::get<1>(GetParam()); }
    std::size_t batch() const { return std::get<2>(GetParam()); }

    /// Runs all threads; `meanwhile` gets the ring. Answers what went in and what came out.
    template <typename Meanwhile>
    std::pair<std::vector<int>, std::vector<int>> run(Meanwhile meanwhile)
    {
        blocking_ring<int> ring(capacity(), kind(), kind());
        tally in;
        tally out;
        std::vector<std::thread> threads;
        for (int i = 0; i < producers; ++i)
            ring.add_producer();
        for (int i = 0; i < producers; ++i)
        {
            threads.emplace_back(
                [&, i]
                {
                    in.add(produce(ring, i * values_each, batch()));
                    ring.remove_producer();
                });
        }
        for (int i = 0; i < consumers; ++i)
            threads.emplace_back([&] { consume(ring, batch(), out); });
        meanwhile(ring);
        for (auto &thread : threads)
            thread.join();
        EXPECT_EQ(ring.size(), 0u);
        return {in.sorted(), out.sorted()};
    }
};
INSTANTIATE_TEST_SUITE_P(Kinds, RingThreads,
                         testing::Combine(testing::Values(wake_kind::futex, wake_kind::eventfd, wake_kind::pipe),
                                          testing::Values(1, 3, 64), testing::Values(1, 8)));

TEST_P(RingThreads, HandOverEachValueExactlyOnce)
{
    const auto [in, out] = run([](blocking_ring<int> &) {});
    EXPECT_EQ(in.size(), static_cast<std::size_t>(producers) * values_each);
    EXPECT_EQ(in, out);
}

TEST_P(RingThreads, DrainEverythingThatWasTakenBeforeAStopInTheMiddle)
{
    const auto [in, out] = run(
        [](blocking_ring<int> &ring)
        {
            EXPECT_TRUE(becomes_true([&] { return ring.size() > 0 || ring.stopped(); }));
            ring.stop();
        });
    EXPECT_EQ(in, out);
}

TEST_P(RingThreads, StopExactlyOnceAlsoWhenAllStop)
{
    blocking_ring<int> ring(capacity(), kind(), kind());
    std::atomic<int> firsts{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([&] { firsts.fetch_add(ring.stop() ? 1 : 0); });
    for (auto &thread : threads)
        thread.join();
    EXPECT_EQ(firsts, 1);
}

} // namespace
} // namespace heapwire
