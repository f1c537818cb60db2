// SPDX-License-Identifier: BSD-3-Clause
/// Heaps from memory: heaps and gigabits a second, to a sink that drops them and through the ring to a consumer.
/// Usage: decode_bench [seconds a case, default 1] [name of one case]
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <thread>
#include <vector>

#include "heapwire/recv/heap_stream.h"
#include "heapwire/wire/packet_writer.h"

namespace
{

using namespace heapwire;
using clock_type = std::chrono::steady_clock;

struct traffic
{
    std::vector<std::vector<std::byte>> packets;
    std::vector<recv::datagram> datagrams;
    std::size_t heaps = 0;
    std::size_t heap_bytes = 0;
};

traffic make_traffic(std::size_t heap_bytes, std::size_t packet_bytes)
{
    traffic t;
    t.heap_bytes = heap_bytes;
    t.heaps = std::max<std::size_t>(1, (std::size_t{16} << 20) / heap_bytes);
    t.heaps = std::min<std::size_t>(t.heaps, 512); // small heaps: the input stays in the cache, as from a socket
    const wire::flavour f;
    const wire::pointer_codec codec(f);
    for (std::size_t cnt = 0; cnt < t.heaps; ++cnt)
        for (std::size_t at = 0; at < heap_bytes;)
        {
            const std::vector<wire::item_pointer> pointers(at == 0 ? 1 : 0, codec.addressed(0x1000, 0));
            const std::size_t header = wire::prefix_bytes + 8 * pointers.size();
            const std::size_t size = std::min(packet_bytes - header, heap_bytes - at);
            std::vector<std::byte> bytes(header + size, std::byte{0x5a});
            wire::write_packet_header(bytes.data(), f, {cnt, heap_bytes, at, size}, pointers);
            t.packets.push_back(std::move(bytes));
            at += size;
        }
    for (const auto &p : t.packets)
        t.datagrams.push_back({.bytes = p});
    return t;
}

class dropping_sink : public recv::heap_sink
{
public:
    bool accept(std::unique_ptr<heap_builder> &finished) override
    {
        ++heaps;
        finished.reset();
        return true;
    }
    std::size_t heaps = 0;
};

/// CPU time of this thread: what a busy machine leaves comparable.
double cpu_seconds()
{
    timespec t{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

constexpr std::size_t batch = 64; // datagrams, like one recvmmsg

void report(const char *where, const char *name, std::size_t heaps, std::size_t heap_bytes, clock_type::duration took,
            double cpu)
{
    const double seconds = std::chrono::duration<double>(took).count();
    const double n = static_cast<double>(heaps);
    std::printf("%-5s %-22s %12.0f heaps/s %8.2f Gb/s %9.1f ns/heap %9.1f ns/heap of CPU\n", where, name, n / seconds,
                n * static_cast<double>(heap_bytes) * 8e-9 / seconds, seconds * 1e9 / n, cpu * 1e9 / n);
}

void to_sink(const char *name, const traffic &t, double seconds, ordering order)
{
    dropping_sink sink;
    recv::receiver r({.order = order}, sink);
    const double cpu = cpu_seconds();
    const auto begin = clock_type::now();
    const auto until = begin + std::chrono::duration<double>(seconds);
    while (clock_type::now() < until)
        for (std::size_t at = 0; at < t.datagrams.size(); at += batch)
            if (r.take(std::span(t.datagrams).subspan(at, std::min(batch, t.datagrams.size() - at))).state !=
                recv::flow::go_on)
                std::abort();
    report("sink", name, sink.heaps, t.heap_bytes, clock_type::now() - begin, cpu_seconds() - cpu);
}

void through_ring(const char *name, const traffic &t, double seconds, std::size_t ring)
{
    recv::heap_stream stream({}, {.heaps = ring});
    std::size_t got = 0;
    std::thread consumer(
        [&]
        {
            while (auto next = stream.pop())
                ++got;
        });
    const auto gate = stream.gate();
    std::atomic<bool> room{false};
    space_hook hook{.call = [](void *context) noexcept { static_cast<std::atomic<bool> *>(context)->store(true); },
                    .context = &room};
    const double cpu = cpu_seconds();
    const auto begin = clock_type::now();
    const auto until = begin + std::chrono::duration<double>(seconds);
    while (clock_type::now() < until)
        for (std::size_t at = 0; at < t.datagrams.size();)
        {
            const recv::taken done =
                gate->take(std::span(t.datagrams).subspan(at, std::min(batch, t.datagrams.size() - at)));
            at += done.used;
            if (done.state != recv::flow::full || !gate->call_on_space(hook))
                continue;
            while (!room.load(std::memory_order_relaxed)) // a transport would sleep
                std::this_thread::yield();
            room = false;
        }
    const auto took = clock_type::now() - begin;
    const double cpu_used = cpu_seconds() - cpu;
    stream.stop();
    consumer.join();
    report("ring", name, got, t.heap_bytes, took, cpu_used);
}

} // namespace

int main(int argc, char **argv)
{
    const double seconds = argc > 1 ? std::atof(argv[1]) : 1;
    const std::string only = argc > 2 ? argv[2] : "";
    struct bench_case
    {
        const char *name;
        std::size_t heap_bytes, packet_bytes;
    };
    for (const bench_case &c : {bench_case{"1KiB/1472", 1024, 1472},
                                {"8KiB/1472", 8192, 1472},
                                {"8KiB/8972", 8192, 8972},
                                {"4MiB/1472", 4 << 20, 1472},
                                {"4MiB/8972", 4 << 20, 8972}})
    {
        if (!only.empty() && only != c.name)
            continue;
        const traffic t = make_traffic(c.heap_bytes, c.packet_bytes);
        const std::string any = std::string(c.name) + " any order";
        to_sink(c.name, t, seconds, ordering::in_order);
        to_sink(any.c_str(), t, seconds, ordering::any_order);
        through_ring(c.name, t, seconds, c.heap_bytes < 65536 ? 64 : 4);
    }
}
