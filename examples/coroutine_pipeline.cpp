// SPDX-License-Identifier: BSD-3-Clause
/// One thread, one io_context, three coroutines: a source of heaps, a filter that changes and forwards them, a
/// consumer.
#include <utility> // Boost 1.74 forgets it in awaitable.hpp

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <iostream>
#include <vector>

#include <heapwire/heap/outgoing_heap.h>
#include <heapwire/recv/heap_stream.h>
#include <heapwire/transport/async_pop.h>
#include <heapwire/transport/inproc.h>

namespace asio = boost::asio;
namespace hw = heapwire;
namespace transport = heapwire::transport;
using queue_ptr = std::shared_ptr<transport::inproc_queue>;

constexpr std::uint64_t heaps = 10;

hw::recv::ring_options awaitable_ring()
{
    hw::recv::ring_options ring;
    ring.wake = hw::wake_kind::eventfd; // co_await needs a descriptor
    return ring;
}

asio::awaitable<void> produce(asio::io_context &io, queue_ptr to)
{
    transport::inproc_sender sender(io, {to});
    for (std::uint64_t i = 0; i < heaps; ++i)
    {
        hw::outgoing_heap heap;
        heap.add_immediate(0x1000, i);
        co_await sender.async_send_heap({.heap = &heap}, asio::use_awaitable);
    }
    to->stop();
}

asio::awaitable<void> square(asio::io_context &io, queue_ptr from, queue_ptr to)
{
    hw::recv::heap_stream stream({}, awaitable_ring());
    stream.add(transport::make_inproc_source(io, stream.gate(), from));
    transport::heap_popper pops(io.get_executor(), stream);
    transport::inproc_sender sender(io, {to});
    for (;;)
    {
        auto [error, in] = co_await pops.async_pop(asio::use_awaitable);
        if (error) // errc::end_of_stream
            break;
        std::uint64_t value = in.find(0x1000)->immediate_value;
        hw::outgoing_heap out;
        out.add_immediate(0x1000, value * value);
        co_await sender.async_send_heap({.heap = &out}, asio::use_awaitable);
    }
    to->stop();
}

asio::awaitable<void> consume(asio::io_context &io, queue_ptr from, std::uint64_t &sum)
{
    hw::recv::heap_stream stream({}, awaitable_ring());
    stream.add(transport::make_inproc_source(io, stream.gate(), from));
    transport::heap_popper pops(io.get_executor(), stream);
    for (;;)
    {
        auto [error, in] = co_await pops.async_pop(asio::use_awaitable);
        if (error) // errc::end_of_stream
            break;
        sum += in.find(0x1000)->immediate_value;
    }
}

int main()
{
    asio::io_context io;
    auto first = std::make_shared<transport::inproc_queue>();
    auto second = std::make_shared<transport::inproc_queue>();
    std::uint64_t sum = 0;
    asio::co_spawn(io, produce(io, first), asio::detached);
    asio::co_spawn(io, square(io, first, second), asio::detached);
    asio::co_spawn(io, consume(io, second, sum), asio::detached);
    io.run();
    std::cout << "sum of squares below " << heaps << ": " << sum << '\n';
    return sum == 285 ? 0 : 1;
}
