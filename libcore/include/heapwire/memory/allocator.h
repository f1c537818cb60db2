// SPDX-License-Identifier: BSD-3-Clause
/// The interface through which payload memory is taken; a user may implement it.
#pragma once

#include <memory>

#include "heapwire/memory/buffer.h"

namespace heapwire
{

/// allocate() is called on worker threads, by one stream at a time unless several streams share the allocator:
/// then by several threads at once. Buffers may be released on any thread, also after the allocator is gone.
class allocator
{
public:
    virtual ~allocator() = default;

    /// At least `size` bytes, uninitialised. The buffer says exactly `size`, or more.
    /// `hint` is the header of the first accepted packet of the heap (or null): an allocator may look into it
    /// to choose the place. Throws std::bad_alloc; the heap is then dropped and counted.
    [[nodiscard]] virtual buffer allocate(std::size_t size, const std::byte *hint) = 0;
};

/// Plain memory, aligned to `alignment` (a power of two, 64 by default).
[[nodiscard]] std::shared_ptr<allocator> make_aligned_allocator(std::size_t alignment = 64);

enum class huge_pages
{
    no,
    prefer, ///< fall back silently to ordinary pages
    require ///< std::bad_alloc where there are none
};

/// Anonymous mmap, populated by the kernel so that no page fault happens in the packet loop.
[[nodiscard]] std::shared_ptr<allocator> make_mmap_allocator(huge_pages huge = huge_pages::no, int extra_flags = 0);

/// The allocator of a default configuration: make_aligned_allocator().
[[nodiscard]] std::shared_ptr<allocator> default_allocator();

} // namespace heapwire
