// SPDX-License-Identifier: BSD-3-Clause
// Heaps over loopback UDP, sender and receiver in one process, each on an io thread with a core of its own.
// `--help` lists the options. One line of JSON: what was sent, received and lost. Compare with ceiling (the same
// machine, the same minute).
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "heapwire/base/log.h"
#include "heapwire/memory/memory_pool.h"
#include "heapwire/transport/udp.h"

using namespace heapwire;
using steady = std::chrono::steady_clock;

namespace
{

constexpr const char *usage = R"(udp_bench: heaps over loopback UDP for some seconds; answers a line of JSON
  --packet BYTES       of UDP payload at most (1472)
  --heap BYTES         of a heap's payload (4194304)
  --rate GBPS          Gb/s; 0: as fast as can be (0)
  --seconds SECONDS    how long (3)
  --cores A,B          of the sender and of the receiver (0,1)
  --in-flight HEAPS    queued by the sender (8)
  --ring HEAPS         room for received ones (8)
  --pool               heaps get their memory from a memory_pool
  --nontemporal        payload is copied past the caches
  --no-gso, --no-sendmmsg, --no-gro, --no-recvmmsg
                       without that service of the kernel
  --to ADDRESS:PORT    only send, to there
  --help
)";

struct settings
{
    std::size_t packet = 1472, heap = 4 << 20, in_flight = 8, ring = 8;
    double gigabits = 0, seconds = 3;
    bool pool = false, nontemporal = false;
    int send_core = 0, receive_core = 1;
    std::string to;
    transport::udp_receive_options receive;
    transport::udp_send_options send;
};

settings parse(int argc, char **argv)
{
    settings s;
    for (int i = 1; i < argc; ++i)
    {
        const std::string name = argv[i];
        auto value = [&]
        {
            if (++i >= argc)
            {
                std::fprintf(stderr, "%s needs a value\n", name.c_str());
                std::exit(2);
            }
            return argv[i];
        };
        if (name == "--packet")
            s.packet = std::strtoull(value(), nullptr, 10);
        else if (name == "--heap")
            s.heap = std::strtoull(value(), nullptr, 10);
        else if (name == "--rate")
            s.gigabits = std::atof(value());
        else if (name == "--seconds")
            s.seconds = std::atof(value());
        else if (name == "--in-flight")
            s.in_flight = std::strtoull(value(), nullptr, 10);
        else if (name == "--ring")
            s.ring = std::strtoull(value(), nullptr, 10);
        else if (name == "--cores")
            std::sscanf(value(), "%d,%d", &s.send_core, &s.receive_core);
        else if (name == "--to")
            s.to = value();
        else if (name == "--nontemporal")
            s.nontemporal = true;
        else if (name == "--pool")
            s.pool = true;
        else if (name == "--no-gso")
            s.send.gso = transport::offload::off;
        else if (name == "--no-sendmmsg")
            s.send.sendmmsg = transport::offload::off;
        else if (name == "--no-gro")
            s.receive.gro = transport::offload::off;
        else if (name == "--no-recvmmsg")
            s.receive.recvmmsg = transport::offload::off;
        else
        {
            const bool asked = name == "--help" || name == "-h";
            if (!asked)
                std::fprintf(stderr, "unknown option %s\n", name.c_str());
            std::fputs(usage, asked ? stdout : stderr);
            std::exit(asked ? 0 : 2);
        }
    }
    return s;
}

// Keeps `in_flight` heaps in the queue: every completion sends the next.
struct load
{
    transport::send_stream *stream;
    outgoing_heap heap;
    std::atomic<bool> ending{false};
    std::atomic<std::size_t> ended{0};
    static void next(void *context, std::uint64_t, const send::outcome &) noexcept
    {
        auto *me = static_cast<load *>(context);
        if (me->ending.load(std::memory_order_relaxed))
            me->ended.fetch_add(1);
        else
            (void)me->stream->submit({&me->heap, -1, 0, -1}, {next, me, 0});
    }
};

void report(const settings &s, const send::stats &sent, const recv::stats &got, std::uint64_t heaps, double took)
{
    const double packets = static_cast<double>(got[recv::stat::packets]);
    const double received = packets / static_cast<double>(sent.packets) * static_cast<double>(sent.bytes);
    std::printf("{\"program\": \"udp_bench\", \"packet_size\": %zu, \"heap_size\": %zu, \"sent_gbps\": %.2f, "
                "\"received_gbps\": %.2f, \"lost\": %.6f, \"kernel_drops\": %llu, \"heaps_per_s\": %.0f, "
                "\"heaps_sent\": %llu, \"heaps_received\": %llu, \"max_batch\": %llu}\n",
                s.packet, s.heap, static_cast<double>(sent.bytes) * 8e-9 / took, received * 8e-9 / took,
                1 - packets / static_cast<double>(sent.packets),
                static_cast<unsigned long long>(got[recv::stat::kernel_drops]), static_cast<double>(heaps) / took,
                static_cast<unsigned long long>(sent.heaps), static_cast<unsigned long long>(heaps),
                static_cast<unsigned long long>(got[recv::stat::max_batch]));
}

} // namespace

// Keeps the sender busy for so long; how long it took.
double keep_sending(const settings &s, transport::udp_sender &sender)
{
    std::vector<std::byte> payload(s.heap, std::byte{1});
    load work{&sender, outgoing_heap(), {}, {}};
    work.heap.add_item(0x1000, payload);
    const auto start = steady::now();
    for (std::size_t i = 0; i < s.in_flight; ++i)
        (void)sender.submit({&work.heap, -1, 0, -1}, {load::next, &work, 0});
    std::this_thread::sleep_for(std::chrono::duration<double>(s.seconds));
    work.ending = true;
    while (work.ended < s.in_flight) // not flush(): that would send from here, which may be the receiver's core
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return std::chrono::duration<double>(steady::now() - start).count();
}

send::options sending_options(const settings &s)
{
    return {.max_packet_size = s.packet, .rate = s.gigabits * 1e9 / 8, .max_heaps = s.in_flight};
}

void only_send(settings &s)
{
    const std::size_t colon = s.to.rfind(':');
    if (colon == std::string::npos)
    {
        std::fprintf(stderr, "--to needs ADDRESS:PORT\n");
        std::exit(2);
    }
    const auto port = static_cast<unsigned short>(std::atoi(s.to.c_str() + colon + 1));
    s.send.endpoints = {{boost::asio::ip::make_address(s.to.substr(0, colon)), port}};
    transport::io_threads sending(1, {s.send_core});
    transport::udp_sender sender(sending, s.send, sending_options(s));
    const double took = keep_sending(s, sender);
    const send::stats sent = sender.statistics();
    std::printf("{\"program\": \"udp_bench\", \"packet_size\": %zu, \"heap_size\": %zu, \"sent_gbps\": %.2f, "
                "\"heaps_per_s\": %.0f}\n",
                s.packet, s.heap, static_cast<double>(sent.bytes) * 8e-9 / took,
                static_cast<double>(sent.heaps) / took);
}

int main(int argc, char **argv)
{
    settings s = parse(argc, argv);
    if (!s.to.empty())
    {
        only_send(s);
        return 0;
    }
    transport::io_threads receiving(1, {s.receive_core}), sending(1, {s.send_core});
    recv::options how;
    if (s.nontemporal)
        how.copy = copy_nontemporal;
    if (s.pool)
        how.memory = std::make_shared<memory_pool>(memory_pool_options{.lower = 1,
                                                                       .upper = s.heap + 4096,
                                                                       .max_free = s.ring + 16,
                                                                       .initial = s.ring + 8,
                                                                       .base = make_mmap_allocator()});
    recv::heap_stream stream(how, {.heaps = s.ring});
    transport::udp_facts facts;
    s.receive.endpoint = {boost::asio::ip::make_address("127.0.0.1"), 0};
    s.receive.max_packet_size = std::max<std::size_t>(s.packet, 9200);
    stream.add(transport::make_udp_source(receiving, stream, s.receive, &facts));

    s.send.endpoints = {facts.local};
    transport::udp_sender sender(sending, s.send, sending_options(s));

    std::atomic<std::uint64_t> heaps{0};
    std::thread consumer(
        [&]
        {
            transport::io_threads::pin_this_thread(s.receive_core);
            while (auto got = stream.pop())
                heaps.fetch_add(1, std::memory_order_relaxed);
        });

    const double took = keep_sending(s, sender);
    std::this_thread::sleep_for(std::chrono::milliseconds(300)); // what is in the socket buffer
    const send::stats sent = sender.statistics();
    const recv::stats got = stream.statistics();
    stream.stop();
    consumer.join();
    report(s, sent, got, heaps, took);
}
