// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/wire/numpy_header.h"

#include <array>
#include <stdexcept>

#include <gtest/gtest.h>

using namespace heapwire::wire;

namespace
{

using shape = std::vector<std::uint64_t>;

std::string header(std::string_view descr, std::string_view dims = "()")
{
    return "{'descr': " + std::string(descr) + ", 'fortran_order': False, 'shape': " + std::string(dims) + "}";
}

std::uint64_t item_bytes(std::string_view descr)
{
    std::string why;
    const auto parsed = parse_numpy_header(header(descr), &why);
    EXPECT_TRUE(parsed) << descr << ": " << why;
    return parsed ? parsed->item_bytes : 0;
}

void expect_refused(std::string_view text, std::string_view reason = "")
{
    std::string why;
    EXPECT_FALSE(parse_numpy_header(text, &why)) << text;
    EXPECT_FALSE(why.empty()) << text;
    EXPECT_NE(why.find(reason), std::string::npos) << text << ": " << why;
    EXPECT_FALSE(parse_numpy_header(text)) << text;
}

std::string nested(int depth)
{
    std::string descr = "'<u2'";
    for (int i = 0; i < depth; ++i)
        descr = "[('a', " + descr + ")]";
    return descr;
}

} // namespace

TEST(NumpyHeader, ReadsWhatNumpyWrites)
{
    const auto parsed = parse_numpy_header("{'descr': '<u2', 'fortran_order': False, 'shape': (2, 3)}");
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->descr, "'<u2'");
    EXPECT_FALSE(parsed->fortran_order);
    EXPECT_EQ(parsed->shape, (shape{2, 3}));
    EXPECT_EQ(parsed->item_bytes, 2u);
}

TEST(NumpyHeader, TakesAnySpelling)
{
    for (const std::string_view text : {
             "{'descr': '>i4', 'fortran_order': True, 'shape': (2,), }   ",
             "{'shape': (2,), 'fortran_order': True, 'descr': '>i4'}",
             "{\"descr\": \">i4\", \"fortran_order\": True, \"shape\": (2,)}",
             "{u'descr':u'>i4','fortran_order':True,'shape':(2,)}",
             " \t{\n 'descr' : '>i4' ,\r\n 'fortran_order' : True , 'shape' : ( 2 , ) }",
             "{'descr': '>i4', 'fortran_order': True, 'shape': (2,)}\n",
         })
    {
        std::string why;
        const auto parsed = parse_numpy_header(text, &why);
        ASSERT_TRUE(parsed) << text << ": " << why;
        EXPECT_TRUE(parsed->fortran_order);
        EXPECT_EQ(parsed->shape, shape{2});
        EXPECT_EQ(parsed->item_bytes, 4u);
    }
    EXPECT_EQ(parse_numpy_header(header("'<u2'", "(1,2,3,)"))->shape, (shape{1, 2, 3}));
}

TEST(NumpyHeader, KnowsTheSizesOfTypes)
{
    EXPECT_EQ(item_bytes("'|b1'"), 1u);
    EXPECT_EQ(item_bytes("'b1'"), 1u);
    EXPECT_EQ(item_bytes("'|?'"), 1u);
    EXPECT_EQ(item_bytes("'|i1'"), 1u);
    EXPECT_EQ(item_bytes("'=u8'"), 8u);
    EXPECT_EQ(item_bytes("'<f2'"), 2u);
    EXPECT_EQ(item_bytes("'<f16'"), 16u);
    EXPECT_EQ(item_bytes("'>c8'"), 8u);
    EXPECT_EQ(item_bytes("'<c32'"), 32u);
    EXPECT_EQ(item_bytes("'|S5'"), 5u);
    EXPECT_EQ(item_bytes("'<U3'"), 12u);
    EXPECT_EQ(item_bytes("'|V17'"), 17u);
    EXPECT_EQ(item_bytes("'<M8[ns]'"), 8u);
    EXPECT_EQ(item_bytes("'<m8[25s]'"), 8u);
    EXPECT_EQ(item_bytes("'<M8'"), 8u);
}

TEST(NumpyHeader, AddsUpRecords)
{
    EXPECT_EQ(item_bytes("[('t', '<u8'), ('xy', '<f4', (2,)), ('flag', '|u1')]"), 17u);
    EXPECT_EQ(item_bytes("[('a', '|u1'), ('', '|V3'), ('b', '<u4'), ('', '|V8')]"), 16u);
    EXPECT_EQ(item_bytes("[('a', [('b', '<u2'), ('c', '<f8', (2, 3))], (4,)), ('d', '|S3',),]"), 4u * 50 + 3);
    EXPECT_EQ(item_bytes("[('n', '<i2', 5)]"), 10u);
    EXPECT_EQ(item_bytes("[(('title', 'name'), '<i2')]"), 2u);
    EXPECT_EQ(item_bytes("[('a', '<i2', (0,)), ('b', '<i2', ())]"), 2u);
    EXPECT_EQ(item_bytes(R"([('it\'s', '<i2'), ("\x41\\", '<i2')])"), 4u);
}

TEST(NumpyHeader, KeepsTheTextOfDescr)
{
    const std::string descr = "[ ('a', '<u2'), (\"b\", u'<f4' , (3,)) ]";
    EXPECT_EQ(parse_numpy_header(header(descr + "  "))->descr, descr);
}

TEST(NumpyHeader, AnEmptyAxisIsAllowed)
{
    const auto parsed = parse_numpy_header(header("'<f4'", "(3, 0)"));
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->shape, (shape{3, 0}));
}

TEST(NumpyHeader, RefusesOtherDictionaries)
{
    for (const std::string_view text :
         {"", "{", "{}", "{'descr': '<u2'}", "['descr']", "{'descr': '<u2', 'fortran_order': False}",
          "{'descr': '<u2', 'fortran_order': False, 'shape': (), 'more': 1}",
          "{'descr': '<u2', 'descr': '<u2', 'fortran_order': False, 'shape': ()}",
          "{'descr': '<u2', 'fortran_order': False, 'shape': ()} x",
          "{'descr': '<u2', 'fortran_order': False, 'shape': ()",
          "{'descr': '<u2' 'fortran_order': False, 'shape': ()}",
          "{'descr': '<u2',, 'fortran_order': False, 'shape': ()}", "{'descr': '<u2', 'fortran_order': 0, 'shape': ()}",
          "{'descr': '<u2', 'fortran_order': None, 'shape': ()}",
          "{'descr': '<u2', 'fortran_order': Falsehood, 'shape': ()}",
          "dict(descr='<u2', fortran_order=False, shape=())"})
        expect_refused(text);
}

TEST(NumpyHeader, RefusesOtherShapes)
{
    for (const std::string_view dims :
         {"2", "(2)", "[2]", "(2", "(,)", "(2,,)", "(2 3)", "(-1,)", "(True,)", "(2L,)", "(2.0,)", "(0x2,)", "(1_0,)",
          "(02,)", "('2',)", "(None,)", "(9223372036854775808,)", "(99999999999999999999999999,)", "((2,),)"})
        expect_refused(header("'<u2'", dims));
}

TEST(NumpyHeader, RefusesOtherTypes)
{
    for (const std::string_view descr : {"None",
                                         "''",
                                         "'<'",
                                         "'u'",
                                         "'u3'",
                                         "'i16'",
                                         "'f1'",
                                         "'f12'",
                                         "'c4'",
                                         "'b2'",
                                         "'x4'",
                                         "'u1,u2'",
                                         "'u2 '",
                                         "'<<u2'",
                                         "'M4[ns]'",
                                         "'M8[ns'",
                                         "'M8[]'",
                                         "'M8[xs]'",
                                         "'i4[ns]'",
                                         "'float64'",
                                         "'U1000000000000000'",
                                         "4",
                                         "('<u2', (2,))",
                                         "['<u2']",
                                         "[('a')]",
                                         "[('a',)]",
                                         "[('a', '<u2', (2,), 3)]",
                                         "[(1, '<u2')]",
                                         "[('a', '<u2', 'x')]",
                                         "[('a' '<u2')]",
                                         "b'<u2'",
                                         "'<u2",
                                         "'<u\x01'",
                                         "'\\x3cu2'"})
        expect_refused(header(descr));
    expect_refused(header("[('a', '<u2'), ('a', '<u4')]"), "one name");
    expect_refused(header("'|O'"), "Python objects");
    expect_refused(header("'|O8'"), "Python objects");
    expect_refused(header("[('a', [('b', '|O')])]"), "Python objects");
}

TEST(NumpyHeader, RefusesElementsWithoutSize)
{
    for (const std::string_view descr :
         {"'|S0'", "'<U0'", "'|V0'", "[]", "[('a', '<u2', (0,))]", "[('a', '<u2', 0)]", "[('a', [])]"})
        expect_refused(header(descr), "no size");
}

TEST(NumpyHeader, RefusesBytesThatAreNotAscii)
{
    expect_refused(header("[('\xc3\xa9', '<u2')]"), "ASCII");
    expect_refused("{'descr': '<u2', 'fortran_order': False, 'shape': ()\xff}");
    expect_refused(header("[('a\\u1234', '<u2')]"), "escape");
}

TEST(NumpyHeader, NestsAsDeepAsTheLimit)
{
    EXPECT_EQ(item_bytes(nested(32)), 2u);
    expect_refused(header(nested(33)), "nested too deeply");
    expect_refused(header(std::string(30000, '[')));
    expect_refused(header("'<u2'", std::string(2000, '(')));
}

TEST(NumpyHeader, CountsFieldsAndDimensions)
{
    std::string many = "[";
    for (int i = 0; i < 4096; ++i)
        many += "('','V1'),";
    EXPECT_EQ(item_bytes(many + "]"), 4096u);
    expect_refused(header(many + "('','V1')]"), "too many fields");

    std::string dims = "(";
    for (int i = 0; i < 64; ++i)
        dims += "1,";
    EXPECT_TRUE(parse_numpy_header(header("'<u2'", dims + ")")));
    expect_refused(header("'<u2'", dims + "1)"), "too many dimensions");
    expect_refused(header("'<u2'") + std::string(65536, ' '), "64 KiB");
}

TEST(NumpyHeader, RefusesProductsOf2To63)
{
    EXPECT_TRUE(parse_numpy_header(header("'|u1'", "(9223372036854775807,)")));
    expect_refused(header("'<u2'", "(9223372036854775807,)"), "2^63");
    expect_refused(header("'|u1'", "(4294967296, 2147483648)"), "2^63");
    expect_refused(header("'|u1'", "(0, 4294967296, 2147483648)"), "2^63");
    expect_refused(header("[('a', '<u2', (9223372036854775807,))]"), "2^63");
    expect_refused(header("[('a', 'u1', (9223372036854775807,)), ('b', 'u1', (9223372036854775807,))]"), "2^63");
}

TEST(NumpyHeaderWriter, WritesTheReprOfADictionary)
{
    EXPECT_EQ(write_numpy_header(">i4", false, {}), "{'descr': '>i4', 'fortran_order': False, 'shape': ()}");
    EXPECT_EQ(write_numpy_header("<u2", true, std::array<std::uint64_t, 1>{2}),
              "{'descr': '<u2', 'fortran_order': True, 'shape': (2,)}");
    EXPECT_EQ(write_numpy_header("[('t', '<u8')]", false, std::array<std::uint64_t, 2>{2, 0}),
              "{'descr': [('t', '<u8')], 'fortran_order': False, 'shape': (2, 0)}");
}

TEST(NumpyHeaderWriter, RefusesWhatNobodyCouldRead)
{
    EXPECT_THROW(static_cast<void>(write_numpy_header("u3", false, {})), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(write_numpy_header("", false, {})), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(write_numpy_header("u2', 'x': '", false, {})), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(write_numpy_header("<u2", false, std::array{~std::uint64_t{0}})),
                 std::invalid_argument);
}

TEST(NumpyDescr, NamesTheTypesOfThisMachine)
{
    const std::string order = std::endian::native == std::endian::little ? "<" : ">";
    EXPECT_EQ(numpy_descr<bool>(), "|b1");
    EXPECT_EQ(numpy_descr<std::uint8_t>(), "|u1");
    EXPECT_EQ(numpy_descr<std::int16_t>(), order + "i2");
    EXPECT_EQ(numpy_descr<std::uint64_t>(), order + "u8");
    EXPECT_EQ(numpy_descr<float>(), order + "f4");
    EXPECT_EQ(numpy_descr<double>(), order + "f8");
    EXPECT_EQ(numpy_descr<std::complex<float>>(), order + "c8");
    EXPECT_EQ(numpy_descr<std::complex<double>>(), order + "c16");
}

TEST(SwapByteOrder, ExchangesOrdersInTypeStringsOnly)
{
    EXPECT_EQ(swap_byte_order(header("'<u2'")), header("'>u2'"));
    EXPECT_EQ(swap_byte_order(header("'|u1'")), header("'|u1'"));
    EXPECT_EQ(swap_byte_order(header("[('<u4', '<u4'), (\"b\", u'>f8', (2,)), ('c', [('d', '=i2'), ('e', '<i2')])]")),
              header("[('<u4', '>u4'), (\"b\", u'<f8', (2,)), ('c', [('d', '=i2'), ('e', '>i2')])]"));
    EXPECT_FALSE(swap_byte_order("nonsense"));
}
