// SPDX-License-Identifier: BSD-3-Clause
/// The input of a correlator, shaped as MeerKAT's: packets of 8 KiB, a heap each, of 64 antennas; the network deals
/// them out to four addresses. Four streams, a thread each, fill the same chunks of [block of time][antenna][sample].
#include <algorithm>
#include <array>
#include <iostream>
#include <thread>

#include "heapwire/recv/chunk_group.h"
#include "heapwire/transport/inproc.h"

using namespace heapwire;

namespace
{

constexpr std::uint64_t antennas = 64, streams = 4, blocks_a_chunk = 8, chunks = 6, flags = blocks_a_chunk * antennas;
constexpr std::uint64_t heap_bytes = 8192, step = 4096, timestamp_id = 0x1600, antenna_id = 0x4101, data_id = 0x4300;

std::byte sample(std::uint64_t block, std::uint64_t antenna, std::uint64_t i)
{
    return static_cast<std::byte>(block * 31 + antenna * 7 + i % 253);
}

/// What the network brings to one address: every fourth antenna.
void send_share(const std::shared_ptr<transport::inproc_queue> &queue, std::uint64_t share)
{
    transport::io_threads io;
    transport::inproc_sender sender(io, {queue}, {.max_packet_size = heap_bytes + 128});
    std::array<std::byte, heap_bytes> payload;
    for (std::uint64_t block = 0; block < blocks_a_chunk * chunks; ++block)
        for (std::uint64_t antenna = share; antenna < antennas; antenna += streams)
        {
            std::generate(payload.begin(), payload.end(),
                          [&, i = 0U]() mutable { return sample(block, antenna, i++); });
            outgoing_heap heap;
            heap.add_immediate(timestamp_id, block * step);
            heap.add_immediate(antenna_id, antenna);
            heap.add_item(data_id, bytes_view(payload));
            if (sender.send_heap({.heap = &heap}).error)
                return queue->stop(); // and the other end misses heaps
        }
    queue->stop();
}

recv::chunk_options placement()
{
    recv::linear_placement rule;
    const recv::linear_term time{.item = 0, .divide = step, .modulo = blocks_a_chunk, .scale = antennas};
    rule.chunk_id.terms = {{.item = 0, .divide = step * blocks_a_chunk}};
    rule.heap_index.terms = rule.heap_offset.terms = {time, {.item = 1}};
    for (recv::linear_term &term : rule.heap_offset.terms)
        term.scale *= heap_bytes;
    rule.heap_size = heap_bytes;
    return {.items = {timestamp_id, antenna_id}, .place = rule};
}

std::uint64_t right_heaps(const recv::chunk &c)
{
    std::uint64_t right = 0;
    for (std::uint64_t flag = 0; flag < flags; ++flag)
    {
        const std::uint64_t block = static_cast<std::uint64_t>(c.chunk_id) * blocks_a_chunk + flag / antennas;
        const auto heap = c.data.view().subspan(flag * heap_bytes, heap_bytes);
        right += c.present.view()[flag] == std::byte{1} &&
                 std::all_of(heap.begin(), heap.end(),
                             [&, i = 0U](std::byte b) mutable { return b == sample(block, flag % antennas, i++); });
    }
    return right;
}

} // namespace

int main()
{
    const auto data = std::make_shared<recv::chunk_ring>(4), free = std::make_shared<recv::chunk_ring>(4);
    // Lossless, because queues wait for us. A network does not: there, lossy lets nobody wait for who is behind.
    recv::chunk_ring_group group({.max_chunks = 2, .mode = recv::eviction::lossless}, data, free);
    for (int i = 0; i < 4; ++i)
        if (auto c = recv::make_chunk({.data = flags * heap_bytes, .present = flags}))
            static_cast<void>(group.add_free_chunk(c));
    for (std::uint64_t i = 0; i < streams; ++i) // all members first, then their sources
        group.emplace_back({.stream_id = i}, placement());
    std::array<transport::io_threads, streams> io;
    std::vector<std::jthread> senders;
    for (std::uint64_t i = 0; const auto &member : group.members())
    {
        const auto queue = std::make_shared<transport::inproc_queue>(std::size_t{1} << 20);
        member->add(transport::make_inproc_source(io[i], member->gate(), queue));
        senders.emplace_back(send_share, queue, i++);
    }
    std::uint64_t right = 0;
    while (auto chunk = group.pop())
    {
        right += right_heaps(*chunk);
        static_cast<void>(group.add_free_chunk(chunk));
    }
    std::cout << right << " of " << chunks * flags << " heaps are in place and right\n";
    return right == chunks * flags ? 0 : 1;
}
