// SPDX-License-Identifier: BSD-3-Clause
/// A receive stream: a receiver, its lock, its sources, and a ring of finished heaps to the consumer.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "heapwire/queue/blocking_ring.h"
#include "heapwire/recv/receiver.h"

namespace heapwire::recv {

/// A door through which packets come; transports implement it. A stream owns its sources.
class source
{
public:
    virtual ~source() = default;
    /// Begin to read. Called once.
    virtual void start() = 0;
    /// After it returns nothing of this source runs in the stream any more; idempotent, any thread but the source's
    /// own handlers; must not wait for a consumer.
    virtual void stop() noexcept = 0;
    /// Ask for stop() to happen soon, from any thread, with the stream's lock possibly held: only posts.
    virtual void request_stop() noexcept = 0;
    /// Data is lost when it is not read in time (UDP): a full ring then deserves a warning.
    [[nodiscard]] virtual bool lossy() const noexcept { return true; }
};

/// What sources see of a stream: thread-safe, outlives the stream if a source still holds it.
class packet_gate
{
public:
    virtual ~packet_gate() = default;
    [[nodiscard]] virtual taken take(std::span<const datagram> packets) = 0;
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

enum class pop_status { ok, timeout, ended, empty };

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
    template <typename P>
    [[nodiscard]] pop_status pop(heap &out, P &policy, steady_time deadline);
    [[nodiscard]] pop_status pop_for(heap &out, std::chrono::nanoseconds at_most);
    [[nodiscard]] pop_status try_pop(heap &out);
    /// The same, incomplete heaps too (look at heap::is_contiguous), if ring_options::contiguous_only is off.
    template <typename P>
    [[nodiscard]] pop_status pop_any(heap &out, P &policy, steady_time deadline);
    [[nodiscard]] pop_status try_pop_any(heap &out);

    /// The user's stop: the ring first, then the sources; heaps in flight are dropped (counted), queued ones can
    /// still be popped. Idempotent; concurrent calls all return after the stop.
    void stop() noexcept;

    [[nodiscard]] stats statistics() const;
    [[nodiscard]] const options &configuration() const noexcept;
    [[nodiscard]] const ring_options &ring_configuration() const noexcept;
    /// The ring itself: size, capacity, data_wake() for event loops.
    [[nodiscard]] blocking_ring<heap_builder> &ring() noexcept;

private:
    class core;
    std::shared_ptr<core> core_;
};

} // namespace heapwire::recv
