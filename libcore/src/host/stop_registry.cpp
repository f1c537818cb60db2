// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/host/stop_registry.h"

#include <algorithm>
#include <atomic>
#include <cxxabi.h>
#include <mutex>
#include <stdexcept>
#include <utility>
#include <vector>

namespace heapwire::host
{

namespace
{
struct entry
{
    std::uint64_t id;
    stop_kind kind;
    std::weak_ptr<stoppable> what;
};

void join_one(stoppable &object, steady_time deadline, stop_report &report)
{
    try
    {
        if (object.join(deadline))
            ++report.stopped;
        else
            ++report.late;
    }
    catch (const abi::__forced_unwind &) // the runtime takes this very thread down: not ours to swallow
    {
        throw;
    }
    catch (...)
    {
        ++report.failed;
    }
}
} // namespace

struct stop_registry::state
{
    std::mutex lock; // held for list work only: never while an object is stopped, joined or destroyed
    std::vector<entry> entries;
    std::uint64_t last_id = 0;
    std::atomic<bool> ended{false};
};

stop_registry::registration::registration(registration &&other) noexcept
    : where_(std::exchange(other.where_, nullptr)), id_(other.id_), born_(other.born_)
{
}

stop_registry::registration &stop_registry::registration::operator=(registration &&other) noexcept
{
    std::swap(where_, other.where_);
    std::swap(id_, other.id_);
    std::swap(born_, other.born_);
    return *this;
}

stop_registry::registration::~registration()
{
    // An orphan's list was abandoned, and its lock may be held by a thread that does not exist here.
    if (!where_ || born_.orphaned())
        return;
    std::weak_ptr<stoppable> dropped; // destroyed after the lock is released
    std::lock_guard hold(where_->lock);
    for (entry &e : where_->entries)
    {
        if (e.id == id_)
        {
            dropped.swap(e.what);
            std::swap(e, where_->entries.back());
            where_->entries.pop_back();
            return;
        }
    }
}

stop_registry::stop_registry() : state_(new state) {}

stop_registry::registration stop_registry::add(stop_kind kind, std::weak_ptr<stoppable> what)
{
    std::lock_guard hold(state_->lock);
    require_open();
    std::uint64_t id = ++state_->last_id;
    state_->entries.push_back({id, kind, std::move(what)});
    return {state_, id};
}

void stop_registry::require_open() const
{
    if (ended())
        throw std::runtime_error("heapwire was stopped for the end of the program: nothing new can be started");
}

stop_report stop_registry::stop_all(steady_time deadline)
{
    std::vector<std::pair<entry, std::shared_ptr<stoppable>>> alive;
    {
        std::lock_guard hold(state_->lock);
        state_->ended.store(true, std::memory_order_release);
        alive.reserve(state_->entries.size());
        for (const entry &e : state_->entries)
        {
            if (std::shared_ptr<stoppable> strong = e.what.lock())
                alive.emplace_back(e, std::move(strong));
        }
    }
    for (auto &[e, object] : alive)
        object->request_stop();

    // Users, pools, log; within a kind the youngest first, for it may use an older one.
    std::sort(alive.begin(), alive.end(),
              [](const auto &a, const auto &b)
              { return a.first.kind != b.first.kind ? a.first.kind < b.first.kind : a.first.id > b.first.id; });
    stop_report report;
    for (auto &[e, object] : alive)
        join_one(*object, deadline, report);
    return report;
}

void stop_registry::reopen() { state_->ended.store(false, std::memory_order_release); }

void stop_registry::abandon_all()
{
    state_ = new state; // the old one is leaked on purpose: it may be locked, or half changed
}

bool stop_registry::ended() const noexcept { return state_->ended.load(std::memory_order_acquire); }

std::size_t stop_registry::size() const
{
    std::lock_guard hold(state_->lock);
    return state_->entries.size();
}

stop_registry &process_registry()
{
    static auto *const one = new stop_registry; // leaked: no destructor of a static may join a thread
    return *one;
}

} // namespace heapwire::host
