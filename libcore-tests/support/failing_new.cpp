// SPDX-License-Identifier: BSD-3-Clause
#include "support/failing_new.h"

#include <cstdlib>
#include <new>

namespace heapwire::test
{
namespace
{
// Of trivial types only: operator new must not need memory for them.
thread_local bool armed = false;
thread_local bool always = false;
thread_local bool thrown = false;
thread_local std::size_t good_ones = 0;

bool fails_now() noexcept
{
    if (!armed || good_ones-- > 0)
        return false;
    good_ones = 0;
    armed = always;
    thrown = true;
    return true;
}
} // namespace

memory_ends::memory_ends(std::size_t good, extent how) noexcept
{
    good_ones = good;
    always = how == for_good;
    thrown = false;
    armed = true;
}

memory_ends::~memory_ends() { armed = false; }

bool memory_ends::happened() const noexcept { return thrown; }

} // namespace heapwire::test

void *operator new(std::size_t size)
{
    if (heapwire::test::fails_now())
        throw std::bad_alloc();
    if (void *memory = std::malloc(size == 0 ? 1 : size))
        return memory;
    throw std::bad_alloc();
}

void operator delete(void *memory) noexcept { std::free(memory); }
void operator delete(void *memory, std::size_t) noexcept { std::free(memory); }
