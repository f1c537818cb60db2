// SPDX-License-Identifier: BSD-3-Clause
/// Receives heaps and prints their items. The sender is in the same program, behind a pipe; with make_udp_source or
/// make_tcp_source instead of make_inproc_source the loop is the same.
#include <iostream>
#include <thread>
#include <vector>

#include <heapwire/heap/outgoing_heap.h>
#include <heapwire/recv/heap_stream.h>
#include <heapwire/transport/inproc.h>

namespace hw = heapwire;
namespace transport = heapwire::transport;

constexpr int heaps_to_send = 5;

void send_all(transport::io_threads &threads, std::shared_ptr<transport::inproc_queue> queue)
{
    transport::inproc_sender sender(threads, {queue});
    std::vector<std::byte> payload(100000);
    hw::outgoing_heap heap;
    heap.add_item(0x1000, hw::bytes_view(payload));
    auto number = heap.add_immediate(0x1001, 0);
    for (int i = 0; i < heaps_to_send; ++i)
    {
        heap.item(number).value = static_cast<std::uint64_t>(i); // it is not in flight: send_heap() has returned
        if (auto outcome = sender.send_heap({.heap = &heap}); outcome.error)
            std::cerr << "heap " << i << ": " << outcome.error.message() << '\n';
    }
    hw::outgoing_heap stop;
    stop.add_end();
    static_cast<void>(sender.send_heap({.heap = &stop}));
}

int main()
{
    transport::io_threads threads;
    auto queue = std::make_shared<transport::inproc_queue>();

    hw::recv::options how;
    how.max_heaps = 8; // heaps in flight before the oldest is given up
    hw::recv::ring_options ring;
    ring.heaps = 4; // finished heaps that wait for us; then the source pauses
    hw::recv::heap_stream stream(how, ring);
    stream.add(transport::make_inproc_source(threads, stream.gate(), queue));

    std::thread sending(send_all, std::ref(threads), queue);
    int seen = 0;
    while (auto heap = stream.pop()) // until the sender's end-of-stream heap
    {
        std::cout << "heap " << heap->cnt() << '\n';
        for (const hw::item &item : heap->items())
        {
            std::cout << "  item 0x" << std::hex << item.id << std::dec;
            if (item.is_immediate)
                std::cout << " = " << item.immediate_value << '\n';
            else
                std::cout << ": " << item.bytes.size() << " bytes\n";
        }
        ++seen;
    }
    sending.join();

    hw::recv::stats stats = stream.statistics();
    std::cout << stats[hw::recv::stat::packets] << " packets, " << stats.malformed() << " malformed\n";
    return seen == heaps_to_send ? 0 : 1;
}
