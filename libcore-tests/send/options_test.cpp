// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/send/options.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <stdexcept>
#include <string>

namespace heapwire::test
{
namespace
{

/// What validate() says of the options after the change; empty if nothing.
std::string complaint(const std::function<void(send::options &)> &change)
{
    send::options how;
    change(how);
    try
    {
        how.validate();
    }
    catch (const std::invalid_argument &error)
    {
        return error.what();
    }
    return {};
}

std::string exact_complaint(std::size_t max_packet_size, std::size_t payload_size)
{
    return complaint(
        [&](send::options &how)
        {
            how.packets = send::split::exact;
            how.max_packet_size = max_packet_size;
            how.payload_size = payload_size;
        });
}

TEST(SendOptions, DefaultsAreAllowed)
{
    EXPECT_EQ(complaint([](send::options &) {}), "");
}

TEST(SendOptions, EachBadFieldIsNamedWithItsValue)
{
    auto names = [](const std::string &text, const char *field) { return text.rfind(field, 0) == 0; };
    EXPECT_TRUE(names(complaint([](send::options &o) { o.max_packet_size = 55; }), "max_packet_size = 55"));
    EXPECT_TRUE(names(complaint([](send::options &o) { o.max_packet_size = ~std::size_t{0}; }), "max_packet_size"));
    EXPECT_TRUE(names(complaint([](send::options &o) { o.max_heaps = 0; }), "max_heaps = 0"));
    EXPECT_TRUE(names(complaint([](send::options &o) { o.rate = -1; }), "rate = -1"));
    EXPECT_TRUE(names(complaint([](send::options &o) { o.rate = std::numeric_limits<double>::infinity(); }), "rate"));
    EXPECT_TRUE(names(complaint([](send::options &o) { o.rate = std::nan(""); }), "rate"));
    EXPECT_TRUE(names(complaint([](send::options &o) { o.burst_rate_ratio = 0.99; }), "burst_rate_ratio"));
    EXPECT_TRUE(names(complaint([](send::options &o) { o.burst_rate_ratio = std::nan(""); }), "burst_rate_ratio"));
    EXPECT_TRUE(names(complaint([](send::options &o) { o.payload_size = 8; }), "payload_size = 8"));
}

TEST(SendOptions, ExactPayloadIsAMultipleOf8ThatLeavesRoomForAPointer)
{
    EXPECT_EQ(exact_complaint(1072, 1024), "");
    EXPECT_EQ(exact_complaint(1079, 1024), "");
    EXPECT_NE(exact_complaint(1071, 1024), "");
    EXPECT_NE(exact_complaint(1472, 0), "");
    EXPECT_NE(exact_complaint(1472, 1020), "");
    EXPECT_EQ(exact_complaint(56, 8), "");
}

} // namespace
} // namespace heapwire::test
