// SPDX-License-Identifier: BSD-3-Clause
/// What tests of whole transports share: heaps with a pattern, sent and checked.
#pragma once

#include <algorithm>
#include <chrono>
#include <gtest/gtest.h>
#include <vector>

#include "heapwire/heap/outgoing_heap.h"
#include "heapwire/recv/heap_stream.h"
#include "heapwire/send/sender.h"
#include "support/packet_maker.h"
#include "support/vectors.h"

namespace heapwire::test
{

/// Only for what would otherwise hang.
inline constexpr std::chrono::seconds patience{120};

/// One item 0x1000 with the payload that has_pattern() knows.
class pattern_heap
{
public:
    pattern_heap(std::uint64_t cnt, std::size_t size) : cnt_(cnt), bytes_(size)
    {
        for (std::size_t i = 0; i < size; ++i)
            bytes_[i] = pattern(cnt, i);
        heap_.add_item(0x1000, bytes_view(bytes_));
    }
    pattern_heap(const pattern_heap &) = delete;
    pattern_heap &operator=(const pattern_heap &) = delete;
    [[nodiscard]] send::heap_reference reference(std::size_t substream = 0) const
    {
        return {.heap = &heap_, .cnt = static_cast<std::int64_t>(cnt_), .substream = substream, .rate = -1};
    }

private:
    std::uint64_t cnt_;
    std::vector<std::byte> bytes_;
    outgoing_heap heap_;
};

[[nodiscard]] inline std::vector<std::byte> flat(const std::vector<packet> &packets)
{
    std::vector<std::byte> out;
    for (const packet &p : packets)
        out.insert(out.end(), p.begin(), p.end());
    return out;
}

inline void append(std::vector<std::byte> &to, const std::vector<std::byte> &more)
{
    to.insert(to.end(), more.begin(), more.end());
}

/// Pops until the end of the stream; each heap must be whole.
[[nodiscard]] inline std::vector<std::uint64_t> drain(recv::heap_stream &stream)
{
    std::vector<std::uint64_t> cnts;
    for (;;)
    {
        heap h;
        recv::pop_status status = stream.pop_for(h, patience);
        EXPECT_NE(status, recv::pop_status::timeout) << "the stream does not end";
        if (status != recv::pop_status::ok)
            return cnts;
        EXPECT_TRUE(has_pattern(h.payload(), h.cnt())) << "heap " << h.cnt();
        cnts.push_back(h.cnt());
    }
}

[[nodiscard]] inline std::vector<std::uint64_t> numbers(std::uint64_t from, std::uint64_t to)
{
    std::vector<std::uint64_t> out;
    for (; from < to; ++from)
        out.push_back(from);
    return out;
}

/// received = delivered + the sum of named causes.
inline void expect_books_balance(const recv::stats &s)
{
    EXPECT_EQ(s[recv::stat::datagrams], s[recv::stat::packets] + s.malformed());
    EXPECT_EQ(s[recv::stat::packets], s[recv::stat::packets_accepted] + s.refused());
}

/// Pops until the end; the heaps must be those of the vector.
inline void expect_vector_heaps(recv::heap_stream &stream, std::span<const vector_heap> want)
{
    std::size_t n = 0;
    heap h;
    for (;; ++n)
    {
        recv::pop_status status = stream.pop_for(h, patience);
        ASSERT_NE(status, recv::pop_status::timeout);
        if (status != recv::pop_status::ok)
            break;
        ASSERT_LT(n, want.size());
        EXPECT_EQ(h.cnt(), want[n].cnt);
        ASSERT_EQ(h.items().size(), want[n].items.size());
        for (std::size_t i = 0; i < h.items().size(); ++i)
        {
            const item &found = h.items()[i];
            EXPECT_EQ(found.id, want[n].items[i].id);
            EXPECT_EQ(std::vector<std::byte>(found.bytes.begin(), found.bytes.end()), unhex(want[n].items[i].hex));
        }
    }
    EXPECT_EQ(n, want.size());
}

} // namespace heapwire::test
