// SPDX-License-Identifier: BSD-3-Clause
#include "farewell.h"

#include <atomic>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <pthread.h>
#include <thread>
#include <utility>

#include "heapwire/base/log.h"

namespace heapwire::python
{

namespace
{

using std::chrono::steady_clock;

std::atomic<std::chrono::milliseconds> longest_stall{std::chrono::seconds(20)};
constexpr std::chrono::seconds most_at_the_end{1};

/// A stream and the thread that empties its queue. Held by the thread; the registry knows it for the end.
class farewell final : public host::stoppable
{
public:
    farewell(std::shared_ptr<thread_pool> pool, std::unique_ptr<transport::send_stream> stream)
        : pool_(std::move(pool)), stream_(std::move(stream))
    {
    }
    static void begin(const std::shared_ptr<farewell> &self);

    void request_stop() noexcept override { latest_.store(steady_clock::now() + most_at_the_end); }
    bool join(steady_time deadline) override
    {
        std::unique_lock hold(lock_);
        return gone_changed_.wait_until(hold, deadline, [this] { return gone_; });
    }

private:
    struct given_up
    {
        const char *why;
    };
    /// The wait policy: gives up when nobody else would go on either.
    struct patience
    {
        const farewell &of;
        boost::asio::io_context &pool;

        template <typename Step>
        wait_result wait(Step &&step, steady_time deadline)
        {
            for (;;)
            {
                const steady_time now = steady_clock::now();
                if (now >= of.latest_.load())
                    throw given_up{"the program has ended"};
                if (pool.stopped())
                    throw given_up{"its pool was stopped"};
                if (of.stream_->stalled() > longest_stall.load(std::memory_order_relaxed))
                    throw given_up{"its peer takes nothing any more"};
                const wait_result result = step(std::min(deadline, now + std::chrono::milliseconds(50)), -1);
                if (result == wait_result::ready)
                    return result;
            }
        }
    };
    void run() noexcept;

    std::shared_ptr<thread_pool> pool_;
    std::unique_ptr<transport::send_stream> stream_;
    std::atomic<steady_time> latest_{no_deadline};
    host::stop_registry::registration registered_;
    std::mutex lock_;
    std::condition_variable gone_changed_;
    bool gone_ = false; // under lock_
};

void farewell::begin(const std::shared_ptr<farewell> &self)
{
    self->registered_ = host::process_registry().add(host::stop_kind::user, self);
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); // signals are for the program's own threads
    try
    {
        std::thread([self] { self->run(); }).detach();
    }
    catch (...)
    {
        pthread_sigmask(SIG_SETMASK, &before, nullptr);
        throw;
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void farewell::run() noexcept
{
    try
    {
        const transport::io_ref io = pool_->io();
        stream_->flush(patience{*this, io.context()});
    }
    catch (const given_up &reason)
    {
        HEAPWIRE_LOG(warning, "send", "a stream goes with heaps unsent: ", reason.why);
    }
    catch (const std::exception &failed)
    {
        HEAPWIRE_LOG(warning, "send", "a stream goes with heaps unsent: ", failed.what());
    }
    stream_.reset();
    pool_.reset();
    const std::lock_guard hold(lock_);
    gone_ = true;
    gone_changed_.notify_all();
}

struct would_wait
{
    template <typename Step>
    wait_result wait(Step &&, steady_time)
    {
        throw would_wait();
    }
};

/// Whether heaps are queued: a flush would have to wait.
bool is_busy(transport::send_stream &stream)
{
    try
    {
        stream.flush(would_wait());
        return false;
    }
    catch (const would_wait &)
    {
        return true;
    }
}

} // namespace

void send_the_rest(std::shared_ptr<thread_pool> pool, std::unique_ptr<transport::send_stream> stream) noexcept
{
    try
    {
        if (is_busy(*stream))
            farewell::begin(std::make_shared<farewell>(std::move(pool), std::move(stream)));
    }
    catch (const std::exception &failed) // after the end of the program, or no thread can be had
    {
        HEAPWIRE_LOG(warning, "send", "a stream goes with heaps unsent: ", failed.what());
    }
}

void set_longest_stall(std::chrono::milliseconds length) noexcept
{
    longest_stall.store(length, std::memory_order_relaxed);
}

} // namespace heapwire::python
