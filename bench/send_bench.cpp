// SPDX-License-Identifier: BSD-3-Clause
/// What does it cost to make packets? Heaps go through a sender into nothing; push, next, written and take_finished are
/// all in the time. Usage: send_bench [milliseconds a row, default 300]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "heapwire/send/sender.h"

using namespace heapwire;

namespace
{

using steady = std::chrono::steady_clock;

struct row
{
    std::size_t heap_size;
    std::size_t packet_size;
    send::split packets;
    std::size_t immediates;
};

struct costs
{
    double ns_a_heap;
    double packets_a_heap;
};

/// The best of many rounds: on a busy machine most rounds are disturbed.
costs measure(const row &r, std::chrono::milliseconds time)
{
    constexpr std::size_t in_flight = 256;
    send::options how;
    how.max_packet_size = r.packet_size;
    how.packets = r.packets;
    how.max_heaps = in_flight;
    send::sender sender(how, 1);
    std::vector<std::byte> memory(r.heap_size);
    outgoing_heap heap;
    for (std::size_t i = 0; i < r.immediates; ++i)
        heap.add_immediate(0x1600 + i, i);
    heap.add_item(0x1000, memory);
    send::heap_reference reference{.heap = &heap};
    std::array<send::finished, 64> done;

    costs best{1e18, 0};
    std::size_t heaps_a_round = std::clamp<std::size_t>((16 << 20) / r.heap_size, 64, 16384);
    steady::time_point end = steady::now() + time;
    while (steady::now() < end)
    {
        std::uint64_t packets_before = sender.statistics().packets;
        steady::time_point start = steady::now();
        std::size_t completed = 0;
        while (completed < heaps_a_round)
        {
            while (!sender.push({&reference, 1}, send::group_mode::serial, {}))
            {
            }
            steady::time_point now = steady::now();
            send::next_step step = sender.next(now);
            if (step.what != send::next_step::write)
                std::abort();
            sender.written(step.packets.size(), {}, now);
            completed += sender.take_finished(done);
        }
        std::chrono::duration<double, std::nano> took = steady::now() - start;
        auto heaps = static_cast<double>(completed);
        if (took.count() / heaps < best.ns_a_heap)
            best = {took.count() / heaps, static_cast<double>(sender.statistics().packets - packets_before) / heaps};
    }
    return best;
}

} // namespace

int main(int argc, char **argv)
{
    std::chrono::milliseconds time(argc > 1 ? std::atoi(argv[1]) : 300);
    std::printf("%9s %7s %6s %5s %10s %10s %12s %12s %9s\n", "heap", "packet", "split", "imm", "ns/heap", "ns/packet",
                "heaps/s", "packets/s", "GB/s");
    for (std::size_t packet_size : {1472, 8972})
        for (std::size_t heap_size : {1024, 5120, 16384, 1 << 20})
            for (send::split packets : {send::split::even, send::split::full})
                for (std::size_t immediates : {0, 3})
                {
                    costs c = measure({heap_size, packet_size, packets, immediates}, time);
                    std::printf("%9zu %7zu %6s %5zu %10.1f %10.1f %12.0f %12.0f %9.2f\n", heap_size, packet_size,
                                packets == send::split::even ? "even" : "full", immediates, c.ns_a_heap,
                                c.ns_a_heap / c.packets_a_heap, 1e9 / c.ns_a_heap, 1e9 / c.ns_a_heap * c.packets_a_heap,
                                static_cast<double>(heap_size) / c.ns_a_heap);
                }
}
