// SPDX-License-Identifier: BSD-3-Clause
/// What keeps the heaps of an accepted send alive, whoever looks away meanwhile.
#pragma once

#include <atomic>
#include <vector>

#include "bridge/buffer_lease.h"
#include "heapwire/send/heap_queue.h"
#include "send_heap.h"

namespace heapwire::python
{

/// One of those that are sent together. Holds no Python object: a HeapReference adds that.
struct planned_heap
{
    std::shared_ptr<outgoing> heap;
    std::int64_t cnt = -1;
    std::size_t substream = 0;
    double rate = -1;

    [[nodiscard]] send::heap_reference core() const noexcept { return {&heap->core(), cnt, substream, rate}; }
};

/// From take-off to landing its heaps do not change; as long as it lives their memory stays. No Python object inside,
/// yet exports: destroyed attached.
class flight : public attached_only
{
public:
    explicit flight(std::shared_ptr<outgoing> heap) : one_(std::move(heap)) { one_->take_off(); }
    explicit flight(const std::vector<planned_heap> &heaps)
    {
        more_.reserve(heaps.size());
        for (const planned_heap &h : heaps)
            more_.push_back(h.heap);
        for (const std::shared_ptr<outgoing> &h : more_)
            h->take_off();
    }
    ~flight() override { land(); }
    flight(const flight &) = delete;
    flight &operator=(const flight &) = delete;

    /// Any thread; again is harmless.
    void land() noexcept
    {
        if (std::exchange(landed_, true))
            return;
        if (one_)
            one_->land();
        for (const std::shared_ptr<outgoing> &h : more_)
            h->land();
    }

private:
    std::shared_ptr<outgoing> one_;
    std::vector<std::shared_ptr<outgoing>> more_;
    bool landed_ = false;
};

/// Of a call that waits. Two owners, the call and the completion: a call that Ctrl-C ends leaves the heap in flight.
class blocking_flight : public flight
{
public:
    using flight::flight;

    /// With the completion, before it is handed to the stream; no more, if the stream refused.
    void share() noexcept { owners_.store(2, std::memory_order_relaxed); }
    void share_no_more() noexcept { owners_.store(1, std::memory_order_relaxed); }
    [[nodiscard]] const send::outcome &what() const noexcept { return what_; }

    static void complete(void *context, std::uint64_t, const send::outcome &what) noexcept
    {
        auto *self = static_cast<blocking_flight *>(context);
        self->what_ = what;
        self->land();
        if (self->owners_.fetch_sub(1, std::memory_order_acq_rel) == 1)
            self->destroy_soon(); // this may be a worker
    }
    struct call_ends
    {
        void operator()(blocking_flight *self) const noexcept
        {
            if (self->owners_.fetch_sub(1, std::memory_order_acq_rel) == 1)
                delete self;
        }
    };
    using handle = std::unique_ptr<blocking_flight, call_ends>;

private:
    std::atomic<int> owners_{1};
    send::outcome what_;
};

} // namespace heapwire::python
