// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/heap/builder_pool.h"

#include <algorithm>

namespace heapwire
{
namespace
{

constexpr std::align_val_t alignment{alignof(heap_builder)};

void destroy(heap_builder *gone) noexcept
{
    gone->~heap_builder();
    ::operator delete(gone, alignment);
}

// Not a builder: says that nobody collects any more.
heap_builder *closed_mark() noexcept
{
    static std::byte mark;
    return reinterpret_cast<heap_builder *>(&mark);
}

} // namespace

void *heap_builder::operator new(std::size_t size) { return ::operator new(size, alignment); }

void heap_builder::operator delete(heap_builder *gone, std::destroying_delete_t) noexcept
{
    if (builder_home *home = gone->link_.home)
        home->give_back(gone);
    else
        destroy(gone);
}

void builder_home::give_back(heap_builder *gone) noexcept
{
    gone->recycle(); // here, so that a user's payload memory is released by whoever dropped the heap
    std::atomic<heap_builder *> &box = gone->kept_memory() > large_ ? large_box_ : small_box_;
    heap_builder *top = box.load(std::memory_order_acquire);
    do
    {
        if (top == closed_mark())
        {
            destroy(gone);
            settle(-1);
            return;
        }
        gone->link().next = top;
    } while (!box.compare_exchange_weak(top, gone, std::memory_order_acq_rel, std::memory_order_acquire));
}

void builder_home::close(std::uint64_t out) noexcept
{
    for (std::atomic<heap_builder *> *box : {&small_box_, &large_box_})
    {
        heap_builder *home = box->exchange(closed_mark());
        while (home)
        {
            heap_builder *next = home->link().next;
            destroy(home);
            home = next;
            --out;
        }
    }
    if (out == 0)
        delete this;
    else
        settle(static_cast<std::int64_t>(out));
}

void builder_home::settle(std::int64_t change) noexcept
{
    if (late_.fetch_add(change, std::memory_order_acq_rel) + change == 0)
        delete this;
}

builder_pool::builder_pool(std::size_t max_kept, std::size_t max_bytes)
    : max_kept_(max_kept), max_bytes_(max_bytes),
      home_(new builder_home(max_bytes / std::max<std::size_t>(max_kept, 1)))
{
}

builder_pool::~builder_pool()
{
    while (free_)
    {
        heap_builder *next = free_->link().next;
        destroy(free_);
        free_ = next;
        --alive_;
    }
    home_->close(alive_);
}

// The builders lie in another processor's cache: none is looked at before it is used, unless the bounds ask for it.
void builder_pool::collect() noexcept
{
    heap_builder *const small = home_->collect_small();
    heap_builder *const large = home_->collect_large();
    if (!large && alive_ <= max_kept_) [[likely]]
        free_ = small; // not more than max_kept_, and none has more than its share of max_bytes_
    else
        keep_within_bounds(large, small);
}

void builder_pool::keep_within_bounds(heap_builder *large, heap_builder *small) noexcept
{
    heap_builder **tail = &free_;
    std::size_t kept = 0;
    std::size_t bytes = 0;
    for (heap_builder *back : {large, small})
        while (back)
        {
            heap_builder *next = back->link().next;
            if (kept == max_kept_)
            {
                destroy(back);
                --alive_;
            }
            else
            {
                if (bytes + back->kept_memory() > max_bytes_)
                    back->drop_kept_memory();
                bytes += back->kept_memory();
                ++kept;
                *tail = back;
                tail = &back->link().next;
            }
            back = next;
        }
    *tail = nullptr;
}

heap_builder *builder_pool::make()
{
    auto *const made =
        ::new (::operator new(sizeof(heap_builder), alignment)) heap_builder; // the counterpart of destroy()
    made->link().home = home_;
    ++alive_;
    return made;
}

} // namespace heapwire
