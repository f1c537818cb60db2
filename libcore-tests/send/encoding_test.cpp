// SPDX-License-Identifier: BSD-3-Clause
// The bytes of the incumbent: every vector that it made and whose heap can be said in C++ is made again by split::full.
// The recipes are those of the vectors' produced_by.
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <string>

#include "send/sending.h"
#include "support/vectors.h"

namespace heapwire::test
{
namespace
{

using recipe = std::function<datagrams()>;
using recipes = std::map<std::string, recipe, std::less<>>;

datagrams operator+(datagrams left, const datagrams &right)
{
    left.insert(left.end(), right.begin(), right.end());
    return left;
}

test_heap one_item(bytes value, wire::flavour f = {})
{
    test_heap made(f);
    made.add(0x1000, std::move(value));
    return made;
}

datagrams two_items(int address_bits, std::uint64_t second_id = 0x1233)
{
    test_heap h{wire::flavour(address_bits)};
    h.add(second_id + 1, counting(20)).add(second_id, to_bytes({0x2a}), true);
    return cut(h.heap, 7);
}

datagrams control(int address_bits, bool start, std::uint64_t cnt = 1)
{
    outgoing_heap heap{wire::flavour(address_bits)};
    start ? heap.add_start() : heap.add_end();
    return cut(heap, cnt);
}

datagrams single(std::uint64_t id, bytes value, bool allow_immediate = false, std::size_t size = 1472,
                 std::uint64_t cnt = 1)
{
    test_heap h;
    h.add(id, std::move(value), allow_immediate);
    return cut(h.heap, cnt, size);
}

void add_splits(recipes &all)
{
    all["split_min_56"] = [] { return single(0x1000, counting(20), false, 56); };
    all["split_round_down_1475"] = [] { return single(0x1000, counting(3000), false, 1475); };
    all["split_jumbo_9172"] = [] { return single(0x1000, counting(20000, 7), false, 9172, 3); };
    all["split_exact_fit"] = [] { return single(0x1000, counting(16), false, 64); };
    all["split_one_over"] = [] { return single(0x1000, counting(17), false, 64); };
    all["split_default_1472"] = []
    {
        bytes value;
        for (int i = 0; i < 4000; ++i)
            value.push_back(static_cast<std::byte>(i % 251));
        return single(0x1000, value);
    };
    all["split_item_straddles_packets"] = []
    {
        test_heap h;
        h.add(0x1000, filled(13, 'A')).add(0x1001, filled(30, 'B')).add(0x1002, filled(5, 'C'));
        return cut(h.heap, 1, 72);
    };
    all["split_pointers_spill"] = []
    {
        test_heap h;
        for (int i = 0; i < 9; ++i)
            h.add(0x1000 + static_cast<std::uint64_t>(i), filled(10, i));
        return cut(h.heap, 1, 80);
    };
}

void add_immediates(recipes &all)
{
    all["imm_exact_5_bytes"] = [] { return single(0x1003, to_bytes({0xff, 0xfe, 0xfd, 0xfc, 0xfb}), true); };
    all["imm_6_bytes_addressed"] = [] { return single(0x1003, to_bytes({0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0xfa}), true); };
    all["imm_many_spill"] = []
    {
        test_heap h;
        for (int i = 0; i < 5; ++i)
            h.add(0x1000 + static_cast<std::uint64_t>(i), filled(2, i), true);
        return cut(h.heap, 1, 64);
    };
    all["null_empty_heap"] = [] { return cut(outgoing_heap(), 1); };
    all["null_after_immediate"] = [] { return single(0x1000, to_bytes({9}), true, 56); };
    all["null_zero_length_addressed"] = [] { return single(0x1000, {}); };
    all["null_pad_boundary"] = []
    {
        test_heap h;
        h.add(0x1000, to_bytes({1}), true).add(0x1001, to_bytes({2}), true);
        return cut(h.heap, 1, 64);
    };
    all["repeat_pointers"] = []
    {
        test_heap h;
        h.add(0x1600, to_bytes({0, 0x07, 0x5b, 0xcd, 0x15}), true).add(0x1601, to_bytes({0, 0, 0, 0, 3}), true);
        h.add(0x1700, counting(100));
        h.heap.repeat_pointers(true);
        return cut(h.heap, 9, 104);
    };
}

void add_controls(recipes &all)
{
    for (int bits : {8, 16, 24, 32, 40, 48})
        all[(bits == 8 ? "flavour_64_0" : "flavour_64_") + std::to_string(bits)] = [bits] { return two_items(bits); };
    all["flavour_64_56"] = [] { return two_items(56, 0x7e); };
    all["ctrl_start"] = [] { return control(40, true); };
    for (int bits : {40, 48, 56})
        all["ctrl_stop_64_" + std::to_string(bits)] = [bits] { return control(bits, false); };
    for (const char *name : {"ctrl_data_stop_data", "ctrl_data_stop_data_ignored"})
        all[name] = [] {
            return cut(one_item(to_bytes("one")).heap, 1) + control(40, false, 2) +
                   cut(one_item(to_bytes("two")).heap, 3);
        };
    all["ctrl_stop_with_data"] = []
    {
        test_heap h = one_item(to_bytes("precious"));
        h.heap.add_end();
        return cut(h.heap, 1);
    };
    all["ctrl_stop_flushes_partial"] = []
    {
        datagrams first = cut(one_item(counting(32)).heap, 1, 64);
        first.resize(1);
        return first + control(40, false, 2);
    };
}

void add_receiver_scenes(recipes &all)
{
    for (const char *name : {"recv_substreams_interleaved", "recv_no_substreams_interleaved"})
        all[name] = []
        {
            datagrams p[4];
            for (int i = 0; i < 4; ++i)
                p[i] = cut(one_item(filled(48, i)).heap, 100 + static_cast<std::uint64_t>(i), 64);
            return datagrams{p[0][0], p[1][0], p[0][1], p[1][1], p[0][2], p[1][2],
                             p[2][0], p[3][0], p[2][1], p[3][1], p[2][2], p[3][2]};
        };
    all["evict_max_heaps_2"] = []
    {
        auto packet = [](std::uint64_t cnt, std::size_t n) { return cut(one_item(counting(32)).heap, cnt, 64)[n]; };
        return datagrams{packet(10, 0), packet(5, 0), packet(20, 0), packet(1, 0), packet(20, 1)};
    };
    all["evict_by_completed_heaps"] = []
    {
        datagrams big = cut(one_item(counting(32)).heap, 1, 64);
        auto one = [](std::uint64_t cnt) { return cut(one_item(to_bytes("12345678")).heap, cnt, 64)[0]; };
        return datagrams{big[0], one(2), one(3), big[1]};
    };
}

send::options queue_of_8(std::size_t max_packet_size = 1472)
{
    send::options how;
    how.max_packet_size = max_packet_size;
    how.packets = send::split::full;
    how.max_heaps = 8;
    return how;
}

struct numbered_heap
{
    bytes value;
    std::int64_t cnt = -1;
    int address_bits = 40;
};

datagrams through_a_sender(std::uint64_t next_cnt, std::uint64_t step, const std::vector<numbered_heap> &values)
{
    send::sender s(queue_of_8(), 1);
    s.set_cnt_sequence(next_cnt, step);
    std::deque<test_heap> heaps;
    for (const numbered_heap &value : values)
    {
        heaps.push_back(one_item(value.value, wire::flavour(value.address_bits)));
        send::heap_reference reference{.heap = &heaps.back().heap, .cnt = value.cnt};
        EXPECT_FALSE(s.push({&reference, 1}, send::group_mode::serial, {}));
    }
    return drain(s);
}

/// Heaps of these sizes as one group, heap i to substream i modulo `substreams`; the packets of one of them.
datagrams group(const std::vector<std::size_t> &sizes, send::group_mode mode, std::int64_t first_cnt,
                std::size_t substreams, std::size_t wanted)
{
    send::sender s(queue_of_8(64), substreams);
    std::deque<test_heap> heaps;
    std::vector<send::heap_reference> references;
    for (std::size_t i = 0; i < sizes.size(); ++i)
    {
        heaps.push_back(one_item(filled(sizes[i], static_cast<int>(i))));
        references.push_back(
            {.heap = &heaps.back().heap, .cnt = first_cnt + static_cast<std::int64_t>(i), .substream = i % substreams});
    }
    EXPECT_FALSE(s.push(references, mode, {}));
    datagrams out;
    for (;;)
    {
        send::next_step step = s.next(at_ns(0));
        if (step.what == send::next_step::idle)
            return out;
        for (const send::packet &packet : step.packets)
            if (packet.substream == wanted)
                out.push_back(flatten(packet));
        s.written(step.packets.size(), {}, at_ns(0));
    }
}

void add_streams(recipes &all)
{
    std::vector<numbered_heap> four;
    for (int i = 0; i < 4; ++i)
        four.push_back({filled(8, i)});
    all["cnt_sequence"] = [four] { return through_a_sender(5, 7, four); };
    all["cnt_wrap_64_40"] = [four] { return through_a_sender((std::uint64_t{1} << 40) - 2, 1, four); };
    all["cnt_wrap_mixed_flavours"] = []
    {
        return through_a_sender((std::uint64_t{1} << 40) + 3, 1,
                                {{filled(8, 0), -1, 40}, {filled(8, 1), -1, 48}, {filled(8, 2), -1, 40}});
    };
    all["cnt_explicit"] = [] {
        return through_a_sender(1, 1,
                                {{to_bytes("auto 1  ")}, {to_bytes("explicit"), 0x12345}, {to_bytes("auto 2  ")}});
    };
    all["group_round_robin"] = [] { return group({40, 16, 56}, send::group_mode::round_robin, 10, 1, 0); };
    all["group_serial"] = [] { return group({40, 16, 56}, send::group_mode::serial, 10, 1, 0); };
    for (std::size_t substream : {0, 1})
        all["send_substream_" + std::to_string(substream)] = [substream] {
            return group({40, 16, 56, 16}, send::group_mode::round_robin, 20, 2, substream);
        };
}

const recipes &table()
{
    static const recipes all = []
    {
        recipes made;
        add_splits(made);
        add_immediates(made);
        add_controls(made);
        add_receiver_scenes(made);
        add_streams(made);
        return made;
    }();
    return all;
}

TEST(Encoding, IsTheIncumbentsByteForByte)
{
    for (const auto &[name, make] : table())
    {
        SCOPED_TRACE(name);
        const vector_case &wanted = vector_named(name);
        EXPECT_EQ(wanted.origin, "wheel");
        EXPECT_EQ(make(), load_datagrams(wanted));
    }
}

} // namespace
} // namespace heapwire::test
