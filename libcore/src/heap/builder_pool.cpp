// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/heap/builder_pool.h"

namespace heapwire
{
namespace
{

void destroy(heap_builder *gone) noexcept
{
    gone->~heap_builder();
    ::operator delete(gone);
}

// Not a builder: says that nobody collects any more.
heap_builder *closed_mark() noexcept
{
    static std::byte mark;
    return reinterpret_cast<heap_builder *>(&mark);
}

} // namespace

void *heap_builder::operator new(std::size_t size) { return ::operator new(size); }

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
    heap_builder *top = box_.load(std::memory_order_acquire);
    do
    {
        if (top == closed_mark())
        {
            destroy(gone);
            settle(-1);
            return;
        }
        gone->link().next = top;
    } while (!box_.compare_exchange_weak(top, gone, std::memory_order_acq_rel, std::memory_order_acquire));
}

void builder_home::close(std::uint64_t out) noexcept
{
    heap_builder *home = box_.exchange(closed_mark(), std::memory_order_acq_rel);
    while (home)
    {
        heap_builder *next = home->link().next;
        destroy(home);
        home = next;
        --out;
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
    : max_kept_(max_kept), max_bytes_(max_bytes), home_(new builder_home)
{
}

builder_pool::~builder_pool()
{
    while (free_)
    {
        heap_builder *next = free_->link().next;
        destroy(free_);
        free_ = next;
    }
    home_->close(out_);
}

void builder_pool::collect() noexcept
{
    heap_builder *back = home_->collect();
    heap_builder **tail = &free_;
    std::size_t kept = 0;
    std::size_t bytes = 0;
    while (back)
    {
        heap_builder *next = back->link().next;
        --out_;
        if (kept == max_kept_)
            destroy(back);
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

std::unique_ptr<heap_builder> builder_pool::take()
{
    if (!free_)
        collect();
    heap_builder *ready = free_;
    if (ready)
        free_ = ready->link().next;
    else
    {
        ready = ::new (::operator new(sizeof(heap_builder))) heap_builder; // the counterpart of destroy()
        ready->link().home = home_;
    }
    ready->link().next = nullptr;
    ++out_;
    return std::unique_ptr<heap_builder>(ready);
}

} // namespace heapwire
