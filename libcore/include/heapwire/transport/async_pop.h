// SPDX-License-Identifier: BSD-3-Clause
/// Heaps for event loops and coroutines: co_await pops.async_pop(use_awaitable).
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/compose.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <fcntl.h>
#include <memory>

#include "heapwire/base/error.h"
#include "heapwire/recv/heap_stream.h"

namespace heapwire::transport
{

/// For a stream whose ring_options::wake has a descriptor; else std::invalid_argument. The stream must outlive it.
/// One popper a stream, one async_pop at a time, and like an Asio socket it is used by one thread (or strand) at a
/// time. Completion signature void(std::error_code, heap): errc::end_of_stream at the end,
/// operation_canceled after cancel() or the destructor. Cancellation never loses a heap, because one is taken only
/// when the handler is about to run. Incomplete heaps are skipped.
class heap_popper
{
public:
    heap_popper(boost::asio::any_io_executor executor, recv::heap_stream &stream);
    ~heap_popper();
    heap_popper(const heap_popper &) = delete;
    heap_popper &operator=(const heap_popper &) = delete;

    template <typename Token>
    auto async_pop(Token &&token)
    {
        state_->cancelled = false;
        return boost::asio::async_compose<Token, void(std::error_code, heap)>(operation{state_}, token,
                                                                              state_->descriptor);
    }
    void cancel() noexcept;

private:
    // Shared with a handler that may still be queued when the popper goes.
    struct state
    {
        boost::asio::posix::stream_descriptor descriptor;
        recv::heap_stream *stream;
        bool cancelled = false;
    };
    struct operation
    {
        std::shared_ptr<state> shared;
        bool begun = false;

        template <typename Self>
        void operator()(Self &self, boost::system::error_code error = {})
        {
            if (!std::exchange(begun, true)) // not inside async_pop
                return boost::asio::post(shared->descriptor.get_executor(), std::move(self));
            if (error || shared->cancelled)
                return self.complete(make_error_code(std::errc::operation_canceled), heap());
            heap next;
            switch (look(*shared, next))
            {
            case recv::pop_status::ok:
                return self.complete({}, std::move(next));
            case recv::pop_status::ended:
                return self.complete(errc::end_of_stream, heap());
            case recv::pop_status::empty:
            case recv::pop_status::timeout:
                break;
            }
            auto &descriptor = shared->descriptor;
            descriptor.async_wait(boost::asio::posix::stream_descriptor::wait_read, std::move(self));
        }
    };
    // Clears the descriptor, then looks: what comes later makes it readable again.
    static recv::pop_status look(state &shared, heap &next);

    std::shared_ptr<state> state_;
};

} // namespace heapwire::transport
