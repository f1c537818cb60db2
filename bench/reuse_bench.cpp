// SPDX-License-Identifier: BSD-3-Clause
/// Payloads of 1 KiB go into blocks that are used in turn, by one thread; another reads each block, and gives it back:
/// plain copies beside non-temporal ones, by how much memory goes round. What chunk streams choose by.
/// Usage: reuse_bench [seconds a case, default 0.3]
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <thread>
#include <vector>

#include "heapwire/memory/copy.h"
#include "heapwire/memory/reuse.h"

namespace
{

using namespace heapwire;
using clock_type = std::chrono::steady_clock;

constexpr std::size_t payload = 1024, step = 1080, blocks = 4;
constexpr std::size_t total_bytes = std::size_t{192} << 20;

struct spent
{
    double all = 1e9;
    double writing = 0;
    double reading = 0;
};

double seconds_since(clock_type::time_point begin)
{
    return std::chrono::duration<double>(clock_type::now() - begin).count();
}

void wait_until_above(const std::atomic<std::size_t> &number, std::size_t limit)
{
    while (number.load(std::memory_order_acquire) <= limit)
        std::this_thread::yield();
}

struct course
{
    copy_function copy;
    const std::vector<std::byte> &packets;
    std::vector<std::uint64_t> &memory;
    std::size_t block; // bytes
    std::atomic<std::size_t> made{0};
    std::atomic<std::size_t> given_back{blocks};
    std::atomic<std::uint64_t> sum{0};

    [[nodiscard]] std::uint64_t *at(std::size_t n) { return memory.data() + n % blocks * block / 8; }

    double read()
    {
        double busy = 0;
        for (std::size_t n = 0; n < total_bytes / block; ++n)
        {
            wait_until_above(made, n);
            const auto begin = clock_type::now();
            sum += std::accumulate(at(n), at(n) + block / 8, std::uint64_t{0});
            busy += seconds_since(begin);
            ++given_back;
        }
        return busy;
    }

    double write()
    {
        double busy = 0;
        std::size_t from = 0;
        for (std::size_t n = 0; n < total_bytes / block; ++n)
        {
            wait_until_above(given_back, n);
            const auto begin = clock_type::now();
            auto *to = reinterpret_cast<std::byte *>(at(n));
            for (std::size_t done = 0; done < block; done += payload)
            {
                copy(to + done, packets.data() + from, payload);
                from = from + step + payload <= packets.size() ? from + step : 0;
            }
            fence_nontemporal();
            busy += seconds_since(begin);
            ++made;
        }
        return busy;
    }
};

spent measure(copy_function copy, const std::vector<std::byte> &packets, std::size_t block, double seconds)
{
    std::vector<std::uint64_t> memory(blocks * block / 8, 1);
    spent best;
    for (const auto begin = clock_type::now(); seconds_since(begin) < seconds;)
    {
        course one{copy, packets, memory, block};
        spent now;
        const auto start = clock_type::now();
        std::thread reader([&] { now.reading = one.read(); });
        now.writing = one.write();
        reader.join();
        now.all = seconds_since(start);
        if (now.all < best.all)
            best = now;
    }
    return best;
}

} // namespace

int main(int argc, char **argv)
{
    const double seconds = argc > 1 ? std::atof(argv[1]) : 0.3;
    constexpr double kibibytes = static_cast<double>(total_bytes) / 1024;
    std::printf("largest cache: %zu MiB; copies: plain and %s; ns a KiB\n", largest_cache_bytes() >> 20,
                nontemporal_kind());
    for (const bool cold : {true, false})
    {
        const std::vector<std::byte> packets(cold ? total_bytes : std::size_t{128} << 10, std::byte{1});
        for (std::size_t block = std::size_t{256} << 10; block <= std::size_t{16} << 20; block *= 2)
        {
            std::printf("packets %s, %5.1f MiB go round:", cold ? "from memory" : "in the cache",
                        static_cast<double>(blocks * block) / (1 << 20));
            for (const copy_function copy : {copy_function(copy_plain), nontemporal_copies().front().unfenced})
            {
                const spent s = measure(copy, packets, block, seconds);
                std::printf("%s all %4.0f, write %4.0f, read %4.0f", copy == copy_plain ? " plain" : "  | non-temporal",
                            s.all / kibibytes * 1e9, s.writing / kibibytes * 1e9, s.reading / kibibytes * 1e9);
            }
            std::printf("\n");
            std::fflush(stdout);
        }
    }
}
