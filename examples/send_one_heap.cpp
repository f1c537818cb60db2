// SPDX-License-Identifier: BSD-3-Clause
/// One heap over UDP: a descriptor that says what the item is, then the item itself.
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

    // Somebody to send to. A real receiver is another program on another machine.
    hw::recv::heap_stream stream;
    transport::udp_receive_options from;
    from.endpoint = transport::parse_endpoint("127.0.0.1:0"); // the kernel chooses a port
    transport::udp_facts facts;
    stream.add(transport::make_udp_source(threads, stream, from, &facts));

    // The sender.
    transport::udp_send_options to;
    to.endpoints = {facts.local};
    hw::send::options how;
    how.max_packet_size = 1472;
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
    // SPEAD is big-endian, and the payload is referenced, not copied: put it into network order where it lies.
    for (std::uint16_t &sample : samples)
        sample = __builtin_bswap16(sample);
    heap.add_item(0x1000, hw::bytes_of(std::span<const std::uint16_t>(samples)));

    hw::send::outcome outcome = sender.send_heap({.heap = &heap}); // returns when `samples` may change again
    if (outcome.error)
    {
        std::cerr << "not sent: " << outcome.error.message() << '\n';
        return 1;
    }
    std::cout << "sent " << outcome.bytes << " bytes\n";

    auto received = stream.pop();
    if (!received || !received->find(0x1000))
        return 1;
    for (const auto &d : received->descriptors())
        std::cout << "received " << d.name << ": " << received->find(d.id)->bytes.size() << " bytes\n";
    return received->find(0x1000)->bytes.size() == 2000 ? 0 : 1;
}
