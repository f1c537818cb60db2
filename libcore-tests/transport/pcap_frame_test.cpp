// SPDX-License-Identifier: BSD-3-Clause
#include <gtest/gtest.h>
#include <random>

#include "heapwire/transport/pcap_frame.h"
#include "support/vectors.h"

namespace heapwire::test
{
namespace
{

using bytes = std::vector<std::byte>;
using transport::decode_frame;
using transport::frame;
using transport::frame_kind;

bytes operator+(bytes a, const bytes &b)
{
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

bytes be16(std::size_t v)
{
    bytes b(2);
    store_be(b.data(), static_cast<std::uint16_t>(v));
    return b;
}

const bytes payload = unhex("0102030405");

bytes udp(const bytes &p, std::size_t length = 0)
{
    return unhex("12345678") + be16(length ? length : 8 + p.size()) + unhex("0000") + p;
}

bytes ipv4(const bytes &inner, std::size_t options = 0, std::size_t flags = 0x4000, const char *protocol = "11")
{
    bytes b{static_cast<std::byte>(0x45 + options)};
    return b + unhex("00") + be16(20 + 4 * options + inner.size()) + unhex("0000") + be16(flags) + unhex("40") +
           unhex(protocol) + unhex("00007f0000017f000002") + bytes(4 * options, std::byte{1}) + inner;
}

bytes ipv6(const bytes &inner, const char *next = "11")
{
    return unhex("60000000") + be16(inner.size()) + unhex(next) + unhex("40") + bytes(15) + unhex("01") + bytes(15) +
           unhex("02") + inner;
}

bytes ethernet(const bytes &inner, const char *type = "0800") { return bytes(12, std::byte{2}) + unhex(type) + inner; }

/// Kind and payload, whole frame captured.
void expect(frame_kind kind, int link, const bytes &b)
{
    bytes exact(b); // no spare capacity in front of what the sanitizers guard
    frame f = decode_frame(link, exact, exact.size());
    EXPECT_EQ(static_cast<int>(f.kind), static_cast<int>(kind));
    if (kind == frame_kind::udp)
    {
        EXPECT_EQ(bytes(f.payload.begin(), f.payload.end()), payload);
    }
}

TEST(PcapFrame, FindsThePayloadBehindEveryLinkType)
{
    const bytes four = ipv4(udp(payload));
    const bytes six = ipv6(udp(payload));
    expect(frame_kind::udp, 1, ethernet(four));
    expect(frame_kind::udp, 1, ethernet(six, "86dd"));
    expect(frame_kind::udp, 113, bytes(14) + unhex("0800") + four);
    expect(frame_kind::udp, 113, bytes(14) + unhex("86dd") + six);
    expect(frame_kind::udp, 276, unhex("0800") + bytes(18) + four);
    for (int raw : {12, 14, 101})
    {
        expect(frame_kind::udp, raw, four);
        expect(frame_kind::udp, raw, six);
    }
    expect(frame_kind::udp, 228, four);
    expect(frame_kind::udp, 229, six);
    expect(frame_kind::udp, 0, unhex("02000000") + four);
    expect(frame_kind::udp, 108, unhex("0000001e") + six);
    expect(frame_kind::not_udp, 147, four);
    for (int known : {0, 1, 12, 14, 101, 108, 113, 228, 229, 276})
        EXPECT_TRUE(transport::is_known_link_type(known));
    EXPECT_FALSE(transport::is_known_link_type(147));
}

TEST(PcapFrame, LooksBehindVlanTags)
{
    const bytes four = ipv4(udp(payload));
    expect(frame_kind::udp, 1, ethernet(unhex("0064") + unhex("0800") + four, "8100"));
    expect(frame_kind::udp, 1, ethernet(unhex("0064") + unhex("8100") + unhex("0065") + unhex("0800") + four, "88a8"));
    expect(frame_kind::not_udp, 1, ethernet(unhex("0064"), "8100"));
}

TEST(PcapFrame, SkipsOptionsExtensionsAndPadding)
{
    expect(frame_kind::udp, 1, ethernet(ipv4(udp(payload), 3)));
    expect(frame_kind::udp, 1, ethernet(ipv4(udp(payload)) + bytes(20)));
    expect(frame_kind::udp, 1, ethernet(ipv4(udp(payload), 0, 0x8000))); // the reserved bit
    expect(frame_kind::udp, 229, ipv6(unhex("3c01") + bytes(14) + unhex("1100") + bytes(6) + udp(payload), "00"));
}

TEST(PcapFrame, RefusesWhatContradictsItself)
{
    expect(frame_kind::fragment, 228, ipv4(udp(payload), 0, 0x2000));
    expect(frame_kind::fragment, 228, ipv4(udp(payload), 0, 0x0010));
    expect(frame_kind::fragment, 229, ipv6(bytes(8) + udp(payload), "2c"));
    expect(frame_kind::not_udp, 228, ipv4(udp(payload), 0, 0, "06"));
    expect(frame_kind::empty, 228, ipv4(udp({})));
    expect(frame_kind::bad_udp, 228, ipv4(udp(payload, 7)));
    expect(frame_kind::bad_udp, 228, ipv4(udp(payload, 14)));
    expect(frame_kind::bad_udp, 228, ipv4(unhex("12345678")));
    bytes b = ipv4(udp(payload));
    b[0] = std::byte{0x44};
    expect(frame_kind::bad_ip, 228, b);
    b[0] = std::byte{0x55};
    expect(frame_kind::bad_ip, 228, b);
    b = ipv4(udp(payload));
    b[3] = std::byte{200};
    expect(frame_kind::bad_ip, 228, b);
    b[3] = std::byte{19};
    expect(frame_kind::bad_ip, 228, b);
    b = ipv6(udp(payload));
    b[5] = std::byte{200};
    expect(frame_kind::bad_ip, 229, b);
}

TEST(PcapFrame, ACutFrameIsNeverTakenForAWholeOne)
{
    const bytes whole = ethernet(unhex("0064") + unhex("0800") + ipv4(udp(payload), 2), "8100");
    for (std::size_t size = 0; size < whole.size(); ++size)
    {
        bytes b(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
        b.shrink_to_fit();
        frame_kind kind = decode_frame(1, b, whole.size()).kind;
        EXPECT_TRUE(kind == frame_kind::cut || kind == frame_kind::not_udp) << size;
    }
}

TEST(PcapFrame, TellsSendersApart)
{
    bytes one = ipv4(udp(payload)), other_port = one, other_host = one;
    other_port[20] = std::byte{1};
    other_host[15] = std::byte{9};
    auto source = [](const bytes &b) { return decode_frame(228, b, b.size()).source; };
    EXPECT_EQ(source(one), source(bytes(one)));
    EXPECT_NE(source(one), source(other_port));
    EXPECT_NE(source(one), source(other_host));
}

TEST(PcapFrame, NonsenseNeverReachesPastTheFrame)
{
    std::mt19937 random(11);
    const bytes good = ethernet(unhex("0064") + unhex("86dd") +
                                    ipv6(unhex("3c00") + bytes(6) + unhex("1100") + bytes(6) + udp(payload), "00"),
                                "8100");
    for (int i = 0; i < 20000; ++i)
    {
        bytes b = good;
        for (unsigned n = 1 + random() % 4; n > 0; --n)
            b[random() % b.size()] = static_cast<std::byte>(random());
        b.resize(random() % (b.size() + 1));
        b.shrink_to_fit();
        for (int link : {0, 1, 12, 113, 228, 229, 276})
        {
            frame f = decode_frame(link, b, b.size() + random() % 3);
            if (f.payload.empty())
                continue;
            EXPECT_GE(f.payload.data(), b.data());
            EXPECT_LE(f.payload.data() + f.payload.size(), b.data() + b.size());
        }
    }
}

} // namespace
} // namespace heapwire::test
