// SPDX-License-Identifier: BSD-3-Clause
/// Builders that are used again, so that the steady state takes no memory from the system.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

#include "heapwire/heap/heap_builder.h"

namespace heapwire
{

/// The two return boxes of a pool: for builders that keep much payload memory, and for the others. Outlives the pool
/// until the last builder is back.
class builder_home
{
public:
    /// `large`: more bytes of payload memory are much.
    explicit builder_home(std::size_t large) noexcept : large_(large) {}
    /// From any thread: one compare-and-swap on an uncontended word.
    void give_back(heap_builder *gone) noexcept;
    /// What was given back, linked by builder_link::next; the pool's thread only.
    [[nodiscard]] heap_builder *collect_small() noexcept { return small_box_.exchange(nullptr); }
    [[nodiscard]] heap_builder *collect_large() noexcept
    {
        return large_box_.load(std::memory_order_relaxed) ? large_box_.exchange(nullptr) : nullptr;
    }
    /// The pool goes. `out` builders are still out, those in the boxes among them.
    void close(std::uint64_t out) noexcept;

private:
    void settle(std::int64_t change) noexcept;

    const std::size_t large_;
    std::atomic<heap_builder *> small_box_{nullptr};
    std::atomic<heap_builder *> large_box_{nullptr};
    // 0 again when the last builder is home; negative while a builder returns before close() has told how many are out.
    std::atomic<std::int64_t> late_{0};
};

/// take() by one thread at a time (a stream's lock); builders go back by themselves when they are deleted, on any
/// thread, also after the pool is gone. Keeps at most max_kept builders and max_bytes of payload memory.
class builder_pool
{
public:
    explicit builder_pool(std::size_t max_kept = 1024, std::size_t max_bytes = std::size_t{64} << 20);
    ~builder_pool();
    builder_pool(const builder_pool &) = delete;
    builder_pool &operator=(const builder_pool &) = delete;

    /// Throws std::bad_alloc.
    [[nodiscard]] std::unique_ptr<heap_builder> take()
    {
        if (!free_)
            collect();
        heap_builder *const ready = free_ ? free_ : make();
        free_ = std::exchange(ready->link().next, nullptr);
        if (free_) // most likely it was another processor's until now, and is wanted next
            for (std::size_t line = 0; line < 3; ++line)
                __builtin_prefetch(reinterpret_cast<const std::byte *>(free_) + 64 * line, 1);
        return std::unique_ptr<heap_builder>(ready);
    }

private:
    [[nodiscard]] heap_builder *make();
    void collect() noexcept;
    void keep_within_bounds(heap_builder *large, heap_builder *small) noexcept;

    const std::size_t max_kept_;
    const std::size_t max_bytes_;
    builder_home *home_;
    heap_builder *free_ = nullptr;
    std::uint64_t alive_ = 0; // made and not destroyed, wherever they are
};

} // namespace heapwire
