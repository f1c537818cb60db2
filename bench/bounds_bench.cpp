// SPDX-License-Identifier: BSD-3-Clause
/// Memory under hostile traffic: a million packets of each kind go through a stream in a process of its own, and its
/// peak resident memory is told beside what the configuration allows. One line of JSON a case.
/// Usage: bounds_bench [packets a case, default 1000000]
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <vector>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "heapwire/base/log.h"
#include "heapwire/recv/heap_stream.h"
#include "heapwire/wire/packet_writer.h"

using namespace heapwire;

namespace
{

constexpr std::size_t payload = 1024;

/// What one packet says, as a function of its number.
struct hostile
{
    const char *name;
    recv::options how;
    std::uint64_t allowed; ///< bytes of payload and bookkeeping that the configuration lets a peer occupy
    std::function<wire::packet_fields(std::uint64_t)> fields;
    std::function<std::vector<wire::item_pointer>(std::uint64_t)> pointers;
};

std::vector<wire::item_pointer> one_item(std::uint64_t) { return {wire::pointer_codec(40).addressed(0x1000, 0)}; }

std::vector<wire::item_pointer> ever_new_items(std::uint64_t n)
{
    std::vector<wire::item_pointer> out;
    for (std::uint64_t i = 0; i < 64; ++i)
        out.push_back(wire::pointer_codec(40).immediate(0x1000 + i, n));
    return out;
}

std::vector<hostile> cases()
{
    constexpr std::uint64_t mib = 1 << 20;
    const auto first_packet = [](std::uint64_t n) -> wire::packet_fields { return {n * 977, mib, 0, payload}; };
    std::vector<hostile> all;
    all.push_back({"first packets of a million heaps",
                   {.max_heaps = 16, .max_heap_size = mib},
                   16 * mib,
                   first_packet,
                   one_item});
    all.push_back({"a million whole heaps",
                   {},
                   64 * mib,
                   [](std::uint64_t n) -> wire::packet_fields {
                       return {n, payload, 0, payload};
                   },
                   one_item});
    all.push_back({"absurd lengths",
                   {},
                   2 * mib,
                   [](std::uint64_t n) -> wire::packet_fields {
                       return {n, (std::uint64_t{1} << 40) - 1 - n, 0, payload};
                   },
                   one_item});
    all.push_back({"lengths as large as allowed",
                   {.max_heap_size = 64 * mib},
                   4 * 64 * mib,
                   [](std::uint64_t n) -> wire::packet_fields {
                       return {n, 64 * mib, 0, payload};
                   },
                   one_item});
    all.push_back({"every second byte of a heap, in any order",
                   {.order = ordering::any_order},
                   4 * mib,
                   [](std::uint64_t n) -> wire::packet_fields {
                       return {n >> 19, mib, 2 * (n & ((1 << 19) - 1)), 1};
                   },
                   one_item});
    all.push_back({"a million senders, told apart",
                   {.max_heap_size = mib, .key_by_source = true},
                   4 * mib,
                   [](std::uint64_t) -> wire::packet_fields {
                       return {1, mib, 0, payload};
                   },
                   one_item});
    all.push_back({"ever new item pointers in one heap",
                   {.max_heap_size = mib, .max_item_pointers = 4096},
                   2 * mib,
                   [](std::uint64_t n) -> wire::packet_fields {
                       return {1, mib, n * 8 % mib, 8};
                   },
                   ever_new_items});
    return all;
}

void send(const hostile &one, std::uint64_t packets)
{
    set_log_level(log_level::off);
    recv::heap_stream stream(one.how, {.heaps = 4});
    const auto gate = stream.gate();
    std::vector<std::byte> bytes;
    for (std::uint64_t n = 0; n < packets; ++n)
    {
        const wire::packet_fields fields = one.fields(n);
        const std::vector<wire::item_pointer> pointers = one.pointers(n);
        const std::size_t header = wire::prefix_bytes + 8 * pointers.size();
        bytes.assign(header + fields.payload_length, std::byte{1});
        wire::write_packet_header(bytes.data(), wire::flavour(), fields, pointers);
        const recv::datagram packet{.bytes = bytes, .source = n};
        heap out;
        if (gate->take({&packet, 1}).state == recv::flow::full)
            (void)stream.try_pop(out);
    }
    if (stream.statistics()[recv::stat::datagrams] < packets)
        std::abort();
}

/// Peak resident memory of a process that does nothing but `work`, in KiB.
template <typename Work>
long peak_of(const Work &work)
{
    std::fflush(stdout);
    const pid_t child = fork();
    if (child == 0)
    {
        work();
        _exit(0);
    }
    int status = 0;
    rusage used{};
    if (child < 0 || wait4(child, &status, 0, &used) != child || status != 0)
    {
        std::perror("a case did not end well");
        std::exit(1);
    }
    return used.ru_maxrss;
}

} // namespace

int main(int argc, char **argv)
{
    const std::uint64_t packets = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
    const long nothing = peak_of([] {});
    for (const hostile &one : cases())
        std::printf("{\"program\": \"bounds_bench\", \"case\": \"%s\", \"packets\": %llu, \"peak_mib\": %.1f, "
                    "\"allowed_mib\": %.0f}\n",
                    one.name, static_cast<unsigned long long>(packets),
                    static_cast<double>(peak_of([&] { send(one, packets); }) - nothing) / 1024,
                    static_cast<double>(one.allowed) / (1 << 20));
}
