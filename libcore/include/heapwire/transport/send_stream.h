// SPDX-License-Identifier: BSD-3-Clause
/// A send stream: the sending hall, its lock, and the thing that drives it into a transport.
#pragma once

#include <boost/asio/async_result.hpp>
#include <memory>
#include <span>

#include "heapwire/queue/wait_policy.h"
#include "heapwire/send/sender.h"
#include "heapwire/transport/io_threads.h"

namespace heapwire::transport {

/// The far end of a send stream; each transport implements one. Called by one thread at a time.
class packet_sink
{
public:
    struct result
    {
        std::size_t count;      ///< packets that are done, from the front
        std::error_code error;  ///< of the last of these
        bool would_block;       ///< the next is not done: call when_writable
    };
    virtual ~packet_sink() = default;
    /// Never blocks.
    [[nodiscard]] virtual result write(std::span<const send::packet> packets) noexcept = 0;
    /// Calls `ready(context)` once, on a thread of the io_context, when writing may go on (or on close).
    virtual void when_writable(void (*ready)(void *context) noexcept, void *context) = 0;
    /// For a caller's own thread: sleeps until writable, at most to the deadline. False on timeout.
    virtual bool wait_writable(steady_time deadline) noexcept = 0;
    virtual void close() noexcept = 0;
    [[nodiscard]] virtual std::size_t substreams() const noexcept = 0;
    /// True if the kernel paces at `bytes_per_second`; the pacer is then left out.
    [[nodiscard]] virtual bool pace(double bytes_per_second) noexcept { (void)bytes_per_second; return false; }
};

/// Every member may be called from any thread. Heaps and their memory must stay alive until the completion.
class send_stream
{
public:
    send_stream(io_ref io, std::unique_ptr<packet_sink> sink, send::options how);
    /// stop(): never hangs, also when the threads are stopped already.
    ~send_stream();
    send_stream(const send_stream &) = delete;
    send_stream &operator=(const send_stream &) = delete;

    /// Queues a heap, or refuses at once (see send::sender::push). The completion runs on an io thread.
    [[nodiscard]] std::error_code submit(const send::heap_reference &heap, send::completion whom);
    [[nodiscard]] std::error_code submit(std::span<const send::heap_reference> heaps, send::group_mode mode,
                                         send::completion whom);

    /// Asio completion tokens: signature void(std::error_code, std::uint64_t bytes). A refusal completes too.
    template <typename Token>
    auto async_send_heap(send::heap_reference heap, Token &&token);
    template <typename Token>
    auto async_send_heaps(std::span<const send::heap_reference> heaps, send::group_mode mode, Token &&token);

    /// Blocks until the heap is done. With nothing queued and no rate set it runs on the caller's own thread.
    /// Waits for room in the queue. If `policy` throws, the heap may still be in flight: call flush() or stop()
    /// before its memory goes.
    template <typename P = plain_wait>
    send::outcome send_heap(const send::heap_reference &heap, P policy = {});
    template <typename P = plain_wait>
    send::outcome send_heaps(std::span<const send::heap_reference> heaps, send::group_mode mode, P policy = {});

    /// Waits for the heaps that were queued before the call; their completions have run.
    template <typename P = plain_wait>
    void flush(P policy = {});
    /// Fails what is queued with errc::stopped (completions run on this thread or on an io thread, before it
    /// returns), closes the transport. Idempotent.
    void stop() noexcept;
    void set_cnt_sequence(std::uint64_t next, std::uint64_t step);
    [[nodiscard]] send::stats statistics() const;
    [[nodiscard]] const send::options &configuration() const noexcept;
    [[nodiscard]] std::size_t substreams() const noexcept;

private:
    class driver;
    std::shared_ptr<driver> driver_;
};

} // namespace heapwire::transport
