// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/wire/flavour.h"

#include <stdexcept>

#include <gtest/gtest.h>

#include "heapwire/wire/item_pointer.h"

using namespace heapwire::wire;

TEST(Flavour, IsSpead6440WithoutBugsByDefault)
{
    const flavour f;
    EXPECT_EQ(f, flavour(40));
    EXPECT_EQ(f.heap_address_bits(), 40);
    EXPECT_EQ(f.address_bytes(), 5);
    EXPECT_EQ(f.bugs(), 0u);
}

TEST(Flavour, KnowsTheLimitsOfEverySplit)
{
    for (int bits = 8; bits <= 56; bits += 8)
    {
        const flavour f(bits);
        EXPECT_EQ(f.max_address(), (std::uint64_t{1} << bits) - 1);
        EXPECT_EQ(f.max_id(), (std::uint64_t{1} << (63 - bits)) - 1);
    }
    EXPECT_EQ(flavour(48).max_id(), 0x7fffu);
    EXPECT_EQ(flavour(56).max_id(), 0x7fu);
}

TEST(Flavour, RefusesOtherWidths)
{
    for (const int bits : {-8, 0, 4, 39, 41, 57, 64, 72})
        EXPECT_THROW(flavour{bits}, std::invalid_argument) << bits;
}

TEST(Flavour, RefusesUnknownBugs)
{
    EXPECT_NO_THROW(flavour(48, 7));
    EXPECT_THROW(flavour(48, 8), std::invalid_argument);
    EXPECT_THROW(flavour(48, 0x100), std::invalid_argument);
}

TEST(Flavour, KnowsElementWidthsOfDescriptors)
{
    const int format[] = {8, 7, 6, 5, 4, 3, 2};
    const int shape[] = {2, 3, 4, 5, 6, 7, 8};
    for (int i = 0; i < 7; ++i)
    {
        EXPECT_EQ(flavour(8 * (i + 1)).format_element_bytes(), format[i]);
        EXPECT_EQ(flavour(8 * (i + 1)).shape_element_bytes(), shape[i]);
        EXPECT_EQ(flavour(8 * (i + 1), descriptor_widths).format_element_bytes(), 4);
        EXPECT_EQ(flavour(8 * (i + 1), descriptor_widths).shape_element_bytes(), 8);
    }
}

TEST(PointerCodec, TakesApartWhatItPutTogether)
{
    for (int bits = 8; bits <= 56; bits += 8)
    {
        const flavour f(bits);
        const pointer_codec codec(f);
        for (const std::uint64_t id : {std::uint64_t{0}, std::uint64_t{1}, f.max_id()})
            for (const std::uint64_t value : {std::uint64_t{0}, std::uint64_t{42}, f.max_address()})
            {
                const item_pointer i = codec.immediate(id, value);
                EXPECT_TRUE(pointer_codec::is_immediate(i));
                EXPECT_EQ(codec.id(i), id);
                EXPECT_EQ(codec.value(i), value);
                const item_pointer a = codec.addressed(id, value);
                EXPECT_FALSE(pointer_codec::is_immediate(a));
                EXPECT_EQ(codec.id(a), id);
                EXPECT_EQ(codec.value(a), value);
            }
    }
}
