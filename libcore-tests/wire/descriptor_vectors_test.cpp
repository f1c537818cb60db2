// SPDX-License-Identifier: BSD-3-Clause
/// The descriptors of the conformance vectors, read and written again.
#include <gtest/gtest.h>

#include "heapwire/wire/descriptor.h"
#include "wire/descriptor_items.h"

using namespace heapwire;
using namespace heapwire::wire;

namespace
{

descriptor from_table(const test::vector_descriptor &row)
{
    descriptor d{
        row.id, std::string(row.name),        std::string(row.description), {row.shape.begin(), row.shape.end()},
        {},     std::string(row.numpy_header)};
    for (const test::vector_field &field : row.format)
        d.format.push_back({field.type, field.bits});
    return d;
}

} // namespace

TEST(DescriptorVectors, AreReadAsTheIndexSays)
{
    std::size_t compared = 0;
    for (const test::vector_case &v : test::all_vectors())
    {
        const auto heaps = test::described_heaps(v);
        for (const test::vector_heap &expected : v.expect.heaps)
        {
            if (!heaps.contains(expected.cnt) || !expected.contiguous)
                continue;
            std::vector<descriptor> found;
            for (const auto &item : heaps.at(expected.cnt).descriptors)
                decode_descriptors(item, v.recv_config.bug_compat, found);
            ASSERT_EQ(found.size(), expected.descriptors.size()) << v;
            for (std::size_t i = 0; i < found.size(); ++i, ++compared)
                EXPECT_EQ(found[i], from_table(expected.descriptors[i])) << v << ": " << found[i].name;
        }
    }
    EXPECT_GE(compared, 58u);
}

TEST(DescriptorVectors, AreWrittenAgainByteForByte)
{
    std::size_t compared = 0;
    for (const test::vector_case &v : test::all_vectors())
    {
        // Read without the flags it was written with, the mismatch vector loses bytes; it has a twin with them.
        if (v.origin != "wheel" || v.name == "bug_mismatch_sender7_receiver0")
            continue;
        for (const auto &[cnt, heap] : test::described_heaps(v))
            for (const auto &item : heap.descriptors)
            {
                std::vector<descriptor> found;
                decode_descriptors(item, v.recv_config.bug_compat, found);
                ASSERT_EQ(found.size(), 1u) << v;
                const flavour f(heap.heap_address_bits, v.recv_config.bug_compat);
                EXPECT_EQ(encode_descriptor(found[0], f), item) << v << ": " << found[0].name;
                ++compared;
            }
    }
    EXPECT_GE(compared, 50u);
}

TEST(DescriptorVectors, HeadersOfOtherSendersAreAcceptable)
{
    std::size_t headers = 0;
    for (const test::vector_case &v : test::all_vectors())
        for (const test::vector_heap &heap : v.expect.heaps)
            for (const test::vector_descriptor &d : heap.descriptors)
            {
                if (d.numpy_header.empty())
                    continue;
                std::string why;
                EXPECT_TRUE(parse_numpy_header(d.numpy_header, &why)) << d.numpy_header << ": " << why;
                ++headers;
            }
    EXPECT_GE(headers, 20u);
}
