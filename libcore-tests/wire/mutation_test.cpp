// SPDX-License-Identifier: BSD-3-Clause
/// Random damage to the vectors, from fixed seeds: the same on every machine.
#include <array>
#include <random>

#include <gtest/gtest.h>

#include "heapwire/wire/descriptor.h"
#include "heapwire/wire/packet_view.h"
#include "support/vectors.h"
#include "wire/descriptor_items.h"
#include "wire/plain_packet.h"

using namespace heapwire;
using namespace heapwire::wire;

namespace
{

using bytes = std::vector<std::byte>;

class mutator
{
public:
    explicit mutator(std::uint32_t seed) : random_(seed) {}

    std::size_t below(std::size_t n) { return random_() % n; }

    void damage(bytes &b)
    {
        switch (below(6))
        {
        case 0: // a bit
            if (!b.empty())
                b[below(b.size())] ^= std::byte{1} << below(8);
            break;
        case 1: // a byte
            if (!b.empty())
                b[below(b.size())] = static_cast<std::byte>(below(256));
            break;
        case 2: // a pointer that means something
            if (b.size() >= 16)
            {
                const item_pointer p = special_pointer();
                store_be(b.data() + 8 + 8 * below(b.size() / 8 - 1), p);
            }
            break;
        case 3: // the number of pointers
            if (b.size() >= 8)
                b[7] = static_cast<std::byte>(below(12));
            break;
        case 4:
            b.resize(below(b.size() + 1));
            break;
        default:
            b.resize(b.size() + below(20), static_cast<std::byte>(below(256)));
            break;
        }
    }

private:
    item_pointer special_pointer()
    {
        const pointer_codec codec(static_cast<int>(8 * (1 + below(7))));
        const std::uint64_t value = below(4) == 0 ? codec.value(~item_pointer{0}) : below(40);
        const std::uint64_t id = below(6);
        return below(4) == 0 ? codec.addressed(id, value) : codec.immediate(id, value);
    }

    std::mt19937 random_;
};

std::vector<bytes> all_datagrams()
{
    std::vector<bytes> all;
    for (const test::vector_case &v : test::all_vectors())
        for (bytes &datagram : test::load_datagrams(v))
            if (datagram.size() < 400)
                all.push_back(std::move(datagram));
    return all;
}

} // namespace

TEST(Mutation, ParsePacketAgreesWithAPlainReading)
{
    mutator m(20261130);
    const auto seeds = all_datagrams();
    std::array<std::size_t, reject_count> seen{};
    for (int i = 0; i < 60000; ++i)
    {
        bytes b = seeds[m.below(seeds.size())];
        for (std::size_t n = m.below(4); n > 0; --n)
            m.damage(b);
        const auto how = m.below(2) == 0 ? framing::datagram : framing::stream;
        const auto difference = test::disagreement(b, how);
        ASSERT_FALSE(difference) << *difference << ", round " << i;
        packet_view view;
        ++seen[static_cast<std::size_t>(parse_packet(b, how, view))];
    }
    for (std::size_t reason = 0; reason + 1 < reject_count; ++reason) // all but truncated, which transports find
        EXPECT_GT(seen[reason], 0u) << to_string(static_cast<reject>(reason));
}

TEST(Mutation, MeasurePacketFindsTheEndOfEveryPacketThatParses)
{
    mutator m(11);
    const auto seeds = all_datagrams();
    std::size_t parsed = 0;
    for (int i = 0; i < 40000; ++i)
    {
        bytes b = seeds[m.below(seeds.size())];
        for (std::size_t n = m.below(3); n > 0; --n)
            m.damage(b);
        packet_view view;
        if (parse_packet(b, framing::stream, view) != reject::none)
            continue;
        const packet_extent e = measure_packet(b);
        ASSERT_EQ(e.state, packet_extent::whole);
        ASSERT_EQ(e.size, view.size);
        const packet_extent part = measure_packet(bytes_view(b).first(m.below(view.size)));
        ASSERT_EQ(part.state, packet_extent::need_more);
        ASSERT_LE(part.size, view.size);
        ++parsed;
    }
    EXPECT_GT(parsed, 10000u);
}

TEST(Mutation, DescriptorsHoldNoMoreThanTheirItem)
{
    mutator m(5);
    std::vector<bytes> seeds;
    for (const test::vector_case &v : test::all_vectors())
        for (auto &[cnt, heap] : test::described_heaps(v))
            seeds.insert(seeds.end(), heap.descriptors.begin(), heap.descriptors.end());
    ASSERT_GE(seeds.size(), 50u);
    std::size_t decoded = 0;
    for (int i = 0; i < 20000; ++i)
    {
        bytes b = seeds[m.below(seeds.size())];
        for (std::size_t n = m.below(4); n > 0; --n)
            m.damage(b);
        std::vector<descriptor> found;
        decode_descriptors(b, static_cast<std::uint32_t>(m.below(8)), found);
        for (const descriptor &d : found)
        {
            ASSERT_NE(d.id, 0u);
            // Each field is a part of the payload or an immediate of at most 7 bytes.
            ASSERT_LE(d.name.size() + d.description.size() + d.numpy_header.size(), b.size());
            ASSERT_LE(d.shape.size() + d.format.size(), b.size());
        }
        decoded += found.size();
    }
    EXPECT_GT(decoded, 5000u);
}

TEST(Mutation, HeadersAreReadOrRefusedWithAReason)
{
    mutator m(7);
    std::vector<std::string> seeds{
        "{'descr': [('t', '<u8'), ('xy', '<f4', (2,)), ('', '|V3')], 'fortran_order': False, 'shape': (2,)}",
        "{'descr': [('a', [('b', '<u2'), ('c', '<M8[ns]')], (4,))], 'fortran_order': True, 'shape': (1, 2, 3)}"};
    std::size_t accepted = 0;
    for (int i = 0; i < 20000; ++i)
    {
        std::string text = seeds[m.below(seeds.size())];
        for (std::size_t n = m.below(3); n > 0; --n)
            text[m.below(text.size())] = "{}[]()'\",:0123456789<>|= uif\\xTF"[m.below(33)];
        std::string why;
        const auto parsed = parse_numpy_header(text, &why);
        ASSERT_EQ(parsed.has_value(), why.empty()) << text;
        if (!parsed)
            continue;
        ++accepted;
        ASSERT_GT(parsed->item_bytes, 0u);
        const auto again = parse_numpy_header(write_numpy_header(
            parsed->descr.front() == '[' ? parsed->descr : parsed->descr.substr(1, parsed->descr.size() - 2),
            parsed->fortran_order, parsed->shape));
        ASSERT_TRUE(again);
        ASSERT_EQ(again->item_bytes, parsed->item_bytes);
        ASSERT_EQ(again->shape, parsed->shape);
        ASSERT_EQ(swap_byte_order(*swap_byte_order(text)), text);
    }
    EXPECT_GT(accepted, 5000u);
}
