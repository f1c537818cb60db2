// SPDX-License-Identifier: BSD-3-Clause
/// From pointers to items.
#include <gtest/gtest.h>

#include "heapwire/heap/heap.h"
#include "heapwire/heap/heap_builder.h"
#include "heapwire/wire/descriptor.h"
#include "support/packet_maker.h"

namespace heapwire::test
{
namespace
{

constexpr wire::pointer_codec codec40(40);

heap heap_of(const std::vector<packet_plan> &plans, ordering order = ordering::any_order)
{
    auto builder = std::make_unique<heap_builder>();
    heap_limits limits;
    limits.order = order;
    for (const packet_plan &plan : plans)
    {
        const packet bytes = make_packet(plan);
        EXPECT_EQ(builder->add(parse(bytes), limits, 0), join::accepted);
    }
    return heap(std::move(builder));
}

std::vector<std::uint64_t> ids(const heap &of)
{
    std::vector<std::uint64_t> out;
    for (const item &i : of.items())
        out.push_back(i.id);
    return out;
}

TEST(Heap, IsFalseAndEmptyByDefault)
{
    const heap none;
    EXPECT_FALSE(none);
    EXPECT_EQ(none.cnt(), 0U);
    EXPECT_EQ(none.heap_length(), -1);
    EXPECT_TRUE(none.items().empty());
    EXPECT_TRUE(none.payload().empty());
    EXPECT_TRUE(none.descriptors().empty());
    EXPECT_FALSE(none.is_contiguous());
}

TEST(Heap, EndsAnItemAtTheNextAddress)
{
    const heap h = heap_of(
        {{.length = 20,
          .size = 20,
          .pointers = {codec40.addressed(0x1002, 12), codec40.addressed(0x1001, 4), codec40.addressed(0, 10)}}});
    ASSERT_EQ(ids(h), (std::vector<std::uint64_t>{0x1001, 0x1002}));
    EXPECT_EQ(h.find(0x1001)->bytes.size(), 6U) << "an addressed NULL ends the item before it";
    EXPECT_EQ(h.find(0x1001)->bytes.data(), h.payload().data() + 4);
    EXPECT_EQ(h.find(0x1002)->bytes.size(), 8U);
    EXPECT_EQ(h.find(0x1003), nullptr);
}

TEST(Heap, LeavesOutWhatHasNoBytes)
{
    const heap h = heap_of({{.length = 8,
                             .size = 8,
                             .pointers = {codec40.addressed(0x1001, 0), codec40.addressed(0x1002, 0),
                                          codec40.addressed(0x1003, 8), codec40.immediate(0, 3)}}});
    EXPECT_EQ(ids(h), (std::vector<std::uint64_t>{0x1002}));
}

TEST(Heap, GivesSharedAddressesToTheLastInSendingOrderWhateverTheArrivalOrder)
{
    const packet_plan first{.length = 16, .size = 8, .pointers = {codec40.addressed(0x1001, 12)}};
    const packet_plan second{.length = 16, .offset = 8, .size = 8, .pointers = {codec40.addressed(0x1002, 12)}};
    EXPECT_EQ(ids(heap_of({first, second})), (std::vector<std::uint64_t>{0x1002}));
    EXPECT_EQ(ids(heap_of({second, first})), (std::vector<std::uint64_t>{0x1002}));
}

TEST(Heap, PacketScopeIdsInAddressedModeAreNeitherItemsNorBorders)
{
    const heap h =
        heap_of({{.length = 16, .size = 16, .pointers = {codec40.addressed(0x1000, 0), codec40.addressed(3, 8)}}});
    ASSERT_EQ(h.items().size(), 1U);
    EXPECT_EQ(h.items()[0].bytes.size(), 16U);
}

TEST(Heap, ShowsImmediatesAsTheirBigEndianBytes)
{
    const wire::pointer_codec codec48(48);
    const heap h = heap_of({{.length = 0, .pointers = {codec48.immediate(0x1001, 0x010203040506)}, .bits = 48}});
    ASSERT_EQ(h.items().size(), 1U);
    EXPECT_TRUE(h.items()[0].is_immediate);
    EXPECT_EQ(h.items()[0].immediate_value, 0x010203040506U);
    ASSERT_EQ(h.items()[0].bytes.size(), 6U);
    for (std::size_t i = 0; i < 6; ++i)
        EXPECT_EQ(h.items()[0].bytes[i], static_cast<std::byte>(i + 1));
    EXPECT_EQ(h.flavour(), wire::flavour(48));
}

TEST(Heap, KeepsItemsValidWhenMoved)
{
    heap h =
        heap_of({{.length = 8, .size = 8, .pointers = {codec40.addressed(0x1000, 0), codec40.immediate(0x1001, 77)}}});
    const std::byte *bytes = h.items()[1].bytes.data();
    const heap moved(std::move(h));
    EXPECT_EQ(moved.items()[1].bytes.data(), bytes);
    EXPECT_EQ(load_be<std::uint32_t>(moved.items()[1].bytes.data() + 1), 77U);
}

TEST(Heap, IncompleteShowsImmediatesOnly)
{
    const heap h = heap_of({{.length = 30,
                             .offset = 10,
                             .size = 5,
                             .pointers = {codec40.addressed(0x1000, 0), codec40.immediate(0x1001, 1)}},
                            {.length = 30, .offset = 20, .size = 5}});
    EXPECT_FALSE(h.is_contiguous());
    EXPECT_EQ(ids(h), (std::vector<std::uint64_t>{0x1001}));
    EXPECT_EQ(h.heap_length(), 30);
    EXPECT_EQ(h.received_length(), 10U);
    EXPECT_EQ(h.payload_ranges(), (std::vector<byte_range>{{10, 15}, {20, 25}}));
    EXPECT_EQ(h.payload().size(), 25U);
}

TEST(Heap, SeesStreamControlInImmediatesOnly)
{
    const heap start = heap_of({{.length = 0, .pointers = {codec40.immediate(6, 0)}}});
    EXPECT_TRUE(start.is_start_of_stream());
    EXPECT_FALSE(start.is_end_of_stream());
    const heap addressed = heap_of({{.length = 64, .size = 64, .pointers = {codec40.addressed(6, 0)}}});
    EXPECT_FALSE(addressed.is_start_of_stream());
    EXPECT_FALSE(addressed.is_end_of_stream());
    EXPECT_EQ(ids(addressed), (std::vector<std::uint64_t>{6}));
}

TEST(Heap, DecodesDescriptorsOnRequest)
{
    wire::descriptor d;
    d.id = 0x1234;
    d.name = "power";
    d.format = {{'u', 32}};
    const std::vector<std::byte> value = wire::encode_descriptor(d, wire::flavour());
    packet bytes = make_packet({.length = value.size(), .size = value.size(), .pointers = {codec40.addressed(5, 0)}});
    std::copy(value.begin(), value.end(), bytes.end() - static_cast<std::ptrdiff_t>(value.size()));
    auto builder = std::make_unique<heap_builder>();
    ASSERT_EQ(builder->add(parse(bytes), {}, 0), join::accepted);
    const heap h(std::move(builder));
    EXPECT_TRUE(h.items().empty());
    ASSERT_EQ(h.descriptors().size(), 1U);
    EXPECT_EQ(h.descriptors()[0].name, "power");
}

} // namespace
} // namespace heapwire::test
