// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/recv/heap_stream.h"

#include "stream_core.h"

namespace heapwire::recv
{

heap_stream::heap_stream(options how, ring_options ring)
    : core_(std::make_shared<stream_core>(std::move(how), std::move(ring)))
{
}

heap_stream::~heap_stream()
{
    stop();
    core_->destroy_sources();
}

void heap_stream::add(std::unique_ptr<source> s) { core_->add(std::move(s)); }

std::shared_ptr<packet_gate> heap_stream::gate() { return core_; }

void heap_stream::start() { core_->start(); }

void heap_stream::stop() noexcept { core_->stop(); }

pop_status heap_stream::pop_for(heap &out, std::chrono::nanoseconds at_most)
{
    plain_wait policy;
    const auto now = std::chrono::steady_clock::now();
    const bool for_ever = at_most > no_deadline - now;
    return pop(out, policy, for_ever ? no_deadline : now + at_most);
}

pop_status heap_stream::try_pop_any(heap &out)
{
    std::unique_ptr<heap_builder> next;
    const pop_result got = ring().try_pop(next);
    if (got == pop_result::ok)
        out = heap(std::move(next));
    return as_status(got);
}

pop_status heap_stream::try_pop(heap &out)
{
    pop_status got = try_pop_any(out);
    while (got == pop_status::ok && !out.is_contiguous())
        got = try_pop_any(out);
    return got;
}

stats heap_stream::statistics() const { return core_->statistics(); }

std::span<std::uint64_t> heap_stream::custom_values() noexcept { return core_->custom_values(); }

const options &heap_stream::configuration() const noexcept { return core_->configuration(); }

const ring_options &heap_stream::ring_configuration() const noexcept { return core_->ring_configuration(); }

blocking_ring<heap_builder> &heap_stream::ring() noexcept { return core_->ring(); }

} // namespace heapwire::recv
