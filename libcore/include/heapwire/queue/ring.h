// SPDX-License-Identifier: BSD-3-Clause
/// A bounded ring of owned pointers. It never waits. Why it is not Boost.Lockfree's: docs/decisions/0106-ring.md.
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "heapwire/base/error.h"

namespace heapwire
{

/// One thread at a time on the producing side and one on the consuming side (blocking_ring has a lock for each);
/// the two sides need no lock between them.
template <typename T>
class ring
{
public:
    using value = std::unique_ptr<T>;

    /// Throws std::invalid_argument if `capacity` is 0 or more than 2^31.
    explicit ring(std::size_t capacity)
        : capacity_(checked(capacity)), mask_(std::bit_ceil(capacity) - 1), places_(new T *[mask_ + 1])
    {
    }
    ~ring() { clear(); }
    ring(const ring &) = delete;
    ring &operator=(const ring &) = delete;

    /// Producing side. Takes `v` only if the answer is true.
    [[nodiscard]] bool try_push(value &v) noexcept { return try_push_many({&v, 1}) == 1; }
    /// Producing side. Takes values from the front until full; answers how many.
    [[nodiscard]] std::size_t try_push_many(std::span<value> values) noexcept
    {
        const std::size_t tail = tail_.load(std::memory_order_relaxed);
        if (capacity_ - (tail - head_seen_) < values.size())
            head_seen_ = head_.load(std::memory_order_acquire);
        const std::size_t taken = std::min(values.size(), capacity_ - (tail - head_seen_));
        for (std::size_t i = 0; i < taken; ++i)
            places_[(tail + i) & mask_] = values[i].release();
        if (taken > 0)
            tail_.store(tail + taken, std::memory_order_release);
        return taken;
    }

    /// Consuming side. False if empty; `out` is then left alone.
    [[nodiscard]] bool try_pop(value &out) noexcept { return try_pop_many({&out, 1}) == 1; }
    /// Consuming side. Fills `out` from the front; answers how many. What lay there is dropped.
    [[nodiscard]] std::size_t try_pop_many(std::span<value> out) noexcept
    {
        const std::size_t head = head_.load(std::memory_order_relaxed);
        if (tail_seen_ - head < out.size())
            tail_seen_ = tail_.load(std::memory_order_acquire);
        const std::size_t taken = std::min(out.size(), tail_seen_ - head);
        for (std::size_t i = 0; i < taken; ++i)
            out[i].reset(places_[(head + i) & mask_]);
        if (taken > 0)
            head_.store(head + taken, std::memory_order_release);
        return taken;
    }
    /// Consuming side. Drops what is queued.
    void clear() noexcept
    {
        value dropped;
        while (try_pop(dropped))
            dropped.reset();
    }

    [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }
    /// Any thread; a snapshot, exact while both sides rest. Never less than what a side knows to be there.
    [[nodiscard]] std::size_t size() const noexcept
    {
        const std::size_t head = head_.load(std::memory_order_acquire); // first: it never passes the tail
        return std::min(tail_.load(std::memory_order_acquire) - head, capacity_);
    }

private:
    static std::size_t checked(std::size_t capacity)
    {
        if (capacity == 0 || capacity > std::size_t{1} << 31)
            throw_bad_argument("capacity", capacity, "1 to 2^31 values");
        return capacity;
    }

    const std::size_t capacity_;
    const std::size_t mask_;
    const std::unique_ptr<T *[]> places_;
    // Both counters only grow. Each side remembers what it last saw of the other, and looks again only when that is
    // not enough: the cache lines pass between the processors once a ringful, not with each value.
    alignas(64) std::atomic<std::size_t> tail_{0};
    std::size_t head_seen_ = 0;
    alignas(64) std::atomic<std::size_t> head_{0};
    std::size_t tail_seen_ = 0;
};

} // namespace heapwire
