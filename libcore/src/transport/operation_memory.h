// SPDX-License-Identifier: BSD-3-Clause
/// Memory for a handler that must be posted whatever happens. Private to this room.
#pragma once

#include <atomic>
#include <cstddef>
#include <new>

namespace heapwire::transport
{

/// Room for one of Asio's operations at a time: to post it takes no other memory, so that posting cannot fail. What
/// does not fit, or comes while the room is taken, gets memory as usual. It must outlive the io_context's copy of the
/// handler, for which the handler itself may see: Asio frees the memory first.
class operation_memory
{
public:
    operation_memory() = default;
    operation_memory(const operation_memory &) = delete;
    operation_memory &operator=(const operation_memory &) = delete;

    [[nodiscard]] void *take(std::size_t size)
    {
        if (size <= sizeof room_ && !taken_.exchange(true, std::memory_order_acquire))
            return room_;
        return ::operator new(size);
    }
    void give_back(void *memory) noexcept
    {
        if (memory == room_)
            taken_.store(false, std::memory_order_release);
        else
            ::operator delete(memory);
    }

private:
    alignas(std::max_align_t) std::byte room_[192];
    std::atomic<bool> taken_{false};
};

/// What a handler answers when Asio asks for its allocator.
template <typename T>
class operation_allocator
{
public:
    using value_type = T;

    explicit operation_allocator(operation_memory &from) noexcept : from_(&from) {}
    template <typename U>
    operation_allocator(const operation_allocator<U> &other) noexcept : from_(other.from_) // NOLINT: a rebind
    {
    }
    [[nodiscard]] T *allocate(std::size_t n) { return static_cast<T *>(from_->take(n * sizeof(T))); }
    void deallocate(T *memory, std::size_t) noexcept { from_->give_back(memory); }
    template <typename U>
    [[nodiscard]] bool operator==(const operation_allocator<U> &other) const noexcept
    {
        return from_ == other.from_;
    }

private:
    template <typename U>
    friend class operation_allocator;
    operation_memory *from_;
};

} // namespace heapwire::transport
