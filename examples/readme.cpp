// SPDX-License-Identifier: BSD-3-Clause
/// The program of README.md; a house check keeps the two equal.
#include <iostream>
#include <optional>
#include <vector>

#include <heapwire/heap/outgoing_heap.h>
#include <heapwire/recv/heap_stream.h>
#include <heapwire/transport/udp.h>

using namespace heapwire;

int main()
{
    // [readme]
    transport::io_threads threads;
    transport::udp_receive_options from;
    from.endpoint = transport::parse_endpoint("127.0.0.1:0"); // the kernel chooses a port
    transport::udp_facts socket;
    recv::heap_stream stream; // heaps come out here
    stream.add(transport::make_udp_source(threads, stream, from, &socket));

    transport::udp_send_options to;
    to.endpoints = {socket.local};
    transport::udp_sender sender(threads, to);
    std::vector<std::byte> samples(10'000);
    outgoing_heap out;
    out.add_item(0x1000, bytes_view(samples)); // referenced, not copied
    send::outcome sent = sender.send_heap({.heap = &out});

    std::optional<heap> in = stream.pop();
    std::cout << sent.bytes << " bytes sent, item of " << in->find(0x1000)->bytes.size() << " bytes received\n";
    // [/readme]
    return in->find(0x1000)->bytes.size() == samples.size() ? 0 : 1;
}
