// SPDX-License-Identifier: BSD-3-Clause
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

#include "support/captured_log.h"
#include "transport/udp_pair.h"

namespace heapwire::transport
{
namespace
{

using boost::asio::ip::make_address;
using boost::asio::ip::udp;

const udp::endpoint unicast_v4(make_address("127.0.0.1"), 7148), unicast_v6(make_address("::1"), 7148);
const udp::endpoint group_v4(make_address("239.1.2.3"), 7148), group_v6(make_address("ff11::1"), 7148);

template <typename Error>
std::string message_of(const std::function<void()> &action)
{
    try
    {
        action();
    }
    catch (const Error &error)
    {
        return error.what();
    }
    return "nothing was thrown";
}

TEST(UdpOptions, BadReceiveOptionsAreNamed)
{
    boost::asio::io_context io;
    recv::heap_stream stream;
    auto refused = [&](const udp_receive_options &how)
    { return message_of<std::invalid_argument>([&] { (void)make_udp_source(io, stream, how); }); };
    const std::pair<udp_receive_options, const char *> table[] = {
        {{.endpoint = unicast_v4, .interface_address = "10.1.2.3"}, "interface_address = 10.1.2.3"},
        {{.endpoint = unicast_v4, .interface_address = "nonsense"}, "interface_address = nonsense"},
        {{.endpoint = unicast_v6, .interface_address = "10.1.2.3"}, "interface_address"},
        {{.endpoint = unicast_v4, .interface_index = 1}, "interface_index = 1"},
        {{.endpoint = group_v4, .interface_address = "127.0.0.1", .interface_index = 1}, "interface_index = 1"},
        {{.endpoint = unicast_v4, .source_address = make_address("10.0.0.1")}, "source_address = 10.0.0.1"},
        {{.endpoint = group_v4, .source_address = make_address("::1")}, "source_address = ::1"},
        {{.endpoint = unicast_v4, .bind_to_device = std::string(40, 'x')}, "bind_to_device"},
        {{.endpoint = unicast_v4, .max_packet_size = 7}, "max_packet_size = 7"},
        {{.endpoint = unicast_v4, .max_packet_size = 65536}, "max_packet_size = 65536"},
        {{.endpoint = unicast_v4, .buffer_size = std::size_t{1} << 40}, "buffer_size"},
        {{.socket = -1}, "socket = -1"},
        {{.bind_to_device = "lo", .socket = 0}, "bind_to_device = lo"},
    };
    for (const auto &[how, part] : table)
        EXPECT_NE(refused(how).find(part), std::string::npos) << refused(how) << " lacks " << part;
}

TEST(UdpOptions, BadSendOptionsAreNamed)
{
    boost::asio::io_context io;
    auto refused = [&](const udp_send_options &how)
    { return message_of<std::invalid_argument>([&] { (void)make_udp_sink(io, how); }); };
    const std::pair<udp_send_options, const char *> table[] = {
        {{}, "endpoints"},
        {{.endpoints = {unicast_v4, unicast_v6}}, "endpoints = [::1]:7148"},
        {{.endpoints = {{make_address("127.0.0.1"), 0}}}, "endpoints = 127.0.0.1:0"},
        {{.endpoints = {group_v4}, .ttl = 256}, "ttl = 256"},
        {{.endpoints = {group_v4}, .ttl = -1}, "ttl = -1"},
        {{.endpoints = {unicast_v4}, .ttl = 3}, "ttl = 3"},
        {{.endpoints = {unicast_v4}, .multicast_loop = true}, "multicast_loop"},
        {{.endpoints = {unicast_v4}, .interface_index = 2}, "interface_index = 2"},
        {{.endpoints = {group_v6}, .interface_address = "::1"}, "interface_address = ::1"},
        {{.endpoints = {unicast_v4}, .interface_address = "::1"}, "interface_address = ::1"},
        {{.endpoints = {unicast_v4}, .dscp = 64}, "dscp = 64"},
        {{.endpoints = {unicast_v4}, .socket = -1}, "socket = -1"},
    };
    for (const auto &[how, part] : table)
        EXPECT_NE(refused(how).find(part), std::string::npos) << refused(how) << " lacks " << part;
}

TEST(UdpOptions, SystemErrorsNameAddressOrInterface)
{
    boost::asio::io_context io;
    recv::heap_stream stream;
    auto receive = [&](const udp_receive_options &how)
    { return message_of<std::system_error>([&] { (void)make_udp_source(io, stream, how); }); };
    EXPECT_NE(receive({.endpoint = {make_address("192.0.2.77"), 7148}}).find("192.0.2.77:7148"), std::string::npos);
    EXPECT_NE(receive({.endpoint = unicast_v4, .bind_to_device = "no-such-if"}).find("no-such-if"), std::string::npos);
    EXPECT_NE(receive({.endpoint = group_v4, .interface_address = "192.0.2.78"}).find("192.0.2.78"), std::string::npos);
    EXPECT_NE(receive({.endpoint = group_v6, .interface_index = 54321}).find("54321"), std::string::npos);

    udp_facts taken;
    auto first = make_udp_source(io, stream, {.endpoint = test::loopback_v4()}, &taken);
    auto text = receive({.endpoint = taken.local});
    EXPECT_NE(text.find("127.0.0.1:" + std::to_string(taken.local.port())), std::string::npos) << text;
}

TEST(UdpOptions, SocketsOfAnotherKindAreRefused)
{
    boost::asio::io_context io;
    recv::heap_stream stream;
    for (auto [family, type] : {std::pair{AF_INET, SOCK_STREAM}, {AF_UNIX, SOCK_DGRAM}, {AF_INET, SOCK_DGRAM}})
    {
        int fd = socket(family, type | SOCK_CLOEXEC, 0); // the last is UDP, but not bound
        ASSERT_GE(fd, 0);
        EXPECT_THROW((void)make_udp_source(io, stream, {.socket = fd}), std::invalid_argument);
        close(fd);
    }
    int six = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    EXPECT_THROW((void)make_udp_sink(io, {.endpoints = {unicast_v6}, .socket = six}), std::invalid_argument);
    close(six);
    int connected = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ASSERT_EQ(connect(connected, unicast_v4.data(), static_cast<socklen_t>(unicast_v4.size())), 0);
    EXPECT_THROW((void)make_udp_sink(io, {.endpoints = {unicast_v4}, .socket = connected}), std::invalid_argument);
    close(connected);
}

TEST(UdpOptions, EndpointsAreParsed)
{
    EXPECT_EQ(parse_endpoint("10.0.0.1:7148"), udp::endpoint(make_address("10.0.0.1"), 7148));
    EXPECT_EQ(parse_endpoint("[2001:db8::1]:7148"), udp::endpoint(make_address("2001:db8::1"), 7148));
    EXPECT_EQ(parse_endpoint(":7148"), udp::endpoint(udp::v4(), 7148));
    EXPECT_EQ(parse_endpoint("10.0.0.1:0").port(), 0);
    EXPECT_TRUE(parse_endpoint("localhost:80").address().is_loopback());
    for (const char *bad : {"", "10.0.0.1", "10.0.0.1:", "10.0.0.1:65536", "10.0.0.1:-1", "2001:db8::1:7148", "[]:1",
                            "[10.0.0.x]:1", "a:b", "host:99999999999", "h:1 "})
        EXPECT_THROW((void)parse_endpoint(bad), std::invalid_argument) << bad;
}

TEST(UdpOptions, AShortBufferWarnsWithItsSysctl)
{
    test::captured_log log;
    boost::asio::io_context io;
    recv::heap_stream stream;
    udp_facts facts;
    const std::size_t wanted = std::size_t{1} << 30;
    const bool bad = [&]
    {
        try
        {
            (void)make_udp_source(io, stream, {.endpoint = test::loopback_v4(), .buffer_size = wanted - 1}, &facts);
            return false;
        }
        catch (const std::exception &)
        {
            return true;
        }
    }();
    ASSERT_FALSE(bad);
    if (facts.buffer_size >= wanted - 1)
        GTEST_SKIP() << "this machine grants a gibibyte";
    EXPECT_TRUE(log.has("net.core.rmem_max"));
    EXPECT_TRUE(log.has(std::to_string(facts.buffer_size)));
}

} // namespace
} // namespace heapwire::transport
