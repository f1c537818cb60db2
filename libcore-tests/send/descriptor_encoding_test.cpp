// SPDX-License-Identifier: BSD-3-Clause
// The incumbent's heaps with descriptors, made again. In each the descriptor of an item stands before its value. Values
// are given as the bytes that the recipe's numbers have; numpy headers as the text that numpy writes.
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "send/sending.h"
#include "support/vectors.h"

namespace heapwire::test
{
namespace
{

using shape = std::vector<std::optional<std::uint64_t>>;
using format = std::vector<wire::format_field>;
constexpr std::nullopt_t any = std::nullopt;

/// An item with its description: by shape and format, or by numpy header and (sent as well) shape.
struct described
{
    wire::descriptor what;
    std::optional<std::string> hex; ///< no value: the descriptor only
    bool may_be_immediate = false;  ///< of fixed size and whole bytes
};

described by_format(std::uint64_t id, std::string name, std::string description, shape s, format f,
                    std::optional<std::string> hex, bool may_be_immediate = false)
{
    return {{.id = id,
             .name = std::move(name),
             .description = std::move(description),
             .shape = std::move(s),
             .format = std::move(f),
             .numpy_header = {}},
            std::move(hex),
            may_be_immediate};
}

std::string shape_text(const shape &s)
{
    std::string text = "(";
    for (std::size_t i = 0; i < s.size(); ++i)
        text += (i ? ", " : "") + std::to_string(*s[i]);
    return text + (s.size() == 1 ? ",)" : ")");
}

described by_numpy(std::uint64_t id, std::string name, std::string description, shape s, const std::string &descr,
                   std::optional<std::string> hex, const char *fortran = "False")
{
    std::string header = "{'descr': " + descr + ", 'fortran_order': " + fortran + ", 'shape': " + shape_text(s) + "}";
    return {{.id = id,
             .name = std::move(name),
             .description = std::move(description),
             .shape = std::move(s),
             .format = {},
             .numpy_header = std::move(header)},
            std::move(hex),
            true};
}

datagrams make(const std::vector<described> &items, wire::flavour f = {}, std::uint64_t cnt = 1,
               std::size_t max_packet_size = 1472)
{
    test_heap h(f);
    for (const described &item : items)
    {
        if (!item.what.name.empty())
            h.heap.add_descriptor(item.what);
        if (item.hex)
            h.add(item.what.id, unhex(*item.hex), item.may_be_immediate);
    }
    return cut(h.heap, cnt, max_packet_size);
}

void expect_vector(std::string_view name, const datagrams &made)
{
    SCOPED_TRACE(name);
    EXPECT_EQ(vector_named(name).origin, "wheel");
    EXPECT_EQ(made, load_datagrams(vector_named(name)));
}

TEST(DescriptorEncoding, ImmediateItems)
{
    format u40{{'u', 40}};
    format u48{{'u', 48}};
    auto timestamp = [](format f, const char *hex)
    { return by_format(0x1600, "timestamp", "sample count", {}, std::move(f), hex, true); };
    expect_vector("imm_u40", make({timestamp(u40, "123456789a")}));
    expect_vector("imm_u48_in_64_48", make({timestamp(u48, "123456789abc")}, wire::flavour(48)));
    expect_vector("imm_u48_too_big_for_64_40", make({timestamp(u48, "123456789abc")}));
    expect_vector("imm_signed", make({by_format(0x1001, "neg16", "", {}, {{'i', 16}}, "fffe", true),
                                      by_format(0x1002, "neg40", "", {}, {{'i', 40}}, "fffffffffd", true),
                                      by_format(0x1003, "pos8", "", {}, {{'i', 8}}, "64", true)}));
    expect_vector("imm_small_array", make({by_numpy(0x1003, "rgb", "", {3}, "'|u1'", "010203")}));
    expect_vector("imm_not_allowed_variable", make({by_format(0x1003, "text", "", {any}, {{'c', 8}}, "616263")}));
    expect_vector("imm_not_allowed_12bit", make({by_format(0x1003, "bits", "", {}, {{'u', 12}}, "abc0")}));
    expect_vector("imm_little_endian_numpy", make({by_numpy(0x1003, "le", "", {}, "'<u4'", "44332211")}));
    expect_vector("null_zero_length_string", make({by_format(0x1000, "text", "", {any}, {{'c', 8}}, ""),
                                                   by_format(0x1001, "tail", "", {any}, {{'c', 8}}, "78797a")}));
}

TEST(DescriptorEncoding, NumpyHeaders)
{
    expect_vector("desc_numpy_types",
                  make({by_numpy(0x1000, "u2", "little-endian matrix", {2, 3}, "'<u2'", "000001000200030004000500"),
                        by_numpy(0x1001, "f4be", "big-endian vector", {4}, "'>f4'", "3fc00000c000000000000000501502f9"),
                        by_numpy(0x1002, "c8", "complex", {2}, "'<c8'", "0000803f0000004000000080000060c0"),
                        by_numpy(0x1003, "flags", "boolean", {9}, "'|b1'", "010001000100010001"),
                        by_numpy(0x1004, "tag", "fixed bytes", {2}, "'|S5'", "61626300006465666768"),
                        by_numpy(0x1005, "f8", "scalar double", {}, "'<f8'", "9a9999999999b9bf")}));
    expect_vector("desc_numpy_structured",
                  make({by_numpy(0x1000, "rec", "records", {2}, "[('t', '<u8'), ('xy', '<f4', (2,)), ('flag', '|u1')]",
                                 "010000000000000000000040000040400405000000000000000000c0400000e04008")}));
    expect_vector("desc_numpy_fortran",
                  make({by_numpy(0x1000, "f", "column major", {2, 3}, "'<i2'", "000003000100040002000500", "True")}));
    expect_vector("desc_numpy_scalar", make({by_numpy(0x1000, "s", "zero-dimensional", {}, "'>i4'", "fffffffb")}));
    expect_vector("desc_numpy_zero_axis", make({by_numpy(0x1001, "z", "empty axis", {3, 0}, "'<f4'", "")}));
}

TEST(DescriptorEncoding, Formats)
{
    expect_vector("desc_format_basic",
                  make({by_format(0x1000, "u8", "", {3}, {{'u', 8}}, "0102ff", true),
                        by_format(0x1001, "i32", "", {2, 2}, {{'i', 32}}, "00000001ffffffff0000000280000000", true),
                        by_format(0x1002, "f64", "", {2}, {{'f', 64}}, "3fe0000000000000fe37e43c8800759c", true),
                        by_format(0x1003, "b8", "", {3}, {{'b', 8}}, "010001", true),
                        by_format(0x1004, "text", "fixed string", {5}, {{'c', 8}}, "68656c6c6f", true)}));
    expect_vector("desc_format_multi_field", make({by_format(0x1000, "mix", "two fields", {2}, {{'u', 8}, {'f', 32}},
                                                             "014020000003c0900000", true)}));
    expect_vector("desc_format_bitpacked",
                  make({by_format(0x1000, "u12", "12-bit vector", {5}, {{'u', 12}}, "123456789abcdef0"),
                        by_format(0x1001, "i5", "5-bit signed", {3}, {{'i', 5}}, "83fe"),
                        by_format(0x1002, "bits", "flags", {10}, {{'b', 1}}, "b2c0"),
                        by_format(0x1003, "mixbits", "", {}, {{'u', 3}, {'i', 5}, {'b', 1}, {'c', 8}}, "b9a080")}));
    expect_vector("desc_variable_shape",
                  make({by_format(0x1000, "v1", "variable vector", {any}, {{'u', 16}}, "000100020003"),
                        by_format(0x1001, "v2", "variable rows", {any, 2}, {{'u', 8}}, "010203040506"),
                        by_format(0x1002, "v3", "variable columns", {2, any}, {{'u', 8}}, "0102030405060708")}));
}

TEST(DescriptorEncoding, WithoutValuesSplitAndReplaced)
{
    expect_vector("desc_only", make({by_numpy(0x1000, "a", "no value yet", {4}, "'<u4'", {}),
                                     by_format(0x1001, "b", "none either", {any}, {{'c', 8}}, {})}));
    expect_vector("desc_split_across_packets", make({by_numpy(0x1000, "long_name_for_an_item", std::string(100, 'd'),
                                                              {2, 3}, "'<u2'", "000001000200030004000500")},
                                                    {}, 1, 128));
    datagrams both = make({by_numpy(0x1000, "x", "first", {2}, "'<u2'", "01000200")});
    for (bytes &packet : make({by_numpy(0x1000, "x", "second", {3}, "'<u4'", "030000000400000005000000")}, {}, 2))
        both.push_back(std::move(packet));
    expect_vector("desc_replacement", both);
}

TEST(DescriptorEncoding, OtherFlavours)
{
    auto make_for = [](std::uint64_t id, int bits)
    {
        return make({by_format(id, "fmt", "format+shape widths", {3, any}, {{'u', 8}, {'i', 16}}, "010002030004050006"),
                     by_numpy(id + 1, "np", "numpy", {2}, "'<u4'", "0700000008000000")},
                    wire::flavour(bits));
    };
    expect_vector("desc_64_48", make_for(0x1000, 48));
    expect_vector("desc_64_56", make_for(0x60, 56));
}

TEST(DescriptorEncoding, OldBugs)
{
    // The byte order in a header's text is the text's author's business, so its inversion is spelt out here.
    auto make_for = [](int bits, std::uint32_t bugs)
    {
        const char *descr = bugs & wire::swap_endian ? "'>u2'" : "'<u2'";
        return make({by_format(0x1000, "fmt", "", {2, any}, {{'u', 16}}, "0001000200030004"),
                     by_numpy(0x1001, "np", "", {2}, descr, "02010403")},
                    wire::flavour(bits, bugs));
    };
    expect_vector("bug_widths_64_48", make_for(48, wire::descriptor_widths));
    expect_vector("bug_widths_64_40", make_for(40, wire::descriptor_widths));
    expect_vector("bug_shape_bit_64_40", make_for(40, wire::shape_bit_1));
    expect_vector("bug_swap_endian_64_40", make_for(40, wire::swap_endian));
    expect_vector("bug_all_64_40", make_for(40, wire::pyspead_0_5_2));
    expect_vector("bug_all_64_48", make_for(48, wire::pyspead_0_5_2));
    expect_vector("bug_mismatch_sender7_receiver0", make_for(48, wire::pyspead_0_5_2));
}

} // namespace
} // namespace heapwire::test
