// SPDX-License-Identifier: BSD-3-Clause
// Whatever the heap, flavour, packet size and split: the packets are well-formed, cover the heap once, and say what the
// heap said.
#include <gtest/gtest.h>

#include <random>

#include "heapwire/wire/item_id.h"
#include "heapwire/wire/packet_view.h"
#include "send/sending.h"

namespace heapwire::test
{
namespace
{

/// What any sender must say of the heap, found the slow way.
struct meaning
{
    std::vector<wire::item_pointer> pointers; ///< without the padding's
    bytes payload;                            ///< without padding
};

meaning meaning_of(const outgoing_heap &heap)
{
    meaning m;
    wire::pointer_codec codec(heap.flavour());
    for (const outgoing_item &item : heap.items())
    {
        if (item.is_integer)
            m.pointers.push_back(codec.immediate(item.id, item.value));
        else if (item.allow_immediate && item.bytes.size() <= static_cast<std::size_t>(heap.flavour().address_bytes()))
        {
            bytes wide(8 - item.bytes.size());
            wide.insert(wide.end(), item.bytes.begin(), item.bytes.end());
            m.pointers.push_back(codec.immediate(item.id, load_be<std::uint64_t>(wide.data())));
        }
        else
        {
            m.pointers.push_back(codec.addressed(item.id, m.payload.size()));
            m.payload.insert(m.payload.end(), item.bytes.begin(), item.bytes.end());
        }
    }
    return m;
}

/// An immediate NULL: it means nothing, and makes the last of even packets as large as the others.
const wire::item_pointer fills_up = wire::pointer_codec(wire::flavour(48)).immediate(0, 0);

struct reassembled
{
    std::vector<wire::item_pointer> pointers;
    bytes payload;
};

/// Joins packets that must come in order and agree; `repeat`: each has all pointers.
reassembled reassemble(const datagrams &packets, std::uint64_t cnt, bool repeat)
{
    reassembled out;
    std::uint64_t length = 0;
    for (const bytes &packet : packets)
    {
        wire::packet_view view;
        EXPECT_EQ(wire::parse_packet(packet, wire::framing::datagram, view), wire::reject::none);
        EXPECT_EQ(view.heap_cnt, cnt);
        EXPECT_EQ(view.payload_offset, out.payload.size());
        EXPECT_FALSE(view.payload.empty());
        length = length == 0 ? view.heap_length : length;
        EXPECT_EQ(view.heap_length, length);
        out.payload.insert(out.payload.end(), view.payload.begin(), view.payload.end());
        std::vector<wire::item_pointer> here;
        for (std::uint32_t i = 0; i < view.n_pointers; ++i)
            if (view.pointer(i) != fills_up)
                here.push_back(view.pointer(i));
        if (repeat && !out.pointers.empty())
            EXPECT_EQ(here, out.pointers);
        else
            out.pointers.insert(out.pointers.end(), here.begin(), here.end());
    }
    EXPECT_EQ(out.payload.size(), length);
    return out;
}

void expect_same_meaning(const reassembled &got, const meaning &wanted, wire::flavour f)
{
    std::size_t padding = got.payload.size() - wanted.payload.size();
    std::vector<wire::item_pointer> pointers = wanted.pointers;
    if (padding != 0)
        pointers.push_back(wire::pointer_codec(f).addressed(0, wanted.payload.size()));
    EXPECT_EQ(got.pointers, pointers);
    bytes payload = wanted.payload;
    payload.resize(payload.size() + padding);
    EXPECT_EQ(got.payload, payload);
}

void expect_sizes(const datagrams &packets, const send::options &how)
{
    std::size_t limit = how.max_packet_size / 8 * 8;
    for (std::size_t i = 0; i < packets.size(); ++i)
    {
        EXPECT_LE(packets[i].size(), limit);
        bool last = i + 1 == packets.size();
        wire::packet_view view;
        ASSERT_EQ(wire::parse_packet(packets[i], wire::framing::datagram, view), wire::reject::none);
        if (how.packets == send::split::exact)
            EXPECT_TRUE(last ? view.payload.size() <= how.payload_size : view.payload.size() == how.payload_size);
        else if (how.packets == send::split::full && !last)
            EXPECT_EQ(packets[i].size(), limit);
        else if (how.packets == send::split::even && !last)
        {
            EXPECT_EQ(packets[i].size(), packets[0].size());
            EXPECT_EQ(packets[i].size() % 8, 0u);
        }
    }
    if (how.packets == send::split::even && packets.size() > 1)
    {
        EXPECT_LE(packets.back().size(), packets[0].size());
        const std::size_t missing = packets[0].size() - packets.back().size();
        EXPECT_TRUE(missing == 0 || missing % 8 != 0 || missing > 64) << missing << " bytes could have been filled";
    }
}

/// A uniform number in [0, n), the same with every standard library.
std::uint64_t below(std::mt19937_64 &random, std::uint64_t n) { return random() % n; }

test_heap random_heap(std::mt19937_64 &random, wire::flavour f)
{
    test_heap h(f);
    bool small = f.heap_address_bits() == 8;
    std::uint64_t n_items = below(random, below(random, 4) == 0 ? 60 : 6);
    for (std::uint64_t i = 0; i < n_items; ++i)
    {
        std::uint64_t id = 5 + below(random, f.max_id() - 4);
        std::uint64_t kind = below(random, 4);
        std::size_t size = below(random, small ? 4 : kind == 3 ? 3000 : 9);
        if (kind == 0)
            h.heap.add_immediate(id, below(random, f.max_address()) + below(random, 2));
        else
            h.add(id, counting(size, static_cast<int>(below(random, 250)) + 1), kind == 1);
    }
    h.heap.repeat_pointers(below(random, 4) == 0);
    return h;
}

TEST(PacketizerProperty, PacketsSayWhatTheHeapSaid)
{
    std::mt19937_64 random(20121);
    int refused = 0;
    int padded = 0;
    for (int round = 0; round < 3000; ++round)
    {
        wire::flavour f(8 * static_cast<int>(1 + below(random, 7)));
        test_heap h = random_heap(random, f);
        send::options how;
        how.packets = static_cast<send::split>(below(random, 3));
        how.max_packet_size = 56 + below(random, below(random, 2) == 0 ? 100 : 2000);
        if (how.packets == send::split::exact)
            how.payload_size = 8 + 8 * below(random, (how.max_packet_size / 8 * 8 - 48) / 8);
        std::uint64_t cnt = below(random, f.max_address());
        SCOPED_TRACE(round);
        datagrams packets;
        try
        {
            packets = cut(h.heap, cnt, how);
        }
        catch (const std::system_error &)
        {
            ++refused; // too long for the flavour, or repeated pointers do not fit
            continue;
        }
        meaning wanted = meaning_of(h.heap);
        reassembled got = reassemble(packets, cnt, h.heap.repeat_pointers());
        padded += got.payload.size() > wanted.payload.size();
        expect_same_meaning(got, wanted, f);
        expect_sizes(packets, how);
        if (how.packets == send::split::even)
        {
            how.packets = send::split::full;
            EXPECT_EQ(cut(h.heap, cnt, how).size(), packets.size());
        }
        ASSERT_FALSE(HasFailure());
    }
    EXPECT_LT(refused, 1000);
    EXPECT_GT(padded, 100);
}

TEST(PacketizerProperty, EvenPacketsCouldNotBeSmaller)
{
    std::mt19937_64 random(7);
    for (int round = 0; round < 300; ++round)
    {
        test_heap h = random_heap(random, wire::flavour(40));
        h.heap.repeat_pointers(false);
        send::options how;
        how.max_packet_size = 256 + 8 * below(random, 200);
        datagrams packets = cut(h.heap, 1, how);
        if (packets.size() == 1)
            continue;
        how.max_packet_size = packets[0].size() - 8;
        how.packets = send::split::full;
        EXPECT_GT(cut(h.heap, 1, how).size(), packets.size());
    }
}

} // namespace
} // namespace heapwire::test
