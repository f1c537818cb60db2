// SPDX-License-Identifier: BSD-3-Clause
/// send.HeapReference and send.HeapReferenceList.
#pragma once

#include <vector>

#include "guarded.h"
#include "send_flight.h"

namespace heapwire::python
{

struct heap_reference
{
    py::object heap; ///< the same object that was given, be it of a subclass
    guarded<planned_heap> plan;

    /// Raises TypeError if `of` is no heap.
    heap_reference(py::object of, std::int64_t cnt, std::size_t substream, double rate);
};

/// A snapshot.
struct heap_reference_list
{
    std::vector<planned_heap> heaps;
};

[[nodiscard]] std::vector<planned_heap> plans_of(const std::vector<heap_reference> &heaps);

} // namespace heapwire::python
