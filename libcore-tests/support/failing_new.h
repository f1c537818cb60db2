// SPDX-License-Identifier: BSD-3-Clause
/// Memory that ends where a test wants it to. With it the program has an operator new of its own.
#pragma once

#include <cstddef>

namespace heapwire::test
{

/// While it lives, and on its thread only: operator new gives memory `good` times, then throws std::bad_alloc: once, or
/// always.
class memory_ends
{
public:
    enum extent
    {
        once,
        for_good
    };
    memory_ends(std::size_t good, extent how) noexcept;
    ~memory_ends();
    memory_ends(const memory_ends &) = delete;
    memory_ends &operator=(const memory_ends &) = delete;
    /// It has thrown.
    [[nodiscard]] bool happened() const noexcept;
};

} // namespace heapwire::test
