// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/heap/outgoing_heap.h"

#include <gtest/gtest.h>

#include <functional>
#include <stdexcept>
#include <string>

namespace heapwire::test
{
namespace
{

std::string complaint(const std::function<void()> &call)
{
    try
    {
        call();
    }
    catch (const std::invalid_argument &error)
    {
        return error.what();
    }
    return {};
}

TEST(OutgoingHeap, RefusesIdsThatArePacketScopeOrTooLarge)
{
    std::vector<std::byte> value(3);
    outgoing_heap heap{wire::flavour(56)};
    for (std::uint64_t id : {0, 1, 2, 3, 4, 0x80, 0x1000})
    {
        std::string wanted = "id = " + std::to_string(id);
        EXPECT_EQ(complaint([&] { heap.add_item(id, value); }).rfind(wanted, 0), 0u) << id;
        EXPECT_EQ(complaint([&] { heap.add_immediate(id, 0); }).rfind(wanted, 0), 0u) << id;
        EXPECT_EQ(complaint([&] { heap.add_item(id, buffer(), true); }).rfind(wanted, 0), 0u) << id;
    }
    EXPECT_TRUE(heap.items().empty());
    heap.add_item(5, value);
    heap.add_item(0x7f, value);
    EXPECT_EQ(heap.items().size(), 2u);
}

TEST(OutgoingHeap, RefusesImmediatesThatTheFlavourCannotSay)
{
    outgoing_heap heap{wire::flavour(16)};
    EXPECT_EQ(complaint([&] { heap.add_immediate(0x1000, 0x10000); }).rfind("value = 65536", 0), 0u);
    EXPECT_EQ(heap.add_immediate(0x1000, 0xffff), 0u);
}

TEST(OutgoingHeap, HandlesLeadBackToTheirItems)
{
    std::vector<std::byte> value(3);
    outgoing_heap heap;
    outgoing_heap::handle first = heap.add_immediate(0x1000, 1);
    outgoing_heap::handle second = heap.add_item(0x1001, value);
    heap.item(first).value = 2;
    heap.item(second).bytes = bytes_view(value).first(1);
    EXPECT_EQ(heap.items()[0].value, 2u);
    EXPECT_EQ(heap.items()[1].bytes.size(), 1u);
    EXPECT_NE(complaint([&] { (void)heap.item(2); }), "");
}

TEST(OutgoingHeap, OwnsTheBuffersItIsGiven)
{
    static int released;
    released = 0;
    static std::byte memory[4];
    {
        outgoing_heap heap;
        heap.add_item(0x1000, buffer(
                                  memory, 4, [](std::byte *, std::size_t, void *) noexcept { ++released; }, nullptr));
        outgoing_heap moved = std::move(heap);
        EXPECT_EQ(moved.items()[0].bytes.data(), memory);
        EXPECT_EQ(released, 0);
    }
    EXPECT_EQ(released, 1);
}

TEST(OutgoingHeap, DescriptorsStayWhereTheyAreWhenMoreAreAdded)
{
    outgoing_heap heap;
    heap.add_descriptor(
        {.id = 0x1000, .name = "a", .description = "b", .shape = {}, .format = {{'u', 8}}, .numpy_header = {}});
    const std::byte *where = heap.items()[0].bytes.data();
    for (std::uint64_t i = 1; i < 100; ++i)
        heap.add_descriptor(
            {.id = 0x1000 + i, .name = "a", .description = "b", .shape = {}, .format = {{'u', 8}}, .numpy_header = {}});
    EXPECT_EQ(heap.items()[0].bytes.data(), where);
    EXPECT_EQ(heap.items()[0].id, 5u);
    EXPECT_EQ(std::to_integer<int>(where[0]), 0x53) << "a whole packet";
}

TEST(OutgoingHeap, ControlsAreImmediates)
{
    outgoing_heap heap;
    heap.add_start();
    heap.add_end();
    ASSERT_EQ(heap.items().size(), 2u);
    EXPECT_TRUE(heap.items()[0].is_integer && heap.items()[1].is_integer);
    EXPECT_EQ(heap.items()[0].id, 6u);
    EXPECT_EQ(heap.items()[0].value, 0u);
    EXPECT_EQ(heap.items()[1].value, 2u);
}

} // namespace
} // namespace heapwire::test
