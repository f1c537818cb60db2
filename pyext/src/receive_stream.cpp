// SPDX-License-Identifier: BSD-3-Clause
#include "receive_stream.h"

#include "bridge/errors.h"
#include "bridge/gil_wait.h"
#include "bridge/log_thread.h"
#include "bridge/runtime.h"

namespace heapwire::python
{

namespace
{

recv::ring_options with_descriptor(recv::ring_options how)
{
    how.wake = wake_kind::eventfd; // for Stream.fd, and so that a wait can watch for signals too
    return how;
}

[[noreturn]] void throw_stopped() { throw stopped_error("the stream has ended, and its ring is empty"); }

} // namespace

receive_stream::receive_stream(std::shared_ptr<thread_pool> pool, stream_config config, ring_stream_config ring)
    : stream_base(std::move(pool), std::move(config)), ring_config_(ring),
      core_(std::make_unique<recv::heap_stream>(this->config().options(), with_descriptor(ring_config_.core)))
{
}

receive_stream::~receive_stream()
{
    if (born_.orphaned())
        (void)core_.release(); // its sources belong to threads of the parent
}

std::shared_ptr<receive_stream> receive_stream::make(std::shared_ptr<thread_pool> pool, stream_config config,
                                                     ring_stream_config ring)
{
    host::process_registry().require_open();
    (void)pool->io(); // an orphan is no pool
    std::shared_ptr<receive_stream> made =
        make_detached<receive_stream>(std::move(pool), std::move(config), std::move(ring));
    made->registered_ = host::process_registry().add(host::stop_kind::user, made);
    return made;
}

bool receive_stream::wanted(const heap &h) const noexcept
{
    return h.is_contiguous() || !ring_config_.core.contiguous_only;
}

recv::pop_status receive_stream::try_get(heap &out)
{
    recv::pop_status got;
    do
        got = core().try_pop_any(out);
    while (got == recv::pop_status::ok && !wanted(out));
    after_pop();
    return got;
}

bool receive_stream::get_nowait(heap &out) { return try_get(out) == recv::pop_status::ok; }

heap receive_stream::get_nowait()
{
    heap out;
    const recv::pop_status got = try_get(out);
    if (got == recv::pop_status::ended)
        throw_stopped();
    if (got != recv::pop_status::ok)
        throw empty_error("no heap is queued");
    return out;
}

heap receive_stream::get()
{
    heap out;
    if (!get(out))
        throw_stopped();
    return out;
}

bool receive_stream::get(heap &out)
{
    gil_wait policy;
    recv::pop_status got;
    do
        got = core().pop_any(out, policy, no_deadline);
    while (got == recv::pop_status::ok && !wanted(out));
    after_pop();
    return got == recv::pop_status::ok;
}

int receive_stream::fd()
{
    wake &w = core().ring().data_wake();
    if (!fd_used_.exchange(true))
    {
        w.arm();
        if (core_->ring().size() > 0 || core_->ring().stopped())
            w.notify_all();
    }
    return w.fd();
}

void receive_stream::after_pop() noexcept
{
    // Clear, arm, look: whatever comes after the look finds it armed.
    blocking_ring<heap_builder> &ring = core_->ring();
    if (!fd_used_.load(std::memory_order_relaxed) || ring.size() > 0 || ring.stopped())
        return;
    ring.data_wake().drain();
    ring.data_wake().arm();
    if (ring.size() > 0 || ring.stopped())
        ring.data_wake().notify_all();
}

void stream_base::start()
{
    (void)gate(); // raises in an orphan
    if (config_.core.explicit_start && !started_.exchange(true))
        start_sources();
}

void receive_stream::start_sources()
{
    recv::heap_stream &stream = core();
    if (!stream.ring().stopped())
        stream.start();
}

void receive_stream::request_stop() noexcept
{
    (void)core_->ring().stop(); // wakes who waits; what takes time is for join()
}

bool receive_stream::join(steady_time)
{
    core_->stop(); // waits for a handler that runs, never for a consumer
    return true;
}

} // namespace heapwire::python
