// SPDX-License-Identifier: BSD-3-Clause
// A stranger's program: it sees the installed library only, sends itself a heap and looks at every byte.
#include <cstdio>
#include <heapwire/base/version.h>
#include <heapwire/transport/inproc.h>
#include <vector>

int main()
{
    using namespace heapwire;
    transport::io_threads threads(1);
    auto queue = std::make_shared<transport::inproc_queue>();

    recv::heap_stream stream;
    stream.add(transport::make_inproc_source(threads, stream.gate(), queue));

    std::vector<std::byte> payload(100'000);
    for (std::size_t i = 0; i < payload.size(); i++)
        payload[i] = static_cast<std::byte>(i * 7);
    outgoing_heap out;
    out.add_item(0x1000, payload);
    transport::inproc_sender sender(threads, {queue});
    send::outcome sent = sender.send_heap({.heap = &out});
    queue->stop();

    std::optional<heap> got = stream.pop();
    const item *found = got ? got->find(0x1000) : nullptr;
    bool equal =
        !sent.error && found && std::equal(found->bytes.begin(), found->bytes.end(), payload.begin(), payload.end());
    std::printf("heapwire %s: %s\n", version(), equal ? "equal" : "different");
    return equal && !stream.pop() ? 0 : 1;
}
