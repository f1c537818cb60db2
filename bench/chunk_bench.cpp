// SPDX-License-Identifier: BSD-3-Clause
/// Heaps of one packet from memory into chunks: every way of placement; a group of two streams on two cores against
/// one. The ceiling is memcpy of the same payloads to the same places, by one thread or two, and
/// non-temporal copies by one.
/// Usage: chunk_bench [seconds a case, default 1] [name of one case]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "heapwire/recv/chunk_group.h"
#include "heapwire/wire/packet_writer.h"

namespace
{

using namespace heapwire;
using clock_type = std::chrono::steady_clock;

constexpr std::size_t chunk_bytes = std::size_t{4} << 20;
constexpr std::size_t total_bytes = std::size_t{192} << 20; // larger than any cache
constexpr std::size_t header_bytes = wire::prefix_bytes + 8 * 3;
constexpr std::uint64_t time_id = 0x1600, antenna_id = 0x1601, antennas = 4;

/// Packets back to back; of `share` of `shares`, dealt out by antenna.
std::vector<std::byte> make_packets(std::size_t heap_bytes, std::size_t share, std::size_t shares)
{
    const wire::flavour f;
    const wire::pointer_codec codec(f);
    std::vector<std::byte> out;
    const std::size_t heaps = total_bytes / heap_bytes;
    out.reserve(heaps / shares * (header_bytes + heap_bytes));
    for (std::size_t n = 0; n < heaps; ++n)
    {
        const std::size_t time = n / antennas, antenna = n % antennas;
        if (antenna % shares != share)
            continue;
        const std::vector<wire::item_pointer> pointers{
            codec.immediate(time_id, time), codec.immediate(antenna_id, antenna), codec.addressed(0x1000, 0)};
        const std::size_t at = out.size();
        out.resize(at + header_bytes + heap_bytes, std::byte{0x5a});
        wire::write_packet_header(out.data() + at, f, {n, heap_bytes, 0, heap_bytes}, pointers);
    }
    return out;
}

struct layout
{
    std::size_t heap_bytes;
    std::size_t times; // a chunk
};

void place(heapwire_place_data *heap, std::size_t, void *context)
{
    const layout &how = *static_cast<const layout *>(context);
    const auto time = static_cast<std::size_t>(heap->items[0]);
    const auto index = time % how.times * antennas + static_cast<std::size_t>(heap->items[1]);
    if (heap->items[2] != static_cast<std::int64_t>(how.heap_bytes))
        return;
    heap->chunk_id = static_cast<std::int64_t>(time / how.times);
    heap->heap_index = index;
    heap->heap_offset = index * how.heap_bytes;
}

void place_all(heapwire_place_data *heaps, std::size_t count, std::size_t size, void *context)
{
    for (std::size_t i = 0; i < count; ++i)
        place(heaps + i, size, context);
}

recv::linear_placement rule_of(const layout &how)
{
    const recv::linear_term time{.item = 0, .modulo = how.times, .scale = antennas}, antenna{.item = 1};
    recv::linear_placement rule;
    rule.chunk_id.terms = {{.item = 0, .divide = how.times}};
    rule.heap_index.terms = rule.heap_offset.terms = {time, antenna};
    for (recv::linear_term &t : rule.heap_offset.terms)
        t.scale *= how.heap_bytes;
    rule.heap_size = how.heap_bytes;
    return rule;
}

/// Chunks go round without a consumer.
class carousel : public recv::chunk_supply
{
public:
    static constexpr std::size_t chunks = 6;

    explicit carousel(const layout &how) : sizes_{chunk_bytes, how.times * antennas, 0}
    {
        for (std::size_t i = 0; i < chunks; ++i)
            spare_.push_back(recv::make_chunk(sizes_));
        for (auto &c : spare_)
            std::memset(c->data.data(), 0, c->data.size());
    }
    recv::supplied obtain(std::int64_t, std::unique_ptr<recv::chunk> &out, std::span<std::uint64_t>) noexcept override
    {
        out = std::move(spare_.front());
        spare_.pop_front();
        return recv::supplied::ok;
    }
    recv::supplied ready(std::unique_ptr<recv::chunk> &filled, std::span<std::uint64_t>) noexcept override
    {
        spare_.push_back(std::move(filled));
        return recv::supplied::ok;
    }
    void discard(std::unique_ptr<recv::chunk> &unused) noexcept override { spare_.push_back(std::move(unused)); }
    bool call_on_space(space_hook &, recv::lack) override { return false; }
    void cancel(space_hook &) noexcept override {}
    void add_producer() noexcept override {}
    void remove_producer() noexcept override {}
    void stop() noexcept override {}
    void drop_leftovers() noexcept override {}

private:
    recv::chunk_sizes sizes_;
    std::deque<std::unique_ptr<recv::chunk>> spare_;
};

void drive(recv::chunk_stream &stream, bytes_view packets)
{
    const auto gate = stream.gate();
    while (!packets.empty())
    {
        const recv::taken got = gate->take_stream(packets.first(std::min<std::size_t>(packets.size(), 1 << 20)));
        packets = packets.subspan(got.used);
        if (got.state == recv::flow::full)
            std::this_thread::yield();
    }
    while (gate->source_ended() == recv::flow::full)
        std::this_thread::yield();
}

/// One pass; answers seconds, or stops the program if a heap is missing.
double pass(const layout &how, const recv::placement &placing, const std::vector<std::vector<std::byte>> &shares)
{
    const auto supply = std::make_shared<carousel>(how);
    recv::chunk_group group({.max_chunks = 4, .mode = recv::eviction::lossless}, supply);
    const recv::chunk_options where{.items = {time_id, antenna_id, 2}, .place = placing};
    std::vector<std::shared_ptr<recv::chunk_stream>> streams;
    for (std::size_t i = 0; i < shares.size(); ++i)
        streams.push_back(shares.size() == 1 ? std::make_shared<recv::chunk_stream>(recv::options{}, where, supply)
                                             : group.emplace_back({}, where));
    const auto begin = clock_type::now();
    std::vector<std::thread> others;
    for (std::size_t i = 1; i < shares.size(); ++i)
        others.emplace_back([&, i] { drive(*streams[i], shares[i]); });
    drive(*streams[0], shares[0]);
    for (std::thread &t : others)
        t.join();
    const double seconds = std::chrono::duration<double>(clock_type::now() - begin).count();
    std::uint64_t placed = 0;
    for (const auto &s : streams)
        placed += recv::count_of(s->statistics(), recv::chunk_stat::chunk_heaps);
    if (placed != total_bytes / how.heap_bytes)
    {
        std::fprintf(stderr, "%zu heaps are missing\n",
                     static_cast<std::size_t>(total_bytes / how.heap_bytes - placed));
        std::exit(1);
    }
    return seconds;
}

/// Only the copies of one share, in the same order; the place of each is known beforehand.
void copy_share(const layout &how, copy_function copy, const std::vector<std::byte> &packets,
                std::vector<std::byte> &chunks, std::size_t share, std::size_t shares)
{
    const std::size_t step = header_bytes + how.heap_bytes;
    std::size_t row = share;
    for (std::size_t at = header_bytes; at < packets.size(); at += step, row += shares)
        copy(chunks.data() + row * how.heap_bytes % chunks.size(), packets.data() + at, how.heap_bytes);
    fence_nontemporal();
}

double copy_pass(const layout &how, copy_function copy, const std::vector<std::vector<std::byte>> &shares)
{
    static std::vector<std::byte> chunks(carousel::chunks * chunk_bytes);
    const auto begin = clock_type::now();
    std::vector<std::thread> others;
    for (std::size_t i = 1; i < shares.size(); ++i)
        others.emplace_back([&, i] { copy_share(how, copy, shares[i], chunks, i, shares.size()); });
    copy_share(how, copy, shares[0], chunks, 0, shares.size());
    for (std::thread &t : others)
        t.join();
    return std::chrono::duration<double>(clock_type::now() - begin).count();
}

/// A copy instead of a placement: the ceiling.
void report(const std::string &name, const layout &how, const std::variant<recv::placement, copy_function> &what,
            std::size_t streams, double seconds, const char *only)
{
    if (only && name != only)
        return;
    std::vector<std::vector<std::byte>> shares;
    for (std::size_t i = 0; i < streams; ++i)
        shares.push_back(make_packets(how.heap_bytes, i, streams));
    const auto *placing = std::get_if<recv::placement>(&what);
    const copy_function copy = placing ? nullptr : std::get<copy_function>(what);
    double best = 1e9;
    for (const auto until = clock_type::now() + std::chrono::duration<double>(seconds); clock_type::now() < until;)
        best = std::min(best, placing ? pass(how, *placing, shares) : copy_pass(how, copy, shares));
    const double heaps = static_cast<double>(total_bytes / how.heap_bytes) / best;
    std::printf("%-22s %6.2f M heaps/s  %6.1f Gb/s\n", name.c_str(), heaps / 1e6,
                heaps * static_cast<double>(how.heap_bytes) * 8 / 1e9);
    std::fflush(stdout);
}

} // namespace

int main(int argc, char **argv)
{
    const double seconds = argc > 1 ? std::atof(argv[1]) : 1;
    const char *only = argc > 2 ? argv[2] : nullptr;
    for (const std::size_t heap_bytes : {std::size_t{1024}, std::size_t{8192}})
    {
        layout how{heap_bytes, chunk_bytes / heap_bytes / antennas};
        const std::string size = std::to_string(heap_bytes / 1024) + "k";
        report("memcpy_" + size, how, copy_plain, 1, seconds, only);
        report("memcpy_two_threads_" + size, how, copy_plain, 2, seconds, only);
        report("nontemporal_" + size, how, nontemporal_copies().front().unfenced, 1, seconds, only);
        report("call_" + size, how, recv::placement(recv::place_one_with{place, &how}), 1, seconds, only);
        report("batch_" + size, how, recv::placement(recv::place_batch_with{place_all, &how}), 1, seconds, only);
        report("rule_" + size, how, recv::placement(rule_of(how)), 1, seconds, only);
        report("rule_two_streams_" + size, how, recv::placement(rule_of(how)), 2, seconds, only);
    }
}
