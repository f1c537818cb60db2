// SPDX-License-Identifier: BSD-3-Clause
/// Chunks for event loops and coroutines: co_await chunks.async_pop(use_awaitable).
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/compose.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <memory>

#include "heapwire/base/error.h"
#include "heapwire/recv/chunk.h"

namespace heapwire::transport
{

/// For a ring whose data wake has a descriptor (wake_kind::eventfd or pipe); else std::invalid_argument. One popper a
/// ring, one async_pop at a time, and like an Asio socket it is used by one thread (or strand) at a time. Completion
/// signature void(std::error_code, std::unique_ptr<chunk>): errc::end_of_stream at the end, operation_canceled after
/// cancel() or the destructor. Cancellation never loses a chunk, because one is taken only when the handler is about to
/// run.
class chunk_popper
{
public:
    chunk_popper(boost::asio::any_io_executor executor, std::shared_ptr<recv::chunk_ring> ring);
    ~chunk_popper();
    chunk_popper(const chunk_popper &) = delete;
    chunk_popper &operator=(const chunk_popper &) = delete;

    template <typename Token>
    auto async_pop(Token &&token)
    {
        state_->cancelled = false;
        return boost::asio::async_compose<Token, void(std::error_code, std::unique_ptr<recv::chunk>)>(
            operation{state_}, token, state_->descriptor);
    }
    void cancel() noexcept;

private:
    // Shared with a handler that may still be queued when the popper goes.
    struct state
    {
        boost::asio::posix::stream_descriptor descriptor;
        std::shared_ptr<recv::chunk_ring> ring;
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
                return self.complete(make_error_code(std::errc::operation_canceled), nullptr);
            std::unique_ptr<recv::chunk> next;
            switch (look(*shared, next))
            {
            case pop_result::ok:
                return self.complete({}, std::move(next));
            case pop_result::ended:
                return self.complete(errc::end_of_stream, nullptr);
            case pop_result::empty:
            case pop_result::timeout:
                break;
            }
            auto &descriptor = shared->descriptor;
            descriptor.async_wait(boost::asio::posix::stream_descriptor::wait_read, std::move(self));
        }
    };
    // Clears the descriptor, then looks: what comes later makes it readable again.
    static pop_result look(state &shared, std::unique_ptr<recv::chunk> &next);

    std::shared_ptr<state> state_;
};

} // namespace heapwire::transport
