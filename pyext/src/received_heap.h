// SPDX-License-Identifier: BSD-3-Clause
/// Received heaps as Python holds them.
#pragma once

#include <memory>

#include "heapwire/heap/heap.h"

namespace heapwire::python
{

/// heapwire.recv.Heap. Shared with the items and arrays that look into it; freed on whichever thread drops it last.
struct received_heap
{
    explicit received_heap(heap from) : core(std::move(from)) {}
    heap core;
};

/// heapwire.recv.IncompleteHeap.
struct received_incomplete_heap
{
    heap core;
    bool keep_payload_ranges = false;
};

/// heapwire._core.recv.RawItem: bytes inside a heap, which it keeps alive.
struct raw_item
{
    std::shared_ptr<const void> owner;
    item what;
};

} // namespace heapwire::python
