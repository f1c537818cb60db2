// SPDX-License-Identifier: BSD-3-Clause
/// Drives a sender into a sink: who may do so, and when. Private to room transport.
#pragma once

#include <array>
#include <atomic>
#include <boost/asio/steady_timer.hpp>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "heapwire/queue/wake.h"
#include "heapwire/send/oversleep.h"
#include "heapwire/transport/send_stream.h"
#include "operation_memory.h"

namespace heapwire::transport
{

/// One party at a time has the *turn*: it alone calls next(), written() and the sink. The turn is nobody's when the
/// queue is empty, or when all that is in it is held for send_held(), over which a timer watches. Else it is a
/// handler's (posted, or waiting for the pacer or for the sink) or a thread's (a worker or a blocked caller that runs).
/// A handler that is not running yet may lose its turn to a blocked caller, or to stop(), and may find it taken by
/// another handler: it just looks who has it.
///
/// Nothing here throws once a heap was accepted: who has the turn always gets rid of it.
class send_stream::driver : public std::enable_shared_from_this<driver>
{
public:
    driver(io_ref io, std::unique_ptr<packet_sink> sink, const send::options &how);

    std::error_code submit(references heaps, send::group_mode mode, send::completion whom);
    blocking_try begin_blocking(references heaps, send::group_mode mode, detail::outcome_box &box);
    begun begin(references heaps, send::group_mode mode, send::completion whom);
    std::error_code hold(references heaps, send::group_mode mode, send::completion whom);
    void send_held() noexcept;
    /// One step of a wait policy: works or sleeps until completion number `number` has run. Comes back with
    /// `interrupted` as soon as aux_fd is readable while it sleeps; and, so that the policy can look around, after at
    /// most `slice` of work, or of sleep without an aux_fd.
    wait_result help(std::uint64_t number, steady_time deadline, int aux_fd) noexcept;
    void stop() noexcept;
    /// Gives up sink and context, on the thread that destroys the stream. After stop().
    io_ref retire() noexcept;

    void set_cnt_sequence(std::uint64_t next, std::uint64_t step);
    send::stats statistics() const;
    [[nodiscard]] std::chrono::nanoseconds stalled() const;
    [[nodiscard]] const send::options &configuration() const noexcept { return configuration_; }
    [[nodiscard]] std::size_t substreams() const noexcept { return substreams_; }
    [[nodiscard]] bool paced_by_kernel() const noexcept { return paced_by_kernel_; }
    [[nodiscard]] boost::asio::io_context &context() noexcept { return context_; }
    [[nodiscard]] std::uint64_t accepted() const noexcept { return accepted_.load(std::memory_order_acquire); }
    [[nodiscard]] std::uint64_t completed() const noexcept { return completed_.load(std::memory_order_acquire); }

private:
    enum class turn : std::uint8_t
    {
        nobody,
        handler, // not running yet: can be taken away
        thread,
    };
    enum class progress : std::uint8_t
    {
        wrote,
        would_block,
        sleep, // until wake_at_
        parked // the turn was given back
    };
    using lock = std::unique_lock<std::mutex>;

    struct patience // of a blocked caller
    {
        steady_time work;  // no new batch after that
        steady_time sleep; // no sleep is longer
        int aux_fd;        // readable: no sleep
    };

    class handler;

    std::error_code push(references heaps, send::group_mode mode, send::completion whom); // with the lock
    std::uint64_t begin_here(lock held) noexcept; // after push(): its number; one batch leaves on this thread
    void watch_held();                            // with the lock
    void look_at_held(std::uint64_t seen) noexcept;
    void post_turn() noexcept;                    // with the lock: gives the turn to a posted handler
    void post_handler() noexcept;
    void resume() noexcept;                      // a handler's entry
    void slept(send::time_point until) noexcept; // the same, for the timer's
    void drive() noexcept;                       // with the turn, on a worker
    progress one_batch() noexcept;               // with the turn
    progress write_batch(lock &held, std::span<const send::packet> packets) noexcept;
    void wait_in_handler(progress why) noexcept; // gives the turn to a handler that waits
    void arm(progress why);                      // with the lock: sees to it that resume() is called
    void pass_turn_on() noexcept;                // a blocked caller has done its share
    bool take_turn() noexcept;                   // for a blocked caller
    wait_result work(std::uint64_t number, const patience &limits) noexcept; // with the turn, which it passes on
    wait_result help_wait(progress why, const patience &limits) noexcept;    // a blocked caller waits for pacer or sink
    wait_result await_others(std::uint64_t number,
                             const patience &limits) noexcept; // a blocked caller without the turn
    void complete() noexcept;                                  // runs what is due, unless somebody does already

    boost::asio::io_context &context_;
    std::optional<io_ref> io_;
    std::unique_ptr<packet_sink> sink_;
    send::options configuration_;
    std::size_t substreams_;
    bool paced_by_kernel_;

    mutable std::mutex mutex_;
    std::condition_variable changed_;                // for stop(): in_sink_, completing_
    send::sender sender_;                            // under mutex_, but for packets between next() and written()
    std::optional<boost::asio::steady_timer> timer_; // under mutex_; gone with the context
    std::optional<boost::asio::steady_timer> watch_; // the same
    bool watching_ = false;
    std::uint64_t holds_ = 0; // how often a first heap was held
    turn turn_ = turn::nobody;
    send::time_point wake_at_{};
    send::oversleep oversleep_;               // who has the turn uses it; under mutex_ while a handler has
    steady_time stalled_since_ = no_deadline; // the sink has taken nothing
    bool in_sink_ = false;                    // the turn's thread uses the sink without the lock
    bool stopped_ = false;
    std::size_t blocked_ = 0; // callers inside help() without the turn
    operation_memory for_handler_;
    std::atomic<bool> posted_{false}; // a handler is on its way, and has not looked yet

    bool completing_ = false;
    std::thread::id completing_thread_;
    std::array<send::finished, 64> running_; // the completing thread's
    std::atomic<std::uint64_t> accepted_{0};
    std::atomic<std::uint64_t> completed_{0};
    // Completed_ has grown, or the turn is to be had; or stop() while a blocked caller sleeps for the pacer.
    wake done_{wake_kind::sleeper};
};

} // namespace heapwire::transport
