// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/memory/memory_pool.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "heapwire/base/birth.h"
#include "heapwire/base/brief_lock.h"
#include "heapwire/base/error.h"
#include "heapwire/base/log.h"

namespace heapwire
{

namespace
{

// A high-water mark is forgotten after one to two windows of this many requests.
constexpr std::uint64_t window = 65536;

// A buffer of the base allocator, for all its life; handed-out buffers have it as their context.
struct block
{
    memory_pool::impl *owner;
    buffer memory;
    std::unique_ptr<block> next{};
};

// Blocks that lie ready. A list through the blocks, so that nothing is allocated when one comes back. The last that
// came is the first that goes: it is in the caches.
class stack_of_blocks
{
public:
    stack_of_blocks() = default;
    stack_of_blocks(const stack_of_blocks &) = delete;
    stack_of_blocks &operator=(const stack_of_blocks &) = delete;
    ~stack_of_blocks()
    {
        while (pop()) // one by one: the list is too long for a recursion
        {
        }
    }
    void push(std::unique_ptr<block> which) noexcept
    {
        which->next = std::move(first_);
        first_ = std::move(which);
        ++size_;
    }
    std::unique_ptr<block> pop() noexcept
    {
        std::unique_ptr<block> out = std::move(first_);
        if (out)
        {
            first_ = std::move(out->next);
            --size_;
        }
        return out;
    }
    void swap(stack_of_blocks &other) noexcept
    {
        first_.swap(other.first_);
        std::swap(size_, other.size_);
    }
    std::size_t size() const noexcept { return size_; }

private:
    std::unique_ptr<block> first_;
    std::size_t size_ = 0;
};

void validate(const memory_pool_options &how)
{
    if (how.upper == 0)
        throw_bad_argument("upper", how.upper, "at least 1 byte");
    if (how.lower > how.upper)
        throw_bad_argument("lower", how.lower, "at most upper (" + std::to_string(how.upper) + ")");
    if (how.max_free && how.initial > *how.max_free)
        throw_bad_argument("initial", how.initial, "at most max_free (" + std::to_string(*how.max_free) + ")");
    if (how.low_water > how.initial)
        throw_bad_argument("low_water", how.low_water, "at most initial (" + std::to_string(how.initial) + ")");
}

} // namespace

// Lives until the pool and every buffer of it are gone; whoever goes last deletes it.
struct memory_pool::impl
{
    explicit impl(memory_pool_options options) : how(std::move(options)), warns(how.warn_on_empty)
    {
        validate(how);
        if (!how.base)
            how.base = default_allocator();
    }

    std::unique_ptr<block> make_block(const std::byte *hint)
    {
        return std::make_unique<block>(block{this, how.base->allocate(how.upper, hint)});
    }

    static buffer handed_out(std::unique_ptr<block> which) noexcept
    {
        std::byte *const data = which->memory.data();
        const std::size_t size = which->owner->how.upper;
        return {data, size, give_back, which.release()};
    }

    // The functions below are called with the lock held.
    void note_out() noexcept
    {
        ++stats.in_use;
        stats.high_water = std::max(stats.high_water, stats.in_use);
        high_now = std::max(high_now, stats.in_use);
        if (++stats.served % window == 0)
            high_before = std::exchange(high_now, stats.in_use);
    }
    // How many free buffers are worth their memory: with those that are out, as many as were out at once lately.
    std::size_t wanted_free() const noexcept
    {
        if (how.max_free)
            return *how.max_free;
        const std::size_t high = std::max(high_now, high_before);
        return std::max(how.initial, high - std::min(high, stats.in_use));
    }
    static void give_back(std::byte *, std::size_t, void *context) noexcept;

    memory_pool_options how;
    birth born;
    std::atomic<bool> warns;
    mutable brief_lock lock;
    stack_of_blocks spare;
    memory_pool_stats stats; ///< but for `free`
    std::size_t high_now = 0;
    std::size_t high_before = 0;
    void (*wanted)(void *) noexcept = nullptr;
    void *wanted_context = nullptr;
    bool asked = false;
    bool closed = false;
};

void memory_pool::impl::give_back(std::byte *, std::size_t, void *context) noexcept
{
    impl *const pool = static_cast<block *>(context)->owner;
    if (pool->born.orphaned())
        return;
    std::unique_ptr<block> mine(static_cast<block *>(context));
    // Freed after the lock: the base allocator may take its time. Two, so that a pool that is too large shrinks.
    std::unique_ptr<block> surplus;
    bool last = false;
    {
        const std::lock_guard lock(pool->lock);
        --pool->stats.in_use;
        const std::size_t wanted = pool->closed ? 0 : pool->wanted_free();
        if (pool->spare.size() > wanted)
        {
            surplus = pool->spare.pop();
        }
        else if (pool->spare.size() < wanted)
            pool->spare.push(std::move(mine));
        last = pool->closed && pool->stats.in_use == 0;
    }
    mine.reset();
    surplus.reset();
    if (last)
        delete pool;
}

memory_pool::memory_pool(memory_pool_options options) : impl_(nullptr)
{
    auto made = std::make_unique<impl>(std::move(options));
    for (std::size_t i = 0; i < made->how.initial; ++i)
        made->spare.push(made->make_block(nullptr));
    impl_ = made.release();
}

memory_pool::~memory_pool()
{
    if (impl_->born.orphaned())
        return;
    stack_of_blocks spare;
    bool last = false;
    {
        const std::lock_guard lock(impl_->lock);
        impl_->closed = true;
        spare.swap(impl_->spare);
        last = impl_->stats.in_use == 0;
    }
    if (last)
        delete impl_;
}

buffer memory_pool::allocate(std::size_t size, const std::byte *hint)
{
    if (impl_->born.orphaned())
        return impl_->how.base->allocate(size, hint);
    if (size < impl_->how.lower || size > impl_->how.upper)
    {
        {
            const std::lock_guard lock(impl_->lock);
            ++impl_->stats.outside;
        }
        return impl_->how.base->allocate(size, hint);
    }

    std::unique_ptr<block> mine;
    bool ask = false;
    std::uint64_t misses = 0;
    {
        const std::lock_guard lock(impl_->lock);
        mine = impl_->spare.pop();
        if (!mine)
            misses = ++impl_->stats.misses;
        impl_->note_out();
        if (impl_->spare.size() < impl_->how.low_water && impl_->wanted != nullptr)
            ask = !std::exchange(impl_->asked, true);
    }
    if (ask)
        impl_->wanted(impl_->wanted_context);
    if (!mine)
        return make_for_miss(misses, hint);
    return impl::handed_out(std::move(mine));
}

// It is counted as out already; it joins the pool when it comes back.
buffer memory_pool::make_for_miss(std::uint64_t misses, const std::byte *hint)
{
    const memory_pool_options &how = impl_->how;
    if (impl_->warns.load(std::memory_order_relaxed) && how.max_free && std::has_single_bit(misses))
        HEAPWIRE_LOG(warning, "memory", "memory pool of ", how.upper, "-byte buffers was empty for ", misses,
                     " requests: consider a larger max_free or initial");
    try
    {
        return impl::handed_out(impl_->make_block(hint));
    }
    catch (...)
    {
        const std::lock_guard lock(impl_->lock);
        --impl_->stats.in_use;
        throw;
    }
}

void memory_pool::on_low_water(void (*wanted)(void *context) noexcept, void *context)
{
    const std::lock_guard lock(impl_->lock);
    impl_->wanted = wanted;
    impl_->wanted_context = context;
}

void memory_pool::refill()
{
    if (impl_->born.orphaned())
        return;
    for (;;)
    {
        {
            const std::lock_guard lock(impl_->lock);
            if (impl_->spare.size() >= impl_->how.initial)
            {
                impl_->asked = false;
                return;
            }
        }
        auto made = impl_->make_block(nullptr);
        const std::lock_guard lock(impl_->lock);
        impl_->spare.push(std::move(made));
    }
}

void memory_pool::warn_on_empty(bool on) noexcept { impl_->warns.store(on, std::memory_order_relaxed); }

bool memory_pool::warns_on_empty() const noexcept { return impl_->warns.load(std::memory_order_relaxed); }

memory_pool_stats memory_pool::stats() const
{
    if (impl_->born.orphaned())
        return {};
    const std::lock_guard lock(impl_->lock);
    memory_pool_stats out = impl_->stats;
    out.free = impl_->spare.size();
    return out;
}

const memory_pool_options &memory_pool::options() const noexcept { return impl_->how; }

} // namespace heapwire
