// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/wire/descriptor.h"

#include <array>
#include <stdexcept>

#include <gtest/gtest.h>

#include "wire/build_packet.h"

using namespace heapwire;
using namespace heapwire::wire;
using test::addr;
using test::imm;
using test::packet40;

namespace
{

std::vector<descriptor> decode(const std::vector<std::byte> &value, std::uint32_t bugs = 0)
{
    std::vector<descriptor> found;
    decode_descriptors(value, bugs, found);
    return found;
}

void append(std::vector<std::byte> &to, const std::vector<std::byte> &more)
{
    to.insert(to.end(), more.begin(), more.end());
}

const descriptor example{0x1000, "name", "what it is", {3, std::nullopt}, {{'u', 16}, {'f', 32}}, ""};

/// An inner heap of one packet: `pointers` and `payload` after the four packet-scope items.
std::vector<std::byte> inner(std::vector<item_pointer> pointers, std::string_view payload, std::uint64_t cnt = 1)
{
    const std::array scope{imm(1, cnt), imm(2, payload.size()), imm(3, 0), imm(4, payload.size())};
    pointers.insert(pointers.begin(), scope.begin(), scope.end());
    return packet40(pointers, payload);
}

} // namespace

TEST(Descriptor, SurvivesTheJourneyInEveryFlavour)
{
    for (int bits = 8; bits <= 56; bits += 8)
        for (std::uint32_t bugs = 0; bugs <= 7; ++bugs)
        {
            descriptor d = example;
            d.id = 0x7f;
            const auto found = decode(encode_descriptor(d, flavour(bits, bugs)), bugs);
            ASSERT_EQ(found.size(), 1u) << bits << ' ' << bugs;
            EXPECT_EQ(found[0], d) << bits << ' ' << bugs;
        }
}

TEST(Descriptor, ANumpyHeaderWins)
{
    descriptor d = example;
    d.shape = {2};
    d.numpy_header = write_numpy_header("<u2", false, std::array<std::uint64_t, 1>{2});
    const auto found = decode(encode_descriptor(d, {}));
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].numpy_header, d.numpy_header);
    EXPECT_TRUE(found[0].shape.empty());
    EXPECT_TRUE(found[0].format.empty());
}

TEST(Descriptor, TakesTheShapeFromTheHeaderIfThereIsNone)
{
    const std::array<std::uint64_t, 2> shape{2, 3};
    descriptor d = describe_array<float>(5, "a", "", shape);
    const auto explicit_shape = encode_descriptor(d, {});
    d.shape.clear();
    EXPECT_EQ(encode_descriptor(d, {}), explicit_shape);
}

TEST(Descriptor, RefusesWhatDoesNotFitTheFlavour)
{
    const auto refused = [](descriptor d, flavour f)
    { EXPECT_THROW(static_cast<void>(encode_descriptor(d, f)), std::invalid_argument); };
    descriptor d = example;
    d.id = 0;
    refused(d, {});
    d.id = 0x800000;
    refused(d, {});
    d.id = 0x80;
    refused(d, flavour(56));
    d = example;
    d.shape = {std::nullopt, 2, std::nullopt};
    refused(d, {});
    d.shape = {std::uint64_t{1} << 40};
    refused(d, {});
    EXPECT_NO_THROW(static_cast<void>(encode_descriptor(d, flavour(40, descriptor_widths))));
    d = example;
    d.format = {{'u', std::uint64_t{1} << 16}};
    refused(d, flavour(48));
    EXPECT_NO_THROW(static_cast<void>(encode_descriptor(d, flavour(48, descriptor_widths))));
    d = example;
    d.description = std::string(256, 'x');
    refused(d, flavour(8));
}

TEST(DescriptorDecoding, RefusesUnknownBugs)
{
    std::vector<descriptor> found;
    EXPECT_THROW(decode_descriptors({}, 8, found), std::invalid_argument);
}

TEST(DescriptorDecoding, NeedsAnImmediateIdThatIsNotZero)
{
    EXPECT_TRUE(decode(inner({addr(0x10, 0)}, "name")).empty());
    EXPECT_TRUE(decode(inner({addr(0x14, 0)}, "\x10")).empty());
    EXPECT_TRUE(decode(inner({imm(0x14, 0), addr(0x10, 0)}, "name")).empty());
    EXPECT_TRUE(decode(inner({imm(0x14, 0x800000)}, "")).empty());
    EXPECT_EQ(decode(inner({imm(0x14, 0x7fffff)}, "")).size(), 1u);
}

TEST(DescriptorDecoding, MissingFieldsAreEmpty)
{
    const auto found = decode(inner({imm(0x14, 9)}, ""));
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0], (descriptor{9, "", "", {}, {}, ""}));
}

TEST(DescriptorDecoding, DropsTheZerosInFrontOfImmediateText)
{
    const auto found = decode(inner({imm(0x14, 9), imm(0x10, 0x6162), imm(0x13, 0x75000010)}, ""));
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].name, "ab");
    EXPECT_EQ(found[0].format, (std::vector<format_field>{{'u', 16}}));
}

TEST(DescriptorDecoding, SkipsControlAndUnknownItems)
{
    const auto found = decode(inner({imm(6, 2), imm(0x14, 9), addr(0x77, 0), addr(0x10, 2)}, "xxname"));
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].name, "name");
}

TEST(DescriptorDecoding, OfEqualAddressesTheLastOneOwnsTheBytes)
{
    const auto found = decode(inner({imm(0x14, 9), addr(0x10, 0), addr(0x11, 0)}, "text"));
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].name, "");
    EXPECT_EQ(found[0].description, "text");
}

TEST(DescriptorDecoding, AnAddressedNullEndsTheFieldBeforeIt)
{
    const auto found = decode(inner({imm(0x14, 9), addr(0x10, 0), addr(0, 4)}, "namepadding"));
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].name, "name");
}

TEST(DescriptorDecoding, PutsSeveralPacketsTogether)
{
    auto value = packet40({imm(1, 1), imm(2, 6), imm(3, 0), imm(4, 4), imm(0x14, 9), addr(0x10, 0)}, "long");
    append(value, packet40({imm(1, 1), imm(2, 6), imm(3, 4), imm(4, 2), addr(0x10, 0)}, "er"));
    const auto found = decode(value);
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].name, "longer");
}

TEST(DescriptorDecoding, LeavesOutPacketsThatDoNotContinueTheHeap)
{
    const auto first = packet40({imm(1, 1), imm(2, 6), imm(3, 0), imm(4, 4), imm(0x14, 9), addr(0x10, 0)}, "long");
    auto gap = first;
    append(gap, packet40({imm(1, 1), imm(2, 6), imm(3, 5), imm(4, 1)}, "r"));
    EXPECT_TRUE(decode(gap).empty());

    auto mended = first;
    append(mended, packet40({imm(1, 1), imm(3, 4), imm(4, 3)}, "abc")); // runs past the length, without one of its own
    append(mended, packet40({imm(1, 1), imm(2, 7), imm(3, 4), imm(4, 3)}, "abc"));
    append(mended, packet40({imm(1, 1), imm(2, 6), imm(3, 4), imm(4, 2)}, "er"));
    EXPECT_EQ(decode(mended).size(), 1u);
}

TEST(DescriptorDecoding, TakesHeapsWithoutLength)
{
    const auto found = decode(packet40({imm(1, 1), imm(3, 0), imm(4, 4), imm(0x14, 9), addr(0x10, 0)}, "name"));
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].name, "name");
}

TEST(DescriptorDecoding, APointerPastTheEndSpoilsItsHeapOnly)
{
    auto value = inner({imm(0x14, 9), addr(0x10, 5)}, "name");
    append(value, inner({imm(0x14, 10), addr(0x10, 4)}, "name", 2));
    const auto found = decode(value);
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].id, 10u);
    EXPECT_EQ(found[0].name, "");
}

TEST(DescriptorDecoding, KeepsWhatCameBeforeGarbage)
{
    auto value = encode_descriptor(example, {});
    append(value, encode_descriptor(example, {}));
    append(value, {std::byte{0x53}, std::byte{0x04}});
    EXPECT_EQ(decode(value).size(), 2u);
}

TEST(DescriptorDecoding, AHugeLengthIsNotBelieved)
{
    EXPECT_TRUE(decode(packet40({imm(1, 1), imm(2, 0xff'ffff'ffff), imm(3, 0), imm(4, 0), imm(0x14, 9)}, "")).empty());
}

TEST(DescriptorDecoding, UsesTheWidthsOfTheInnerPacket)
{
    const auto value = encode_descriptor(example, flavour(48));
    const auto found = decode(value);
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0], example);
}

TEST(DescriptorDecoding, IgnoresPartialElements)
{
    const auto found = decode(inner({imm(0x14, 9), addr(0x13, 0), addr(0x12, 6)}, std::string_view("u\0\0\x10u\0"
                                                                                                   "\0\0\0\0\0\5\1",
                                                                                                   13)));
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].format.size(), 1u);
    EXPECT_EQ(found[0].shape, (std::vector<std::optional<std::uint64_t>>{5}));
}
