// SPDX-License-Identifier: BSD-3-Clause
/// What sources have in common: the lock, the pause while the stream is full, the end. Private to this room.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <concepts>
#include <exception>
#include <memory>
#include <mutex>
#include <utility>

#include "heapwire/recv/heap_stream.h"
#include "heapwire/transport/io_threads.h"
#include "operation_memory.h"

namespace heapwire::transport
{

/// The working half of a source. Pending handlers share it, so it holds no reference that keeps the io_context alive
/// (source_handle does): otherwise a stopped context with a pending handler would keep itself alive for ever.
///
/// Locks: every handler runs with mutex_ held and may then take the stream's lock inside the gate. So stop(), which
/// takes mutex_, must be called without the stream's lock; request_stop() takes no lock at all.
class source_base : public std::enable_shared_from_this<source_base>
{
public:
    source_base(boost::asio::io_context &io, std::shared_ptr<recv::packet_gate> gate);
    virtual ~source_base() = default;
    source_base(const source_base &) = delete;
    source_base &operator=(const source_base &) = delete;

    void start();
    void stop() noexcept;
    void request_stop() noexcept;

protected:
    // The first three are called with the lock held. begin() and resume() run on a thread of the io_context (but see
    // resumes_at_once) and never after stop() or the end; close() must be idempotent.
    virtual void begin() = 0;          ///< start reading
    virtual void resume() = 0;         ///< the stream has room again: offer the rest
    virtual void close() noexcept = 0; ///< close descriptors, cancel timers
    /// Whether resume() is brief, and may run on the thread of the consumer that made room.
    [[nodiscard]] virtual bool resumes_at_once() const noexcept { return false; }

    /// A completion handler that holds the source alive and the lock, and does nothing after stop() or the end.
    template <typename Work>
    [[nodiscard]] auto guarded(Work work)
    {
        return [ self = shared_from_this(), work = std::move(work) ](
                   auto &&...results) mutable -> void requires std::invocable<Work &, decltype(results) &...>
        {
            std::lock_guard lock(self->mutex_);
            self->run_guarded([&] { work(results...); });
        };
    }

    /// As guarded(), at once and on any thread that does not hold the lock. False: it is taken, and nothing was done.
    template <std::invocable Work>
    [[nodiscard]] bool try_at_once(Work work)
    {
        std::unique_lock lock(mutex_, std::try_to_lock);
        if (lock.owns_lock())
            run_guarded(work);
        return lock.owns_lock();
    }

    /// Repeats `attempt` (which answers a recv::flow) until it has got through. False: come back in resume(), or
    /// the stream is over and the source closed.
    template <typename Attempt>
    [[nodiscard]] bool offer(Attempt attempt)
    {
        for (;;)
        {
            recv::flow state = attempt();
            if (state == recv::flow::go_on)
                return true;
            if (state == recv::flow::ended)
            {
                finish();
                return false;
            }
            if (gate_->call_on_space(hook_))
                return false;
        }
    }

    /// No more data will come: closes, and tells the stream as soon as it has room for its last heaps.
    void end_of_data();
    /// Runs `work` later, so that other streams of the thread get their turn.
    template <typename Work>
    void later(Work work)
    {
        boost::asio::post(io_, guarded(std::move(work)));
    }
    [[nodiscard]] recv::packet_gate &gate() noexcept { return *gate_; }
    [[nodiscard]] boost::asio::io_context &io() noexcept { return io_; }

private:
    class space_handler;

    template <typename Work>
    void run_guarded(Work &&work)
    {
        if (stopped_ || finished_)
            return;
        try
        {
            work();
        }
        catch (const std::exception &e)
        {
            failed(e.what());
        }
    }
    void go_on() { ending_ ? end_of_data() : resume(); }
    void finish() noexcept;
    void failed(const char *what) noexcept;
    void space_found() noexcept;

    boost::asio::io_context &io_;
    std::mutex mutex_;
    std::shared_ptr<recv::packet_gate> gate_; ///< null after stop()
    space_hook hook_;
    operation_memory for_space_; ///< so that it can go on without memory, too
    bool stopped_ = false;
    bool finished_ = false;
    bool ending_ = false;
};

/// What the stream owns. Stops the working half when it goes; only then lets go of what the user lent.
class source_handle final : public recv::source
{
public:
    source_handle(io_ref io, std::shared_ptr<source_base> work, bool is_lossy, std::shared_ptr<void> keep = {})
        : io_(std::move(io)), keep_(std::move(keep)), work_(std::move(work)), lossy_(is_lossy)
    {
    }
    ~source_handle() override { work_->stop(); }
    void start() override { work_->start(); }
    void stop() noexcept override { work_->stop(); }
    void request_stop() noexcept override { work_->request_stop(); }
    [[nodiscard]] bool lossy() const noexcept override { return lossy_; }

private:
    io_ref io_;
    std::shared_ptr<void> keep_;
    std::shared_ptr<source_base> work_;
    bool lossy_;
};

} // namespace heapwire::transport
