// SPDX-License-Identifier: BSD-3-Clause
/// The allocators that Python sees: handles of the core's.
#pragma once

#include <memory>

#include "heapwire/memory/memory_pool.h"

namespace heapwire::python
{

/// Base class in Python. No Python object inside: the core may hold and use `core` on any thread.
struct memory_allocator
{
    memory_allocator() : core(default_allocator()) {}
    explicit memory_allocator(std::shared_ptr<allocator> which) : core(std::move(which)) {}
    virtual ~memory_allocator() = default;

    std::shared_ptr<allocator> core;
};

} // namespace heapwire::python
