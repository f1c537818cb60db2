// SPDX-License-Identifier: BSD-3-Clause
/// A receive stream: a receiver, its lock, its sources, and a ring of finished heaps to the consumer.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "heapwire/queue/blocking_ring.h"
#include "heapwire/recv/receiver.h"

namespace heapwire::recv
{

/// A door through which packets come; transports implement it. A stream owns its sources.
class source
{
public:
    virtual ~source() = default;
    /// Begin to read. Called once, at most; never after stop(). May call the gate.
    virtual void start() = 0;
    /// After it returns nothing of this source runs in the stream any more; idempotent, any thread but the source's
    /// own handlers; must not wait for a consumer. No lock of the stream that the gate needs is held.
    virtual void stop() noexcept = 0;
    /// Ask for stop() to happen soon: only posts. Called when the stream has ended, on the thread of whichever source
    /// noticed, perhaps this one, inside its call of the gate: must take no lock that a source holds while it calls
    /// the gate. May come before start() has returned, and more than once.
    virtual void request_stop() noexcept = 0;
    /// Data is lost when it is not read in time (UDP): a full ring then deserves a warning.
    [[nodiscard]] virtual bool lossy() const noexcept { return true; }
};

/// What sources see of a stream: thread-safe, outlives the stream if a source still holds it.
class packet_gate
{
public:
    virtual ~packet_gate() = default;
    /// After `full` and the hook: call again with what is left, also if that is nothing (see flow::full).
    /// `more_follow`: this source calls again at once, so that consumers need not be woken yet. A source that says so
    /// must call again without it before it waits for anything, if need be with no packets.
    [[nodiscard]] virtual taken take(std::span<const datagram> packets, bool more_follow = false) = 0;
    [[nodiscard]] virtual taken take_stream(bytes_view bytes, std::int64_t time = 0) = 0;
    /// This source has no more data. `full`: call again after the hook was called.
    [[nodiscard]] virtual flow source_ended() = 0;
    virtual void count_kernel_drops(std::uint64_t packets) noexcept = 0;
    /// After `full`: the hook is called once when there is room (or the stream stopped). False: there is room already.
    [[nodiscard]] virtual bool call_on_space(space_hook &hook) = 0;
    virtual void cancel(space_hook &hook) noexcept = 0;
    [[nodiscard]] virtual bool ended() const noexcept = 0;
    [[nodiscard]] virtual const options &configuration() const noexcept = 0;
};

enum class pop_status
{
    ok,
    timeout,
    ended,
    empty
};

class stream_core;

/// Every member may be called from any thread.
class heap_stream
{
public:
    explicit heap_stream(options how = {}, ring_options ring = {});
    /// stop(); then sources are destroyed.
    ~heap_stream();
    heap_stream(const heap_stream &) = delete;
    heap_stream &operator=(const heap_stream &) = delete;

    /// Takes over a source and starts it, unless explicit_start. On a stream that has ended the source is dropped
    /// without being started. After an explicit start(): std::logic_error.
    void add(std::unique_ptr<source> s);
    [[nodiscard]] std::shared_ptr<packet_gate> gate();
    /// With explicit_start: starts all sources, in order. Once.
    void start();

    /// The next heap, nullopt when the stream has ended and the ring is empty. Incomplete heaps are skipped.
    template <typename P = plain_wait>
    [[nodiscard]] std::optional<heap> pop(P policy = {})
    {
        heap out;
        return pop(out, policy, no_deadline) == pop_status::ok ? std::optional<heap>(std::move(out)) : std::nullopt;
    }
    /// What `out` held is dropped before the wait, so that its memory can be used for the next.
    template <typename P>
    [[nodiscard]] pop_status pop(heap &out, P &policy, steady_time deadline)
    {
        pop_status got = pop_any(out, policy, deadline);
        while (got == pop_status::ok && !out.is_contiguous())
            got = pop_any(out, policy, deadline);
        return got;
    }
    [[nodiscard]] pop_status pop_for(heap &out, std::chrono::nanoseconds at_most);
    [[nodiscard]] pop_status try_pop(heap &out);
    /// The same, incomplete heaps too (look at heap::is_contiguous), if ring_options::contiguous_only is off.
    template <typename P>
    [[nodiscard]] pop_status pop_any(heap &out, P &policy, steady_time deadline)
    {
        out = heap();
        std::unique_ptr<heap_builder> next;
        const pop_result got = ring().pop(next, borrowed<P>{&policy}, deadline);
        if (got == pop_result::ok)
            out = heap(std::move(next));
        return as_status(got);
    }
    [[nodiscard]] pop_status try_pop_any(heap &out);

    /// The user's stop: the ring first, then the sources; heaps in flight are dropped (counted), queued ones can
    /// still be popped. Idempotent; concurrent calls all return after the stop.
    void stop() noexcept;

    /// A consistent copy, as of the last batch.
    [[nodiscard]] stats statistics() const;
    /// The slots of options::custom_stats. To be written only by what runs inside the stream's lock: the allocator and
    /// the copy function. Valid as long as the stream.
    [[nodiscard]] std::span<std::uint64_t> custom_values() noexcept;
    [[nodiscard]] const options &configuration() const noexcept;
    [[nodiscard]] const ring_options &ring_configuration() const noexcept;
    /// The ring itself: size, capacity, data_wake() for event loops.
    [[nodiscard]] blocking_ring<heap_builder> &ring() noexcept;

private:
    // The caller's policy keeps its state: the ring gets a copy of this.
    template <typename P>
    struct borrowed
    {
        P *policy;
        template <typename Step>
        wait_result wait(Step &&step, steady_time deadline)
        {
            return policy->wait(step, deadline);
        }
    };
    [[nodiscard]] static constexpr pop_status as_status(pop_result got) noexcept
    {
        switch (got)
        {
        case pop_result::ok:
            return pop_status::ok;
        case pop_result::timeout:
            return pop_status::timeout;
        case pop_result::ended:
            return pop_status::ended;
        case pop_result::empty:
            break;
        }
        return pop_status::empty;
    }

    std::shared_ptr<stream_core> core_;
};

} // namespace heapwire::recv
