// SPDX-License-Identifier: BSD-3-Clause
/// A send stream: the sending hall, its lock, and the thing that drives it into a transport.
#pragma once

#include <boost/asio/async_result.hpp>
#include <memory>
#include <span>

#include "heapwire/queue/wait_policy.h"
#include "heapwire/transport/io_threads.h"
#include "heapwire/transport/packet_sink.h"
#include "heapwire/transport/send_operation.h"

namespace heapwire::transport
{

/// Every member may be called from any thread. Heaps and their memory must stay alive until the completion.
///
/// Completions run one after the other, in order of acceptance, with the heap's slot free already, so that a
/// completion may submit the next heap. They run on an io thread, or on a thread that is inside send_heap, flush or
/// stop. From inside one submit, stop and the destructor may be called, but not send_heap and flush: these would
/// wait for themselves.
///
/// An accepted heap needs no further memory to complete. One for whose packets there is none fails with
/// std::errc::not_enough_memory, and the stream goes on with the next.
class send_stream
{
public:
    /// Throws std::invalid_argument (send::options::validate), and std::system_error if there is no descriptor left: a
    /// stream needs one, so that a wait with an aux_fd can sleep on both.
    send_stream(io_ref io, std::unique_ptr<packet_sink> sink, send::options how);
    /// stop(), so heaps that still wait fail with errc::stopped: flush() first if they should leave. Never hangs,
    /// also when the threads are stopped already.
    ~send_stream();
    send_stream(const send_stream &) = delete;
    send_stream &operator=(const send_stream &) = delete;

    /// Queues a heap, or refuses at once (see send::sender::push).
    [[nodiscard]] std::error_code submit(const send::heap_reference &heap, send::completion whom);
    [[nodiscard]] std::error_code submit(std::span<const send::heap_reference> heaps, send::group_mode mode,
                                         send::completion whom);

    /// Asio completion tokens: signature void(std::error_code, std::uint64_t bytes). A refusal completes too.
    /// The handler runs on its associated executor (default: the stream's context). A lazy token (use_awaitable,
    /// deferred) submits when it is started: a group's references must live until then.
    template <typename Token>
    auto async_send_heap(send::heap_reference heap, Token &&token);
    template <typename Token>
    auto async_send_heaps(std::span<const send::heap_reference> heaps, send::group_mode mode, Token &&token);

    /// Blocks until the heap is done; waits for room in the queue first. What can be done on the caller's own thread
    /// is done there: with nothing queued no other thread takes part, so this works without any io thread. If
    /// `policy` throws, the heap may still be in flight: call flush() or stop() before its memory goes.
    /// A group larger than options::max_heaps fails with errc::queue_full.
    template <typename P = plain_wait>
    send::outcome send_heap(const send::heap_reference &heap, P policy = {})
    {
        return send_heaps({&heap, 1}, send::group_mode::serial, std::move(policy));
    }
    template <typename P = plain_wait>
    send::outcome send_heaps(std::span<const send::heap_reference> heaps, send::group_mode mode, P policy = {});

    /// The two halves of a blocking send, for a caller with a completion of his own. begin() is submit(), but does what
    /// can be done without waiting on the caller's own thread, if nothing is queued. wait() waits for the completion
    /// that begin() gave the number of.
    struct begun
    {
        std::error_code refused;
        std::uint64_t number = 0;
    };
    [[nodiscard]] begun begin(std::span<const send::heap_reference> heaps, send::group_mode mode,
                              send::completion whom);
    template <typename P = plain_wait>
    void wait(std::uint64_t number, P policy = {})
    {
        wait_for(number, policy);
    }

    /// For a loop that submits many small heaps in a turn and wants them in few system calls: hold() is submit(), but
    /// wakes nobody. send_held(), on any thread, sends there what does not have to be waited for; an io thread goes on
    /// with the rest. If send_held() does not come, an io thread sends, some milliseconds later.
    [[nodiscard]] std::error_code hold(std::span<const send::heap_reference> heaps, send::group_mode mode,
                                       send::completion whom);
    void send_held() noexcept;

    /// Waits for the heaps that were queued before the call; their completions have run.
    template <typename P = plain_wait>
    void flush(P policy = {})
    {
        wait_for(accepted(), policy);
    }
    /// Fails what is queued with errc::stopped and closes the transport. When it returns all completions have run,
    /// unless it was called by one: the rest then follows that one, on the same thread. Idempotent; it waits neither
    /// for the network nor for an io thread, only for a completion that is running.
    void stop() noexcept;
    /// `step` must not be 0, else std::invalid_argument.
    void set_cnt_sequence(std::uint64_t next, std::uint64_t step);
    [[nodiscard]] send::stats statistics() const;
    /// How long the transport has taken nothing although something was offered (a TCP peer that does not read); 0 if it
    /// takes. For who waits for flush() in a place that must not wait for ever.
    [[nodiscard]] std::chrono::nanoseconds stalled() const;
    [[nodiscard]] const send::options &configuration() const noexcept;
    [[nodiscard]] std::size_t substreams() const noexcept;
    /// True if the kernel paces (rate_method::kernel was asked for and could be had).
    [[nodiscard]] bool paced_by_kernel() const noexcept;

private:
    class driver;
    using references = std::span<const send::heap_reference>;

    // What the templates need of the driver; told in send_driver.h.
    struct blocking_try
    {
        std::error_code refused;
        std::uint64_t number = 0; // of the push; or, if `full`, of the completion to wait for
        bool full = false;
    };
    blocking_try begin_blocking(references heaps, send::group_mode mode, detail::outcome_box &box);
    wait_result help(std::uint64_t number, steady_time deadline, int aux_fd);
    [[nodiscard]] bool completed(std::uint64_t number) const noexcept;
    [[nodiscard]] std::uint64_t accepted() const noexcept;
    static std::error_code submit_to(driver &to, references heaps, send::group_mode mode, send::completion whom);
    static boost::asio::io_context &context_of(driver &of) noexcept;

    template <typename P>
    void wait_for(std::uint64_t number, P &policy)
    {
        auto step = [&](steady_time deadline, int aux_fd) { return help(number, deadline, aux_fd); };
        while (!completed(number))
            (void)policy.wait(step, no_deadline);
    }

    std::shared_ptr<driver> driver_;
};

template <typename P>
send::outcome send_stream::send_heaps(std::span<const send::heap_reference> heaps, send::group_mode mode, P policy)
{
    detail::outcome_owner result;
    for (;;)
    {
        blocking_try first = begin_blocking(heaps, mode, result.box());
        if (first.refused)
            return {first.refused, 0};
        wait_for(first.number, policy);
        if (!first.full)
            return result.box().what;
    }
}

template <typename Token>
auto send_stream::async_send_heap(send::heap_reference heap, Token &&token)
{
    return boost::asio::async_initiate<Token, void(std::error_code, std::uint64_t)>(
        [to = driver_](auto handler, send::heap_reference what)
        {
            detail::start_send(context_of(*to), std::move(handler),
                               [&](send::completion whom) {
                                   return submit_to(*to, {&what, 1}, send::group_mode::serial, whom);
                               });
        },
        token, heap);
}

template <typename Token>
auto send_stream::async_send_heaps(std::span<const send::heap_reference> heaps, send::group_mode mode, Token &&token)
{
    return boost::asio::async_initiate<Token, void(std::error_code, std::uint64_t)>(
        [to = driver_](auto handler, references what, send::group_mode how)
        {
            detail::start_send(context_of(*to), std::move(handler),
                               [&](send::completion whom) { return submit_to(*to, what, how, whom); });
        },
        token, heaps, mode);
}

} // namespace heapwire::transport
