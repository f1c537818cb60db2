// SPDX-License-Identifier: BSD-3-Clause
/// Drives a sender into a sink: who may do so, and when. Private to room transport.
#pragma once

#include <atomic>
#include <boost/asio/steady_timer.hpp>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "heapwire/queue/wake.h"
#include "heapwire/transport/send_stream.h"

namespace heapwire::transport
{

/// One party at a time has the *turn*: it alone calls next(), written() and the sink. The turn is nobody's when the
/// queue is empty, else it is a handler's (posted, or waiting for the pacer or for the sink) or a thread's (a worker
/// or a blocked caller that runs). A handler that is not running yet may lose its turn to a blocked caller, or to
/// stop(): it knows by the turn's number, which has changed.
class send_stream::driver : public std::enable_shared_from_this<driver>
{
public:
    driver(io_ref io, std::unique_ptr<packet_sink> sink, const send::options &how);

    std::error_code submit(references heaps, send::group_mode mode, send::completion whom);
    blocking_try begin_blocking(references heaps, send::group_mode mode, detail::outcome_box &box);
    begun begin(references heaps, send::group_mode mode, send::completion whom);
    /// One step of a wait policy: works or sleeps until completion number `number` has run; comes back after at most
    /// `slice` with `interrupted`, so that the policy can look around.
    wait_result help(std::uint64_t number, steady_time deadline, int aux_fd);
    void stop() noexcept;
    /// Gives up sink and context, on the thread that destroys the stream. After stop().
    io_ref retire() noexcept;

    void set_cnt_sequence(std::uint64_t next, std::uint64_t step);
    send::stats statistics() const;
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

    std::error_code push(references heaps, send::group_mode mode, send::completion whom); // with the lock
    void start_if_idle();                                                                 // with the lock
    void post_turn();                  // with the lock: gives the turn to a posted handler
    void resume(std::uint64_t number); // a handler's entry
    void drive();                      // with the turn, on a worker
    progress one_batch();              // with the turn
    progress write_batch(lock &held, std::span<const send::packet> packets);
    void wait_in_handler(progress why);                     // gives the turn to a handler that waits
    void pass_turn_on();                                    // a blocked caller has done its share
    bool take_turn();                                       // for a blocked caller
    bool work_until(std::uint64_t number, steady_time end); // false if the turn could not be had
    void help_wait(progress why, steady_time end);          // a blocked caller waits for pacer or sink
    void complete();                                        // runs what is due, unless somebody does already

    boost::asio::io_context &context_;
    std::optional<io_ref> io_;
    std::unique_ptr<packet_sink> sink_;
    send::options configuration_;
    std::size_t substreams_;
    bool paced_by_kernel_;

    mutable std::mutex mutex_;
    std::condition_variable changed_; // for stop(): in_sink_, completing_
    send::sender sender_;             // under mutex_, but for packets between next() and written()
    std::optional<boost::asio::steady_timer> timer_; // under mutex_; gone with the context
    turn turn_ = turn::nobody;
    std::uint64_t turn_number_ = 0;
    send::time_point wake_at_{};
    bool in_sink_ = false; // the turn's thread uses the sink without the lock
    bool stopped_ = false;
    std::size_t blocked_ = 0; // callers inside help() without the turn

    bool completing_ = false;
    std::thread::id completing_thread_;
    std::vector<send::finished> due_, running_;
    std::atomic<std::uint64_t> accepted_{0};
    std::atomic<std::uint64_t> completed_{0};
    wake done_;      // completed_ has grown, or the turn is to be had
    wake pace_wake_; // stop() while a blocked caller sleeps for the pacer
};

} // namespace heapwire::transport
