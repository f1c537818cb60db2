// SPDX-License-Identifier: BSD-3-Clause
/// What the tests of room send share: heaps that own their bytes, and packets as plain bytes.
#pragma once

#include <cstdint>
#include <deque>
#include <initializer_list>
#include <string_view>
#include <vector>

#include "heapwire/heap/outgoing_heap.h"
#include "heapwire/send/packetizer.h"
#include "heapwire/send/sender.h"

namespace heapwire::test
{

using bytes = std::vector<std::byte>;
using datagrams = std::vector<bytes>;

bytes to_bytes(std::initializer_list<int> values);
bytes to_bytes(std::string_view text);
/// 0, 1, 2, … modulo 256, times `step`.
bytes counting(std::size_t size, int step = 1);
bytes filled(std::size_t size, int value);

/// An outgoing heap and the memory of its items.
class test_heap
{
public:
    explicit test_heap(wire::flavour f = {}) : heap(f) {}
    test_heap &add(std::uint64_t id, bytes value, bool allow_immediate = false)
    {
        memory_.push_back(std::move(value));
        heap.add_item(id, memory_.back(), allow_immediate);
        return *this;
    }

    outgoing_heap heap;

private:
    std::deque<bytes> memory_;
};

bytes flatten(const send::packet &packet);
datagrams flatten(std::span<const send::packet> packets);

/// All packets of the heap. Throws std::system_error if it is refused.
datagrams cut(const outgoing_heap &heap, std::uint64_t cnt, const send::options &how);
/// The same with split::full.
datagrams cut(const outgoing_heap &heap, std::uint64_t cnt, std::size_t max_packet_size = 1472);

/// A point in a clock that the test invents.
inline send::time_point at_ns(std::int64_t nanoseconds)
{
    return send::time_point(std::chrono::nanoseconds(nanoseconds));
}

/// Writes everything that is queued, without an error, and waits in invented time. Answers the packets.
datagrams drain(send::sender &from, send::time_point &now);
datagrams drain(send::sender &from);

/// A completion that only carries a number.
inline send::completion numbered(std::uint64_t token) { return {.call = nullptr, .context = nullptr, .token = token}; }
std::vector<send::finished> take(send::sender &from);

} // namespace heapwire::test
