// SPDX-License-Identifier: BSD-3-Clause
/// Items a second through a blocking_ring between two threads that may sleep. The items are not made or freed while
/// the clock runs: a fixed set travels, so that the ring is measured and not malloc.
/// ring_bench [items] [capacity] [futex|eventfd|pipe] [batch]; one line a combination, the median of five runs.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "heapwire/queue/blocking_ring.h"

namespace
{

using namespace heapwire;
using clock_type = std::chrono::steady_clock;

// Owned pointers that own nothing: unique_ptr's delete must not cost anything here.
struct item
{
    static void operator delete(void *) noexcept {}
};

struct result
{
    double millions_a_second = 0;
    double sleeps_a_thousand = 0;
};

// Counts how often the policy was asked, that is, how often a side found nothing to do and went to sleep.
struct counting_wait
{
    std::size_t *sleeps;

    template <typename Step>
    wait_result wait(Step &&step, steady_time deadline)
    {
        ++*sleeps;
        return plain_wait().wait(step, deadline);
    }
};

void produce(blocking_ring<item> &ring, std::size_t items, std::size_t batch, std::size_t &sleeps)
{
    static std::array<item, 64> pool;
    std::vector<std::unique_ptr<item>> values(batch);
    for (std::size_t done = 0; done < items;)
    {
        const std::size_t wanted = std::min(batch, items - done);
        for (std::size_t i = 0; i < wanted; ++i)
            values[i].reset(&pool[(done + i) % pool.size()]);
        std::size_t taken = 0;
        if (batch > 1)
            taken = ring.try_push_many(std::span(values).first(wanted));
        for (; taken < wanted; ++taken)
        {
            if (ring.push(values[taken], counting_wait{&sleeps}) != push_result::ok)
                std::abort();
        }
        done += wanted;
    }
    ring.stop();
}

std::size_t consume(blocking_ring<item> &ring, std::size_t batch, std::size_t &sleeps)
{
    std::vector<std::unique_ptr<item>> values(batch);
    std::size_t done = 0;
    for (;;)
    {
        if (batch > 1)
            done += ring.try_pop_many(values);
        if (ring.pop(values[0], counting_wait{&sleeps}) != pop_result::ok)
            return done;
        ++done;
    }
}

result run(wake_kind kind, std::size_t items, std::size_t capacity, std::size_t batch)
{
    blocking_ring<item> ring(capacity, kind, kind);
    std::size_t pop_sleeps = 0;
    std::size_t push_sleeps = 0;
    const auto begin = clock_type::now();
    std::thread producer([&] { produce(ring, items, batch, push_sleeps); });
    const std::size_t got = consume(ring, batch, pop_sleeps);
    producer.join();
    const std::chrono::duration<double> took = clock_type::now() - begin;
    if (got != items)
        std::abort();
    return {static_cast<double>(items) / took.count() / 1e6,
            1e3 * static_cast<double>(pop_sleeps + push_sleeps) / static_cast<double>(items)};
}

} // namespace

int main(int argc, char **argv)
{
    const std::size_t items = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 20'000'000;
    const std::size_t capacity = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1024;
    const std::string only = argc > 3 ? argv[3] : "";
    const std::size_t only_batch = argc > 4 ? std::strtoull(argv[4], nullptr, 10) : 0;
    for (const wake_kind kind : {wake_kind::futex, wake_kind::eventfd, wake_kind::pipe})
    {
        const char *const name = kind == wake_kind::futex ? "futex" : kind == wake_kind::eventfd ? "eventfd" : "pipe";
        for (const std::size_t batch : {1, 16, 64})
        {
            if ((!only.empty() && only != name) || (only_batch != 0 && only_batch != batch))
                continue;
            std::array<result, 5> runs;
            for (result &one : runs)
                one = run(kind, items, capacity, batch);
            std::sort(runs.begin(), runs.end(),
                      [](const result &a, const result &b) { return a.millions_a_second < b.millions_a_second; });
            std::printf("%-8s batch %-3zu %8.1f M items/s (%.1f to %.1f), %.3f sleeps a thousand items\n", name, batch,
                        runs[2].millions_a_second, runs[0].millions_a_second, runs[4].millions_a_second,
                        runs[2].sleeps_a_thousand);
        }
    }
}
