// SPDX-License-Identifier: BSD-3-Clause
/// Payload memory of your own: here pages that are counted, elsewhere a GPU's or a shared segment's.
#include <atomic>
#include <cstdlib>
#include <iostream>
#include <new>
#include <thread>
#include <vector>

#include <heapwire/heap/outgoing_heap.h>
#include <heapwire/memory/allocator.h>
#include <heapwire/recv/heap_stream.h>
#include <heapwire/transport/inproc.h>

namespace hw = heapwire;
namespace transport = heapwire::transport;

std::atomic<int> made{0}, released{0};

/// allocate() runs on io threads; a buffer is released by whoever drops its heap, perhaps after the allocator is gone.
/// So the release function uses nothing of the object.
class page_allocator : public hw::allocator
{
public:
    hw::buffer allocate(std::size_t size, const std::byte *) override
    {
        constexpr std::size_t page = 4096;
        void *memory = std::aligned_alloc(page, (size + page - 1) / page * page);
        if (!memory)
            throw std::bad_alloc(); // the heap is dropped and counted; the stream goes on
        ++made;
        return {static_cast<std::byte *>(memory), size, &give_back, nullptr};
    }

private:
    static void give_back(std::byte *data, std::size_t, void *) noexcept
    {
        std::free(data);
        ++released;
    }
};

int main()
{
    transport::io_threads threads;
    auto queue = std::make_shared<transport::inproc_queue>();
    {
        hw::recv::options how;
        how.memory = std::make_shared<page_allocator>();
        hw::recv::heap_stream stream(how);
        stream.add(transport::make_inproc_source(threads, stream.gate(), queue));

        transport::inproc_sender sender(threads, {queue});
        std::vector<std::byte> payload(50000);
        hw::outgoing_heap heap;
        heap.add_item(0x1000, hw::bytes_view(payload));
        for (int i = 0; i < 3; ++i)
            static_cast<void>(sender.send_heap({.heap = &heap}));
        queue->stop();

        while (auto received = stream.pop())
        {
            auto address = reinterpret_cast<std::uintptr_t>(received->payload().data());
            std::cout << "heap " << received->cnt() << (address % 4096 == 0 ? " is" : " is not") << " on a page\n";
        }
    }
    std::cout << made << " buffers made, " << released << " released\n";
    return made == 3 && released == made ? 0 : 1;
}
