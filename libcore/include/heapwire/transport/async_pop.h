// SPDX-License-Identifier: BSD-3-Clause
/// Heaps for event loops and coroutines: co_await pops.async_pop(use_awaitable).
#pragma once

#include "heapwire/recv/heap_stream.h"
#include "heapwire/transport/popper.h"

namespace heapwire::transport
{

struct heaps_of_stream
{
    using value_type = heap;
    [[nodiscard]] wake &data_wake() const noexcept { return stream->ring().data_wake(); }
    [[nodiscard]] recv::pop_status try_pop(heap &out) const { return stream->try_pop(out); }
    recv::heap_stream *stream;
};

/// For a stream whose ring_options::wake has a descriptor; else std::invalid_argument. The stream must outlive it.
/// Incomplete heaps are skipped.
class heap_popper : public popper<heaps_of_stream>
{
public:
    heap_popper(const boost::asio::any_io_executor &executor, recv::heap_stream &stream)
        : popper(executor, {&stream}, "ring_options::wake")
    {
    }
};

} // namespace heapwire::transport
