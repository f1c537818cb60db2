// SPDX-License-Identifier: BSD-3-Clause
/// What a buffer costs, by allocator, and what a copied byte costs, by kind of copy. Median of five runs.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <thread>
#include <vector>

#include "heapwire/memory/copy.h"
#include "heapwire/memory/memory_pool.h"

namespace
{

using namespace heapwire;
using clock_type = std::chrono::steady_clock;

template <typename Work>
double median_nanoseconds(Work work)
{
    std::array<double, 5> runs;
    for (double &run : runs)
    {
        const auto begin = clock_type::now();
        work();
        run = std::chrono::duration<double, std::nano>(clock_type::now() - begin).count();
    }
    std::sort(runs.begin(), runs.end());
    return runs[2];
}

// 64 buffers are out at any time, as with heaps in flight.
void allocate_many(allocator &from, std::size_t size, std::size_t count)
{
    std::array<buffer, 64> out;
    for (std::size_t i = 0; i < count; ++i)
        out[i % out.size()] = from.allocate(size, nullptr);
}

void measure(const char *name, allocator &from, std::size_t size)
{
    constexpr std::size_t count = 1'000'000;
    const double one = median_nanoseconds([&] { allocate_many(from, size, count); }) / count;
    const double two = median_nanoseconds(
        [&]
        {
            std::thread other([&] { allocate_many(from, size, count); });
            allocate_many(from, size, count);
            other.join();
        });
    std::printf("%-8s %7zu bytes: %6.1f ns an allocate and release, %6.1f with two threads at it\n", name, size, one,
                two / (2 * count));
}

void measure(const named_copy &kind, std::size_t size)
{
    constexpr std::size_t total = std::size_t{64} << 20; // more than the caches hold
    const std::vector<std::byte> from(total);
    std::vector<std::byte> to(total);
    const double took = median_nanoseconds(
        [&]
        {
            for (std::size_t at = 0; at + size <= total; at += size)
                kind.copy(to.data() + at, from.data() + at, size);
        });
    std::printf("%-8s %7zu bytes: %6.2f GB/s\n", kind.name, size, static_cast<double>(total) / took);
}

} // namespace

int main()
{
    for (const std::size_t size : {1024, 65536})
    {
        memory_pool pool({.lower = 1, .upper = size});
        measure("pool", pool, size);
        measure("aligned", *default_allocator(), size);
    }
    for (const std::size_t size : {1472, 65536})
    {
        measure({"memcpy", copy_plain}, size);
        for (const named_copy &kind : nontemporal_copies())
            measure(kind, size);
    }
}
