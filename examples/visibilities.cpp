// SPDX-License-Identifier: BSD-3-Clause
/// The output of a correlator: one big heap a dump, in many packets. A chunk is a heap; three of them go round, so that
/// one dump is received while another is looked at, and no memory is taken for either.
#include <algorithm>
#include <iostream>
#include <stdexcept>
#include <thread>

#include "heapwire/recv/chunk_stream.h"
#include "heapwire/transport/inproc.h"

using namespace heapwire;

namespace
{

constexpr std::uint64_t channels = 256, antennas = 16, baselines = antennas * (antennas + 1) / 2 * 4, dumps = 6;
constexpr std::uint64_t values = channels * baselines * 2; // real and imaginary
constexpr std::uint64_t heap_bytes = values * 4, step = std::uint64_t{1} << 20;
constexpr std::uint64_t timestamp_id = 0x1600, data_id = 0x1800;

std::uint32_t visibility(std::uint64_t dump, std::uint64_t i) { return static_cast<std::uint32_t>((dump + 1) * i); }

void send_all(const std::shared_ptr<transport::inproc_queue> &queue)
{
    transport::io_threads io;
    transport::inproc_sender sender(io, {queue}, {.max_packet_size = 8972});
    std::vector<std::byte> payload(heap_bytes);
    for (std::uint64_t dump = 0; dump < dumps; ++dump)
    {
        for (std::uint64_t i = 0; i < values; ++i)
            store_be(payload.data() + 4 * i, visibility(dump, i));
        outgoing_heap heap;
        heap.add_immediate(timestamp_id, dump * step);
        heap.add_item(data_id, bytes_view(payload));
        heap.repeat_pointers(true); // so that any packet may come first
        if (sender.send_heap({.heap = &heap}).error)
            throw std::runtime_error("not sent");
    }
    queue->stop();
}

/// chunk = timestamp / step; its only flag; from its first byte on. Heaps of another size are none of ours.
recv::chunk_options placement()
{
    recv::linear_placement rule;
    rule.chunk_id.terms = {{.item = 0, .divide = step}};
    rule.heap_size = heap_bytes;
    return {.items = {timestamp_id}, .max_chunks = 1, .place = rule};
}

bool is_right(const recv::chunk &dump)
{
    if (dump.present.view()[0] != std::byte{1}) // not all of it came
        return false;
    for (std::uint64_t i = 0; i < values; ++i)
        if (load_be<std::uint32_t>(dump.data.data() + 4 * i) !=
            visibility(static_cast<std::uint64_t>(dump.chunk_id), i))
            return false;
    return true;
}

} // namespace

int main()
{
    const auto data = std::make_shared<recv::chunk_ring>(3), free = std::make_shared<recv::chunk_ring>(3);
    recv::chunk_ring_stream stream({.order = ordering::any_order, .max_heap_size = heap_bytes}, placement(), data,
                                   free);
    for (int i = 0; i < 3; ++i)
    {
        auto chunk = recv::make_chunk({.data = heap_bytes, .present = 1});
        static_cast<void>(stream.add_free_chunk(chunk));
    }
    transport::io_threads io;
    const auto queue = std::make_shared<transport::inproc_queue>(std::size_t{1} << 20);
    stream.add(transport::make_inproc_source(io, stream.gate(), queue));
    std::thread sender(send_all, queue);

    std::uint64_t right = 0;
    while (auto dump = stream.pop())
    {
        right += is_right(*dump) ? 1 : 0;
        std::cout << "dump " << dump->chunk_id << ": " << dump->data.size() << " bytes\n";
        static_cast<void>(stream.add_free_chunk(dump));
    }
    sender.join();
    std::cout << right << " of " << dumps << " dumps are whole and right\n";
    return right == dumps ? 0 : 1;
}
