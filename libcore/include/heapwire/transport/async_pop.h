// SPDX-License-Identifier: BSD-3-Clause
/// Heaps for event loops and coroutines: co_await pops.async_pop(use_awaitable).
#pragma once

#include <boost/asio/posix/stream_descriptor.hpp>

#include "heapwire/recv/heap_stream.h"

namespace heapwire::transport {

/// For a stream whose ring_options::wake has a descriptor. Completion signature
/// void(std::error_code, heap): errc::end_of_stream at the end. One async_pop at a time; cancellation never loses a
/// heap, because a heap is taken only when the handler is about to run.
class heap_popper
{
public:
    heap_popper(boost::asio::any_io_executor executor, recv::heap_stream &stream);
    ~heap_popper();
    template <typename Token>
    auto async_pop(Token &&token);
    void cancel() noexcept;
    // (completed by the owner of room transport)
};

} // namespace heapwire::transport
