// SPDX-License-Identifier: BSD-3-Clause
/// Builders that are used again, so that the steady state takes no memory from the system.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "heapwire/heap/heap_builder.h"

namespace heapwire
{

/// The return box of a pool. Outlives the pool until the last builder is back.
class builder_home
{
public:
    /// From any thread: one compare-and-swap on an uncontended word.
    void give_back(heap_builder *gone) noexcept;
    /// Everything that was given back, linked by builder_link::next; the pool's thread only.
    [[nodiscard]] heap_builder *collect() noexcept { return box_.exchange(nullptr, std::memory_order_acquire); }
    /// The pool goes. `out` builders are still out, those in the box among them.
    void close(std::uint64_t out) noexcept;

private:
    void settle(std::int64_t change) noexcept;

    std::atomic<heap_builder *> box_{nullptr};
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
    [[nodiscard]] std::unique_ptr<heap_builder> take();

private:
    void collect() noexcept;

    const std::size_t max_kept_;
    const std::size_t max_bytes_;
    builder_home *home_;
    heap_builder *free_ = nullptr;
    std::uint64_t out_ = 0; // handed out and not collected again
};

} // namespace heapwire
