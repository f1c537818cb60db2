// SPDX-License-Identifier: BSD-3-Clause
/// A bounded ring of owned pointers, over Boost.Lockfree (docs/decisions/0106-ring.md). It never waits.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <span>

#include <boost/lockfree/spsc_queue.hpp>

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

    /// Throws std::invalid_argument if `capacity` is 0.
    explicit ring(std::size_t capacity) : capacity_(checked(capacity)), places_(capacity) {}
    ~ring() { clear(); }
    ring(const ring &) = delete;
    ring &operator=(const ring &) = delete;

    /// Producing side. Takes `v` only if the answer is true.
    [[nodiscard]] bool try_push(value &v)
    {
        if (!places_.push(v.get()))
            return false;
        (void)v.release();
        return true;
    }
    /// Producing side. Takes values from the front until full; answers how many.
    [[nodiscard]] std::size_t try_push_many(std::span<value> values)
    {
        std::size_t done = 0;
        while (done < values.size())
        {
            std::array<T *, batch> raw;
            const std::size_t wanted = std::min(batch, values.size() - done);
            for (std::size_t i = 0; i < wanted; ++i)
                raw[i] = values[done + i].get();
            const std::size_t taken = places_.push(raw.data(), wanted);
            for (std::size_t i = 0; i < taken; ++i)
                (void)values[done + i].release();
            done += taken;
            if (taken < wanted)
                break;
        }
        return done;
    }

    /// Consuming side. False if empty; `out` is then left alone.
    [[nodiscard]] bool try_pop(value &out)
    {
        T *raw = nullptr;
        if (!places_.pop(raw))
            return false;
        out.reset(raw);
        return true;
    }
    /// Consuming side. Fills `out` from the front; answers how many.
    [[nodiscard]] std::size_t try_pop_many(std::span<value> out)
    {
        std::size_t done = 0;
        while (done < out.size())
        {
            std::array<T *, batch> raw;
            const std::size_t wanted = std::min(batch, out.size() - done);
            const std::size_t taken = places_.pop(raw.data(), wanted);
            for (std::size_t i = 0; i < taken; ++i)
                out[done + i].reset(raw[i]);
            done += taken;
            if (taken < wanted)
                break;
        }
        return done;
    }
    /// Consuming side. Drops what is queued.
    void clear() noexcept
    {
        T *raw = nullptr;
        while (places_.pop(raw))
            std::unique_ptr<T>(raw).reset();
    }

    [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }
    /// Any thread; a snapshot, exact while both sides rest.
    [[nodiscard]] std::size_t size() const noexcept { return std::min(places_.read_available(), capacity_); }

private:
    static constexpr std::size_t batch = 64;

    static std::size_t checked(std::size_t capacity)
    {
        if (capacity == 0)
            throw_bad_argument("capacity", capacity, "a ring holds at least 1 value");
        return capacity;
    }

    std::size_t capacity_;
    boost::lockfree::spsc_queue<T *> places_;
};

} // namespace heapwire
