// SPDX-License-Identifier: BSD-3-Clause
/// All datagram vectors through the receiver: heaps, items, descriptors, counters.
#include <algorithm>

#include <gtest/gtest.h>

#include "receiving.h"
#include "support/vectors.h"

namespace heapwire::test
{
namespace
{

recv::options options_of(const vector_case &which)
{
    recv::options how;
    how.max_heaps = which.recv_config.max_heaps;
    how.substreams = which.recv_config.substreams;
    how.order = which.recv_config.allow_out_of_order ? ordering::any_order : ordering::in_order;
    how.allow_unsized_heaps = which.recv_config.allow_unsized_heaps;
    how.stop_on_stop_item = which.recv_config.stop_on_stop_item;
    how.bug_compat = which.recv_config.bug_compat;
    return how;
}

void expect_same_items(const heap &got, const vector_heap &want)
{
    ASSERT_EQ(got.items().size(), want.items.size());
    for (std::size_t i = 0; i < want.items.size(); ++i)
    {
        const item &found = got.items()[i];
        EXPECT_EQ(found.id, want.items[i].id);
        EXPECT_EQ(found.is_immediate, want.items[i].immediate);
        EXPECT_EQ(std::vector<std::byte>(found.bytes.begin(), found.bytes.end()), unhex(want.items[i].hex));
    }
}

void expect_same_descriptors(const heap &got, const vector_heap &want)
{
    const std::vector<wire::descriptor> found = got.descriptors();
    ASSERT_EQ(found.size(), want.descriptors.size());
    for (std::size_t i = 0; i < found.size(); ++i)
    {
        EXPECT_EQ(found[i].id, want.descriptors[i].id);
        EXPECT_EQ(found[i].name, want.descriptors[i].name);
        EXPECT_EQ(found[i].description, want.descriptors[i].description);
        EXPECT_EQ(found[i].numpy_header, want.descriptors[i].numpy_header);
        EXPECT_TRUE(std::equal(found[i].shape.begin(), found[i].shape.end(), want.descriptors[i].shape.begin(),
                               want.descriptors[i].shape.end()));
        EXPECT_EQ(found[i].format.size(), want.descriptors[i].format.size());
    }
}

// The incumbent reads addressed STREAM_CTRL items too, beyond its buffer if they are long. We look at immediates.
bool says_so_in_an_immediate(const vector_heap &want)
{
    return std::any_of(want.items.begin(), want.items.end(),
                       [](const vector_item &i) { return i.id == 6 && i.immediate; });
}

void expect_same_heap(const heap &got, const vector_heap &want)
{
    SCOPED_TRACE("heap " + std::to_string(want.cnt));
    EXPECT_EQ(got.cnt(), want.cnt);
    EXPECT_EQ(got.is_contiguous(), want.contiguous);
    EXPECT_EQ(got.flavour().heap_address_bits(), want.heap_address_bits);
    EXPECT_EQ(got.is_start_of_stream(), want.start_of_stream && says_so_in_an_immediate(want));
    EXPECT_EQ(got.is_end_of_stream(), want.end_of_stream && says_so_in_an_immediate(want));
    expect_same_items(got, want);
    expect_same_descriptors(got, want);
    if (want.contiguous)
        return;
    EXPECT_EQ(got.heap_length(), want.heap_length == absent ? -1 : static_cast<std::int64_t>(want.heap_length));
    EXPECT_EQ(got.received_length(), want.received_length);
    const auto ranges = got.payload_ranges();
    EXPECT_TRUE(std::equal(ranges.begin(), ranges.end(), want.payload_ranges.begin(), want.payload_ranges.end(),
                           [](byte_range a, vector_range b) { return a.first == b.begin && a.second == b.end; }));
}

void expect_same_stats(const recv::stats &got, const vector_stats &want)
{
    using recv::stat;
    // The incumbent does not look at packets after the stop; we count them, with their reason.
    EXPECT_EQ(got[stat::packets] - got[join::after_stop], want.packets);
    EXPECT_EQ(got[stat::heaps], want.heaps);
    EXPECT_EQ(got[stat::incomplete_heaps_evicted], want.incomplete_heaps_evicted);
    EXPECT_EQ(got[stat::incomplete_heaps_flushed], want.incomplete_heaps_flushed);
    EXPECT_EQ(got[stat::single_packet_heaps], want.single_packet_heaps);
}

class Vectors : public testing::TestWithParam<const vector_case *>
{
};

TEST_P(Vectors, ComeOutAsTheIndexSays)
{
    const vector_case &which = *GetParam();
    gathering_sink sink;
    recv::receiver r(options_of(which), sink);
    const auto fed = feed(r, load_datagrams(which));
    EXPECT_EQ(fed.used, which.packets.size());
    EXPECT_EQ(r.ended(), which.expect.stopped_by_stop_item && which.recv_config.stop_on_stop_item);
    EXPECT_EQ(r.finish(), recv::flow::ended);

    EXPECT_EQ(r.statistics().malformed(), which.expect.malformed_packets);
    ASSERT_EQ(sink.heaps.size(), which.expect.heaps.size());
    for (std::size_t i = 0; i < sink.heaps.size(); ++i)
        expect_same_heap(sink.heaps[i], which.expect.heaps[i]);
    if (which.reference_stats && !which.deviates)
        expect_same_stats(r.statistics(), *which.reference_stats);
}

std::vector<const vector_case *> datagram_vectors()
{
    std::vector<const vector_case *> out;
    for (const vector_case &which : all_vectors())
        if (which.transport == vector_transport::datagrams)
            out.push_back(&which);
    return out;
}

INSTANTIATE_TEST_SUITE_P(All, Vectors, testing::ValuesIn(datagram_vectors()),
                         [](const auto &named) { return std::string(named.param->name); });

TEST(Vectors, AreAllHere) { EXPECT_EQ(datagram_vectors().size(), 135U); }

} // namespace
} // namespace heapwire::test
