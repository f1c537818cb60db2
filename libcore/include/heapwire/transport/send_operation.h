// SPDX-License-Identifier: BSD-3-Clause
/// What stands between a completion (a function pointer) and those who wait for one: Asio handlers and blocked callers.
#pragma once

#include <atomic>
#include <boost/asio/associated_allocator.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <exception>
#include <memory>
#include <utility>

#include "heapwire/send/options.h"

namespace heapwire::transport::detail
{

/// Logs the exception that is being handled, as the io threads do.
void log_escaped_exception(const char *where) noexcept;

/// The outcome of a blocking send. Two owners, because a caller whose wait policy throws leaves before the completion
/// comes.
struct outcome_box
{
    send::outcome what;
    std::atomic<int> owners{1};

    void release() noexcept
    {
        if (owners.fetch_sub(1, std::memory_order_acq_rel) == 1)
            delete this;
    }
    static void complete(void *context, std::uint64_t, const send::outcome &what) noexcept
    {
        auto *box = static_cast<outcome_box *>(context);
        box->what = what;
        box->release();
    }
};

class outcome_owner
{
public:
    outcome_owner() : box_(new outcome_box) {}
    ~outcome_owner() { box_->release(); }
    outcome_owner(const outcome_owner &) = delete;
    outcome_owner &operator=(const outcome_owner &) = delete;
    [[nodiscard]] outcome_box &box() noexcept { return *box_; }

private:
    outcome_box *box_;
};

/// An Asio handler in flight: memory from its allocator, its executor kept from running dry.
template <typename Handler>
class send_operation
{
    using executor = boost::asio::associated_executor_t<Handler, boost::asio::io_context::executor_type>;
    using base_allocator = boost::asio::associated_allocator_t<Handler>;
    using allocator = typename std::allocator_traits<base_allocator>::template rebind_alloc<send_operation>;
    using traits = std::allocator_traits<allocator>;

public:
    send_operation(boost::asio::io_context &context, Handler handler)
        : work_(boost::asio::make_work_guard(handler, context)), handler_(std::move(handler))
    {
    }

    static send_operation *make(boost::asio::io_context &context, Handler handler)
    {
        allocator memory(boost::asio::get_associated_allocator(handler));
        send_operation *made = traits::allocate(memory, 1);
        try
        {
            return new (made) send_operation(context, std::move(handler));
        }
        catch (...)
        {
            traits::deallocate(memory, made, 1);
            throw;
        }
    }

    static void complete(void *context, std::uint64_t, const send::outcome &what) noexcept
    {
        static_cast<send_operation *>(context)->finish(what, way::dispatch);
    }
    void refuse(std::error_code error) noexcept { finish({error, 0}, way::post); }

private:
    enum class way
    {
        dispatch,
        post
    };

    // The memory is free before the handler runs, so that a chain of sends uses it again.
    void finish(send::outcome what, way how) noexcept
    {
        try
        {
            auto work = std::move(work_);
            Handler handler(std::move(handler_));
            destroy(handler);
            auto run = [handler = std::move(handler), what]() mutable { handler(what.error, what.bytes); };
            if (how == way::dispatch)
                boost::asio::dispatch(work.get_executor(), std::move(run));
            else
                boost::asio::post(work.get_executor(), std::move(run));
        }
        catch (...)
        {
            log_escaped_exception("a send completion");
        }
    }
    void destroy(const Handler &handler) noexcept
    {
        allocator memory(boost::asio::get_associated_allocator(handler));
        traits::destroy(memory, this);
        traits::deallocate(memory, this, 1);
    }

    boost::asio::executor_work_guard<executor> work_;
    Handler handler_;
};

/// `submit` gets the completion, and answers why it was refused.
template <typename Handler, typename Submit>
void start_send(boost::asio::io_context &context, Handler handler, Submit &&submit)
{
    using operation = send_operation<Handler>;
    operation *started = operation::make(context, std::move(handler));
    if (std::error_code refused = submit(send::completion{operation::complete, started, 0}))
        started->refuse(refused);
}

} // namespace heapwire::transport::detail
