// SPDX-License-Identifier: BSD-3-Clause
/// An allocator that keeps freed buffers of one range of sizes, to spare the kernel and the page faults.
#pragma once

#include <cstdint>
#include <optional>

#include "heapwire/memory/allocator.h"

namespace heapwire
{

struct memory_pool_options
{
    std::size_t lower = 0;                 ///< smallest request that is served from the pool, bytes
    std::size_t upper = 0;                 ///< largest; every pooled buffer has this size. Must be >= lower and > 0
    std::optional<std::size_t> max_free{}; ///< free buffers kept at most; nullopt: the pool sizes itself, see below
    std::size_t initial = 0;               ///< buffers made at once; <= max_free
    std::size_t low_water = 0;             ///< below this many free buffers refill_wanted() is called; <= initial
    bool warn_on_empty = true; ///< with a max_free: log when a request found the pool empty (the 1st, 2nd, 4th, … time)
    std::shared_ptr<allocator> base = nullptr; ///< where memory comes from; null: default_allocator()
};

struct memory_pool_stats
{
    std::uint64_t served = 0;   ///< requests in range
    std::uint64_t misses = 0;   ///< of these, found the pool empty
    std::uint64_t outside = 0;  ///< requests passed to the base allocator for their size
    std::size_t free = 0;       ///< buffers that lie ready
    std::size_t in_use = 0;     ///< buffers that are out
    std::size_t high_water = 0; ///< most that were out at once
};

/// Thread-safe. The pool may go before its buffers: they then return to the base allocator.
///
/// A request in range is answered with `upper` bytes. A pool that sizes itself keeps, free or out, as many buffers as
/// were out at once lately (within the last one to two times 65536 requests), and never fewer free than `initial`;
/// it starts empty, so that an empty pool is no reason for a warning.
///
/// In the child of a fork a pool of the parent keeps nothing: requests go to the base allocator, and buffers of the
/// parent that come back are left where they are, for a thread of the parent may have held the lock at the fork.
class memory_pool : public allocator
{
public:
    /// Throws std::invalid_argument naming the field if the options contradict each other.
    explicit memory_pool(memory_pool_options options);
    ~memory_pool() override;
    memory_pool(const memory_pool &) = delete;
    memory_pool &operator=(const memory_pool &) = delete;

    [[nodiscard]] buffer allocate(std::size_t size, const std::byte *hint) override;

    /// Called (at most once until refill() ran) when fewer than low_water buffers are left, on the allocating
    /// thread: it should arrange for refill() to be called elsewhere. Set it before the pool is used.
    void on_low_water(void (*wanted)(void *context) noexcept, void *context);
    /// Makes buffers until `initial` are free. Any thread. Throws what the base allocator throws.
    void refill();

    /// Whether to log when a request finds the pool empty, from now on. Any thread.
    void warn_on_empty(bool on) noexcept;
    [[nodiscard]] bool warns_on_empty() const noexcept;

    [[nodiscard]] memory_pool_stats stats() const;
    /// As it was made.
    [[nodiscard]] const memory_pool_options &options() const noexcept;

    struct impl;

private:
    [[nodiscard]] buffer make_for_miss(std::uint64_t misses, const std::byte *hint);

    impl *impl_; ///< deletes itself when the pool and its buffers are gone
};

} // namespace heapwire
