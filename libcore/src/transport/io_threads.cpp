// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/transport/io_threads.h"

#include <boost/asio/executor_work_guard.hpp>
#include <csignal>
#include <cstring>
#include <mutex>
#include <pthread.h>
#include <sched.h>
#include <thread>

#include "heapwire/base/error.h"
#include "heapwire/base/log.h"
#include "heapwire/transport/send_operation.h"

namespace heapwire::transport
{

namespace
{

// A new thread inherits the mask, so no signal can slip in before the worker would have blocked them itself.
class all_signals_blocked
{
public:
    all_signals_blocked() noexcept
    {
        sigset_t all;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before_);
    }
    ~all_signals_blocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    all_signals_blocked(const all_signals_blocked &) = delete;
    all_signals_blocked &operator=(const all_signals_blocked &) = delete;

private:
    sigset_t before_;
};

} // namespace

struct io_threads::impl
{
    explicit impl(std::size_t threads) : context(static_cast<int>(threads)), work(boost::asio::make_work_guard(context))
    {
    }

    void start(std::size_t threads, const std::vector<int> &cores)
    {
        all_signals_blocked guard;
        workers.reserve(threads);
        for (std::size_t i = 0; i < threads; ++i)
            workers.emplace_back([this, core = cores.empty() ? -1 : cores[i % cores.size()]] { run(core); });
    }
    void run(int core) noexcept;
    void stop() noexcept;

    boost::asio::io_context context;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work;
    std::mutex joining;
    std::vector<std::thread> workers;
};

void io_threads::impl::run(int core) noexcept
{
    pthread_setname_np(pthread_self(), "heapwire-io");
    if (core >= 0 && !pin_this_thread(core))
        HEAPWIRE_LOG(warning, "transport", "cannot pin an io thread to core ", core, ": ", std::strerror(errno));
    // The allocator sets up its per-thread arena now, and not when the first packet is there.
    std::make_unique<volatile char[]>(1)[0] = 0;
    for (;;)
    {
        try
        {
            context.run();
            return;
        }
        catch (...)
        {
            detail::log_escaped_exception("a handler on an io thread");
        }
    }
}

void io_threads::impl::stop() noexcept
{
    context.stop();
    std::lock_guard one_joins(joining);
    for (std::thread &worker : workers)
        if (worker.joinable())
            worker.join();
}

io_threads::io_threads(std::size_t threads, std::vector<int> cores)
{
    if (threads == 0 || threads > 4096)
        throw_bad_argument("threads", threads, "1 to 4096");
    for (int core : cores)
        if (core < 0)
            throw_bad_argument("cores", core, "numbers of cores, from 0");
    impl_ = std::make_shared<impl>(threads);
    try
    {
        impl_->start(threads, cores);
    }
    catch (...)
    {
        impl_->stop();
        throw;
    }
}

io_threads::~io_threads() { stop(); }

io_ref io_threads::ref() noexcept { return {impl_->context, impl_}; }

boost::asio::io_context &io_threads::context() noexcept { return impl_->context; }

void io_threads::stop() noexcept { impl_->stop(); }

std::size_t io_threads::size() const noexcept { return impl_->workers.size(); }

bool io_threads::pin_this_thread(int core) noexcept
{
    if (core < 0 || core >= CPU_SETSIZE)
    {
        errno = EINVAL;
        return false;
    }
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(static_cast<std::size_t>(core), &set);
    errno = pthread_setaffinity_np(pthread_self(), sizeof set, &set);
    return errno == 0;
}

void detail::log_escaped_exception(const char *where) noexcept
{
    try
    {
        throw;
    }
    catch (const std::exception &error)
    {
        HEAPWIRE_LOG(warning, "transport", "exception left ", where, ": ", error.what());
    }
    catch (...)
    {
        HEAPWIRE_LOG(warning, "transport", "exception left ", where, ", of unknown type");
    }
}

} // namespace heapwire::transport
