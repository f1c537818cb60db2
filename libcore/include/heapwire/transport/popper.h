// SPDX-License-Identifier: BSD-3-Clause
/// The part that heap_popper and chunk_popper share: what is popped from a ring, for event loops and coroutines.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/compose.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <memory>
#include <utility>

#include "heapwire/base/error.h"
#include "heapwire/queue/wake.h"

namespace heapwire::transport
{

/// The descriptor of a ring's wake, watched by an event loop. Shared with handlers that may still be queued when the
/// popper goes.
struct watched_wake
{
    /// Throws std::invalid_argument naming `argument` if the wake has no descriptor.
    watched_wake(const boost::asio::any_io_executor &executor, wake &of, const char *argument);
    void cancel() noexcept;
    void close() noexcept;
    /// To be called before a look into the ring: what comes later makes the descriptor readable again.
    void clear() noexcept;

    wake &data;
    boost::asio::posix::stream_descriptor descriptor;
    bool cancelled = false;
};

/// `Source` names what it hands out (value_type), has data_wake(), and try_pop(value_type &), whose answer is an enum
/// with ok, ended and others that mean "not yet". One popper a ring, one async_pop at a time, and like an Asio socket
/// it is used by one thread (or strand) at a time. Completion signature void(std::error_code, value_type):
/// errc::end_of_stream at the end, operation_canceled after cancel() or the destructor. Cancellation never loses
/// anything, because it is taken only when the handler is about to run.
template <typename Source>
class popper
{
public:
    using value_type = typename Source::value_type;

    ~popper() { state_->watched.close(); }
    popper(const popper &) = delete;
    popper &operator=(const popper &) = delete;

    template <typename Token>
    auto async_pop(Token &&token)
    {
        state_->watched.cancelled = false;
        return boost::asio::async_compose<Token, void(std::error_code, value_type)>(operation{state_}, token,
                                                                                    state_->watched.descriptor);
    }
    void cancel() noexcept { state_->watched.cancel(); }

protected:
    popper(const boost::asio::any_io_executor &executor, Source source, const char *argument)
        : state_(std::make_shared<state>(executor, std::move(source), argument))
    {
    }

private:
    struct state
    {
        state(const boost::asio::any_io_executor &executor, Source from, const char *argument)
            : source(std::move(from)), watched(executor, source.data_wake(), argument)
        {
        }
        Source source;
        watched_wake watched;
    };
    struct operation
    {
        std::shared_ptr<state> shared;
        bool begun = false;

        template <typename Self>
        void operator()(Self &self, boost::system::error_code error = {})
        {
            auto &descriptor = shared->watched.descriptor;
            if (!std::exchange(begun, true)) // not inside async_pop
                return boost::asio::post(descriptor.get_executor(), std::move(self));
            if (error || shared->watched.cancelled)
                return self.complete(make_error_code(std::errc::operation_canceled), value_type());
            value_type next{};
            shared->watched.clear();
            const auto got = shared->source.try_pop(next);
            using answer = decltype(got);
            if (got == answer::ok)
                return self.complete({}, std::move(next));
            if (got == answer::ended)
                return self.complete(errc::end_of_stream, value_type());
            descriptor.async_wait(boost::asio::posix::stream_descriptor::wait_read, std::move(self));
        }
    };

    std::shared_ptr<state> state_;
};

} // namespace heapwire::transport
