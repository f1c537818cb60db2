// SPDX-License-Identifier: BSD-3-Clause
#include "source_roster.h"

#include <stdexcept>

namespace heapwire::recv
{

void source_roster::add(std::unique_ptr<source> s)
{
    const std::lock_guard life(lifecycle_);
    if (explicitly_started_)
        throw std::logic_error("heap_stream::add: sources cannot be added after an explicit start()");
    if (stopped_ || ended())
        return;
    if (s->lossy())
        lossy_.store(true, std::memory_order_relaxed);
    std::size_t index = 0;
    {
        const std::lock_guard lock(roster_);
        index = sources_.size();
        sources_.push_back({std::move(s), false});
    }
    running_.fetch_add(1);
    if (!explicit_start_)
        start_entry(index);
}

/// Under lifecycle_: nobody else adds, starts or stops.
void source_roster::start_entry(std::size_t index)
{
    source *door = nullptr;
    {
        const std::lock_guard lock(roster_);
        sources_[index].started = true;
        door = sources_[index].door.get();
    }
    try
    {
        door->start();
    }
    catch (...)
    {
        door->stop();
        sign_off();
        throw;
    }
    // The stream may have ended after the source was put on the list and before it could be asked to stop.
    if (ended())
        door->request_stop();
}

void source_roster::start()
{
    const std::lock_guard life(lifecycle_);
    if (!explicit_start_ || explicitly_started_)
        throw std::logic_error("heap_stream::start: only once, and only with options::explicit_start");
    explicitly_started_ = true;
    for (std::size_t i = 0; i < sources_.size() && !stopped_ && !ended(); ++i)
        start_entry(i);
}

void source_roster::request_stop() noexcept
{
    const std::lock_guard lock(roster_);
    for (const entry &e : sources_)
        if (e.started)
            e.door->request_stop();
}

/// Nobody else changes the list now, and sources may be in request_stop(): roster_ is not held.
void source_roster::stop_sources() noexcept
{
    for (const entry &e : sources_)
        if (e.started)
            e.door->stop();
}

void source_roster::destroy_sources() noexcept
{
    std::vector<entry> gone;
    {
        const std::lock_guard lock(roster_);
        gone.swap(sources_);
    }
}

bool source_roster::sign_off() noexcept
{
    std::size_t running = running_.load();
    while (running > 0 && !running_.compare_exchange_weak(running, running - 1))
    {
    }
    return running <= 1;
}

} // namespace heapwire::recv
