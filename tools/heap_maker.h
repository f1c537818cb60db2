// SPDX-License-Identifier: BSD-3-Clause
/// What heapwire-send sends, one heap after the other.
#pragma once

#include <istream>
#include <memory>

#include "json_heap.h"
#include "send_config.h"

namespace tools
{

class heap_maker
{
public:
    virtual ~heap_maker() = default;
    /// Puts the next heap into `slot`, whose last heap is done. False: there is none.
    virtual bool next(planned_heap &slot) = 0;
};

/// Data of one's own: descriptors, `heaps` heaps (0: for ever), with the pattern or with zeros.
[[nodiscard]] std::unique_ptr<heap_maker> make_generated(const send_config &how);
/// A heap a line; `in` must outlive it. Empty lines and lines that begin with # are skipped.
[[nodiscard]] std::unique_ptr<heap_maker> make_from_json(const send_config &how, std::istream &in);
/// The stop heaps, one a substream.
[[nodiscard]] std::unique_ptr<heap_maker> make_stops(const send_config &how);

} // namespace tools
