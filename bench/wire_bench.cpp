// SPDX-License-Identifier: BSD-3-Clause
/// What does it cost to read one packet? Usage: wire_bench [packets in millions, default 20]
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "heapwire/wire/item_id.h"
#include "heapwire/wire/packet_view.h"
#include "heapwire/wire/packet_writer.h"

using namespace heapwire;
using namespace heapwire::wire;

namespace
{

using packet = std::vector<std::byte>;

packet usual(std::size_t n_pointers, std::uint64_t cnt)
{
    const pointer_codec codec(40);
    std::vector<item_pointer> pointers;
    for (std::size_t i = 0; i < n_pointers; ++i)
        pointers.push_back(codec.immediate(0x1000 + i, i));
    packet bytes(prefix_bytes + 8 * n_pointers + 64);
    write_packet_header(bytes.data(), flavour{}, {cnt, 64, 0, 64}, pointers);
    return bytes;
}

/// The order drawn in the specification: HEAP_CNT, PAYLOAD_LENGTH, PAYLOAD_OFFSET, HEAP_LENGTH.
packet unusual(std::size_t n_pointers, std::uint64_t cnt)
{
    packet bytes = usual(n_pointers, cnt);
    std::swap_ranges(bytes.begin() + 16, bytes.begin() + 24, bytes.begin() + 32);
    return bytes;
}

/// Nanoseconds a packet. Many short rounds, of which the best counts: on a busy machine most rounds are disturbed.
/// The packets are in the cache, as after a copy out of the kernel.
double measure(const std::vector<packet> &packets, std::size_t count)
{
    constexpr std::size_t passes = 200;
    double best = 1e9;
    std::uint64_t sum = 0;
    for (std::size_t done = 0; done < count; done += passes * packets.size())
    {
        const auto start = std::chrono::steady_clock::now();
        for (std::size_t pass = 0; pass < passes; ++pass)
            for (const packet &p : packets)
            {
                packet_view view;
                if (parse_packet(p, framing::datagram, view) != reject::none)
                    std::abort();
                sum += view.heap_cnt + view.n_pointers;
            }
        const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - start;
        best = std::min(best, took.count() / static_cast<double>(passes * packets.size()));
    }
    if (sum == 0)
        std::abort(); // and the compiler may not drop the work
    return best;
}

void report(const char *what, packet (*make)(std::size_t, std::uint64_t), std::size_t n_pointers, std::size_t count)
{
    std::vector<packet> packets;
    for (std::uint64_t cnt = 1; cnt <= 64; ++cnt)
        packets.push_back(make(n_pointers, cnt));
    std::printf("parse_packet %-8s %4zu ordinary pointers: %7.2f ns a packet\n", what, n_pointers,
                measure(packets, count / (1 + n_pointers / 8)));
}

} // namespace

int main(int argc, char **argv)
{
    const std::size_t count = (argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 20) * 1'000'000;
    for (const std::size_t n_pointers : {0, 1, 4, 16, 128})
        report("usual", usual, n_pointers, count);
    for (const std::size_t n_pointers : {1, 4})
        report("unusual", unusual, n_pointers, count);
}
