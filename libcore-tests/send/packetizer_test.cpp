// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/send/packetizer.h"

#include <gtest/gtest.h>

#include "heapwire/base/error.h"
#include "heapwire/wire/packet_view.h"
#include "send/sending.h"

namespace heapwire::test
{
namespace
{

send::options with(send::split packets, std::size_t max_packet_size, std::size_t payload_size = 0)
{
    send::options how;
    how.packets = packets;
    how.max_packet_size = max_packet_size;
    how.payload_size = payload_size;
    return how;
}

std::error_code start(const outgoing_heap &heap, std::uint64_t cnt = 1, const send::options &how = {})
{
    return send::packetizer().start(heap, cnt, send::cutting(how));
}

std::vector<std::size_t> sizes(const datagrams &packets)
{
    std::vector<std::size_t> out;
    for (const bytes &packet : packets)
        out.push_back(packet.size());
    return out;
}

wire::packet_view parse(const bytes &packet)
{
    wire::packet_view view;
    EXPECT_EQ(wire::parse_packet(packet, wire::framing::datagram, view), wire::reject::none);
    return view;
}

using sizes_list = std::vector<std::size_t>;

TEST(Packetizer, FullPacketsTakeWhatFitsAndTheLastTheRest)
{
    test_heap h;
    h.add(0x1000, counting(5120));
    EXPECT_EQ(sizes(cut(h.heap, 1, with(send::split::full, 1472))), (sizes_list{1472, 1472, 1472, 872}));
}

TEST(Packetizer, EvenPacketsHaveOneSizeAndTheCountOfFullOnes)
{
    test_heap h;
    h.add(0x1000, counting(5120));
    EXPECT_EQ(sizes(cut(h.heap, 1, with(send::split::even, 1472))), (sizes_list{1328, 1328, 1328, 1328}));
    test_heap two;
    two.add(0x1000, counting(16384));
    EXPECT_EQ(sizes(cut(two.heap, 1, with(send::split::even, 8972))), (sizes_list{8240, 8240}));
}

TEST(Packetizer, TheLastEvenPacketIsFilledWithPointersThatMeanNothing)
{
    test_heap h;
    h.add(0x1000, counting(5120));
    const datagrams packets = cut(h.heap, 1, with(send::split::even, 1472));
    const wire::packet_view last = parse(packets.back());
    const wire::pointer_codec codec(h.heap.flavour());
    std::uint32_t nulls = 0;
    for (std::uint32_t i = 0; i < last.n_pointers; ++i)
        nulls += wire::pointer_codec::is_immediate(last.pointer(i)) && codec.id(last.pointer(i)) == 0;
    EXPECT_EQ(nulls, 3u);
    EXPECT_EQ(last.payload_offset + last.payload.size(), 5120u);
}

TEST(Packetizer, TheLastEvenPacketIsNotFilledIfThatWouldNotMakeItEqualOrWouldBeMuch)
{
    test_heap odd;
    odd.add(0x1000, counting(5121));
    EXPECT_EQ(sizes(cut(odd.heap, 1, with(send::split::even, 1472))), (sizes_list{1328, 1328, 1328, 1305}));
    test_heap many;
    many.add(0x1000, counting(20048)); // fifteen packets, and 104 bytes to spare
    const sizes_list got = sizes(cut(many.heap, 1, with(send::split::even, 1472)));
    ASSERT_EQ(got.size(), 15u);
    EXPECT_LT(got.back() + 64, got.front());
}

TEST(Packetizer, AHeapThatFitsOnePacketIsOnePacket)
{
    test_heap h;
    h.add(0x1000, counting(1021));
    for (send::split how : {send::split::even, send::split::full})
        EXPECT_EQ(sizes(cut(h.heap, 1, with(how, 1472))), (sizes_list{1069}));
}

TEST(Packetizer, ExactPacketsCarryThePayloadAskedFor)
{
    test_heap h;
    h.add(0x1000, counting(2500)).add(0x1001, to_bytes({1}), true);
    datagrams packets = cut(h.heap, 1, with(send::split::exact, 1472, 1024));
    EXPECT_EQ(sizes(packets), (sizes_list{1024 + 56, 1024 + 40, 452 + 40}));
    EXPECT_EQ(parse(packets[1]).payload_offset, 1024u);
}

TEST(Packetizer, ExactPacketsArePaddedWhenPointersNeedMoreOfThem)
{
    test_heap h;
    for (std::uint64_t i = 0; i < 3; ++i)
        h.add(0x1000 + i, to_bytes({static_cast<int>(i)}), true);
    // One pointer beside 16 bytes of payload: three for the items and one for the padding.
    datagrams packets = cut(h.heap, 1, with(send::split::exact, 64, 16));
    EXPECT_EQ(sizes(packets), (sizes_list{64, 64, 64, 49}));
}

TEST(Packetizer, PaddingFollowsTheRealBytes)
{
    test_heap h;
    h.add(0x1000, to_bytes({0xaa, 0xbb, 0xcc}));
    for (std::uint64_t i = 1; i < 4; ++i)
        h.add(0x1000 + i, to_bytes({7}), true);
    bytes payload;
    for (const bytes &packet : cut(h.heap, 1, 56))
    {
        wire::packet_view view = parse(packet);
        payload.insert(payload.end(), view.payload.begin(), view.payload.end());
    }
    bytes wanted(33);
    wanted[0] = std::byte{0xaa};
    wanted[1] = std::byte{0xbb};
    wanted[2] = std::byte{0xcc};
    EXPECT_EQ(payload, wanted);
}

TEST(Packetizer, ImmediatesAreReadWhenThePacketIsMade)
{
    bytes value = to_bytes({1});
    outgoing_heap heap;
    heap.add_item(0x1000, value, true);
    send::packetizer packets;
    ASSERT_FALSE(packets.start(heap, 1, send::cutting(send::options())));
    value[0] = std::byte{9};
    send::packet_batch batch;
    std::vector<wire::item_pointer> scratch;
    packets.make_packet(batch, scratch, 0, 0);
    bytes packet = flatten(batch.packets().front());
    EXPECT_EQ(wire::pointer_codec(40).value(parse(packet).pointer(0)), 9u);
}

TEST(Packetizer, SeventyThousandPointersSpillWhateverThePacketSize)
{
    for (send::split how : {send::split::even, send::split::full, send::split::exact})
    {
        test_heap h{wire::flavour(48)};
        std::uint64_t n = 70000;
        for (std::uint64_t i = 0; i < n; ++i)
            h.heap.add_immediate(0x1000, i);
        h.add(0x1001, counting(3 << 20));
        std::uint64_t next = 0;
        std::uint64_t payload = 0;
        for (const bytes &packet : cut(h.heap, 1, with(how, 1 << 20, how == send::split::exact ? 65536 : 0)))
        {
            wire::packet_view view = parse(packet);
            EXPECT_LE(view.n_pointers, wire::max_packet_pointers - 4);
            for (std::uint32_t i = 0; i < view.n_pointers && next < n; ++i)
                ASSERT_EQ(wire::pointer_codec(48).value(view.pointer(i)), next++);
            payload += view.payload.size();
        }
        EXPECT_EQ(next, n);
        EXPECT_EQ(payload, std::uint64_t{3} << 20);
    }
}

TEST(Packetizer, ManyItemsOfAPacketMakeAShortScatterList)
{
    for (std::size_t item_size : {0, 1, 30, 256, 257, 1000})
    {
        test_heap h;
        for (std::uint64_t i = 0; i < 1500; ++i)
            h.add(0x1000 + i, filled(item_size, static_cast<int>(i)));
        send::options how = with(send::split::full, 1 << 20);
        send::packetizer packets;
        ASSERT_FALSE(packets.start(h.heap, 1, send::cutting(how)));
        send::packet_batch batch;
        std::vector<wire::item_pointer> scratch;
        while (!packets.done())
        {
            batch.clear();
            packets.make_packet(batch, scratch, 0, 0);
            const send::packet &made = batch.packets().front();
            EXPECT_LE(made.parts.size(), send::packet_batch::max_parts);
            std::size_t size = 0;
            for (bytes_view part : made.parts)
                size += part.size();
            EXPECT_EQ(size, made.size);
        }
    }
}

TEST(Packetizer, LargeItemsAreReferredToAndNotCopied)
{
    bytes value = counting(1400);
    outgoing_heap heap;
    heap.add_item(0x1000, value);
    send::packetizer packets;
    ASSERT_FALSE(packets.start(heap, 1, send::cutting(send::options())));
    send::packet_batch batch;
    std::vector<wire::item_pointer> scratch;
    packets.make_packet(batch, scratch, 3, 0);
    const send::packet &made = batch.packets().front();
    ASSERT_EQ(made.parts.size(), 2u);
    EXPECT_EQ(made.parts[1].data(), value.data());
    EXPECT_EQ(made.substream, 3u);
}

TEST(Packetizer, SmallHeapsAreCopiedOneBehindTheOther)
{
    bytes value = counting(1024);
    outgoing_heap heap;
    heap.add_item(0x1000, value);
    send::packet_batch batch;
    std::vector<wire::item_pointer> scratch;
    for (std::uint64_t cnt : {1u, 2u})
    {
        send::packetizer packets;
        ASSERT_FALSE(packets.start(heap, cnt, send::cutting(send::options())));
        packets.make_packet(batch, scratch, 0, 0);
    }
    ASSERT_EQ(batch.packets()[0].parts.size(), 1u);
    EXPECT_EQ(batch.packets()[0].parts[0].data() + batch.packets()[0].size, batch.packets()[1].parts[0].data());
}

TEST(Packetizer, RefusesHeapsThatTheFlavourCannotSay)
{
    bytes large = counting(300);
    outgoing_heap heap{wire::flavour(8)};
    heap.add_item(0x1000, large);
    EXPECT_EQ(start(heap), errc::value_out_of_range);
    heap.item(0).bytes = bytes_view(large).first(255);
    EXPECT_FALSE(start(heap));
    EXPECT_EQ(start(heap, 256), errc::cnt_out_of_range);
    EXPECT_FALSE(start(heap, 255));
}

TEST(Packetizer, RefusesPaddingThatTheFlavourCannotSay)
{
    outgoing_heap heap{wire::flavour(8)};
    for (std::uint64_t i = 0; i < 40; ++i)
        heap.add_immediate(0x1000 + i, i);
    EXPECT_EQ(start(heap, 1, with(send::split::full, 56)), errc::value_out_of_range);
    EXPECT_FALSE(start(heap, 1, with(send::split::full, 1472)));
}

TEST(Packetizer, ChecksAgainWhatWasPutIntoAnItem)
{
    outgoing_heap heap;
    heap.add_immediate(0x1000, 1);
    for (std::uint64_t id : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{4}, std::uint64_t{0x800000}})
    {
        heap.item(0).id = id;
        EXPECT_EQ(start(heap), errc::id_out_of_range) << id;
    }
    heap.item(0).id = 0x7FFFFF;
    EXPECT_FALSE(start(heap));
    heap.item(0).value = std::uint64_t{1} << 40;
    EXPECT_EQ(start(heap), errc::value_out_of_range);
}

TEST(Packetizer, RepeatedPointersNeedRoomForOneMore)
{
    outgoing_heap heap;
    heap.repeat_pointers(true);
    heap.add_immediate(0x1000, 1);
    EXPECT_FALSE(start(heap, 1, with(send::split::full, 64)));
    heap.add_immediate(0x1001, 1);
    EXPECT_EQ(start(heap, 1, with(send::split::full, 64)), errc::pointers_do_not_fit);
    EXPECT_FALSE(start(heap, 1, with(send::split::full, 72)));
}

} // namespace
} // namespace heapwire::test
