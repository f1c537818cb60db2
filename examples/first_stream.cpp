// SPDX-License-Identifier: BSD-3-Clause
/// The program of docs/tutorial/first-stream.md; a house check keeps the two equal.
#include <iostream>
#include <vector>

#include <heapwire/heap/outgoing_heap.h>
#include <heapwire/recv/heap_stream.h>
#include <heapwire/transport/udp.h>

namespace hw = heapwire;
namespace transport = heapwire::transport;

int main()
{
    transport::io_threads threads;

    hw::recv::heap_stream stream;
    transport::udp_receive_options from;
    from.endpoint = transport::parse_endpoint("127.0.0.1:0"); // port 0: the kernel chooses one
    transport::udp_facts socket;                              // and says here which
    stream.add(transport::make_udp_source(threads, stream, from, &socket));

    transport::udp_send_options to;
    to.endpoints = {socket.local};
    hw::send::options how;
    how.max_packet_size = 1472; // what an Ethernet frame holds; 8972 or so with jumbo frames
    how.rate = 100e6;           // bytes a second; leave it out to send as fast as can be
    transport::udp_sender sender(threads, to, how);

    std::vector<std::uint16_t> samples(1000, 42);
    hw::outgoing_heap heap;

    hw::wire::descriptor about;
    about.id = 0x1000;
    about.name = "adc_samples";
    about.description = "a thousand samples";
    about.shape = {samples.size()};
    about.format = {{'u', 16}};
    heap.add_descriptor(about);

    for (std::uint16_t &sample : samples)
        sample = __builtin_bswap16(sample);
    heap.add_item(0x1000, hw::bytes_of(std::span<const std::uint16_t>(samples)));

    hw::send::outcome outcome = sender.send_heap({.heap = &heap});
    if (outcome.error)
        std::cerr << outcome.error.message() << '\n';

    hw::outgoing_heap end;
    end.add_end();
    outcome = sender.send_heap({.heap = &end});

    while (auto received = stream.pop())
    {
        for (const auto &d : received->descriptors())
            std::cout << d.name << ": " << d.description << '\n';
        for (const hw::item &item : received->items())
            std::cout << std::hex << item.id << std::dec << ": " << item.bytes.size() << " bytes\n";
    }

    auto stats = stream.statistics();
    std::cout << stats[hw::recv::stat::heaps] << " heaps, " << stats[hw::recv::stat::heaps_dropped_incomplete]
              << " incomplete, " << stats[hw::recv::stat::kernel_drops] << " packets dropped by the kernel, "
              << stats.malformed() << " malformed\n";
}
