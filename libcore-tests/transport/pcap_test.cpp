// SPDX-License-Identifier: BSD-3-Clause
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <unistd.h>

#include "heapwire/base/version.h"
#include "heapwire/transport/pcap_source.h"
#include "stream_rig.h"

namespace heapwire::test
{
namespace
{

using namespace transport;

#if HEAPWIRE_HAS_PCAP

class Pcap : public testing::Test
{
protected:
    void open(recv::heap_stream &stream, const pcap_options &how)
    {
        stream.add(make_pcap_source(io_, stream.gate(), how));
    }
    io_threads io_;
};

/// Writes a capture of link type raw IPv4; each record is one UDP datagram.
class capture_file
{
public:
    capture_file() : path_(std::filesystem::temp_directory_path() / ("heapwire_pcap_" + std::to_string(::getpid())))
    {
        file_.open(path_, std::ios::binary);
        word(0xa1b23c4d); // nanoseconds
        word(0x00040002);
        word(0);
        word(0);
        word(65535);
        word(228);
    }
    ~capture_file() { std::filesystem::remove(path_); }
    capture_file(const capture_file &) = delete;
    capture_file &operator=(const capture_file &) = delete;
    void add(const packet &payload, std::uint64_t time_ns)
    {
        std::vector<std::byte> frame(28);
        store_be(frame.data(), std::uint16_t{0x4500});
        store_be(frame.data() + 2, static_cast<std::uint16_t>(28 + payload.size()));
        frame[9] = std::byte{17};
        store_be(frame.data() + 22, std::uint16_t{7148});
        store_be(frame.data() + 24, static_cast<std::uint16_t>(8 + payload.size()));
        frame.insert(frame.end(), payload.begin(), payload.end());
        word(static_cast<std::uint32_t>(time_ns / 1'000'000'000));
        word(static_cast<std::uint32_t>(time_ns % 1'000'000'000));
        word(static_cast<std::uint32_t>(frame.size()));
        word(static_cast<std::uint32_t>(frame.size()));
        file_.write(reinterpret_cast<const char *>(frame.data()), static_cast<std::streamsize>(frame.size()));
    }
    void raw(const char *text) { file_ << text; }
    [[nodiscard]] std::string finish()
    {
        file_.close();
        return path_.string();
    }

private:
    void word(std::uint32_t v) { file_.write(reinterpret_cast<const char *>(&v), sizeof v); }
    std::filesystem::path path_;
    std::ofstream file_;
};

TEST_F(Pcap, DeliversTheVectors)
{
    for (const char *name : {"pcap_ethernet", "pcap_big_endian_nanosecond", "pcap_linux_sll"})
    {
        SCOPED_TRACE(name);
        const vector_case &which = vector_named(name);
        recv::heap_stream stream;
        open(stream, {.file = path_of(which), .filter = {}});
        expect_vector_heaps(stream, which.expect.heaps);
        expect_books_balance(stream.statistics());
    }
}

TEST_F(Pcap, TakesTheVlanFrameAmongTheRejects)
{
    // The incumbent delivers 11 to 14. Number 3 carries an 802.1Q tag, behind which we look (section 11.4 advises so).
    recv::ring_options ring;
    ring.heaps = 16;
    recv::heap_stream stream({}, ring);
    open(stream, {.file = path_of(vector_named("pcap_mixed_rejects")), .filter = {}});
    std::vector<std::uint64_t> cnts;
    heap h;
    while (stream.pop_for(h, patience) == recv::pop_status::ok)
        cnts.push_back(h.cnt());
    EXPECT_EQ(cnts, (std::vector<std::uint64_t>{3, 11, 12, 13, 14}));
    EXPECT_EQ(stream.statistics()[wire::reject::truncated], 1u) << "the frame that was not captured whole";
    EXPECT_EQ(stream.statistics()[recv::stat::datagrams], 6u);
}

TEST_F(Pcap, ReadsRawIpWhichTheIncumbentRefuses)
{
    recv::heap_stream stream;
    open(stream, {.file = path_of(vector_named("pcap_linktype_raw")), .filter = {}});
    heap h;
    EXPECT_EQ(stream.pop_for(h, patience), recv::pop_status::ok);
    EXPECT_EQ(stream.pop_for(h, patience), recv::pop_status::ended);
}

TEST_F(Pcap, AFilterChooses)
{
    const vector_case &which = vector_named("pcap_ethernet");
    recv::heap_stream none, all;
    open(none, {.file = path_of(which), .filter = "udp port 9"});
    open(all, {.file = path_of(which), .filter = "udp and not port 9"});
    heap h;
    EXPECT_EQ(none.pop_for(h, patience), recv::pop_status::ended);
    EXPECT_EQ(all.pop_for(h, patience), recv::pop_status::ok);
}

TEST_F(Pcap, ErrorsNameTheirSubject)
{
    recv::heap_stream stream;
    auto message = [&](const pcap_options &how) -> std::string
    {
        try
        {
            static_cast<void>(make_pcap_source(io_, stream.gate(), how));
        }
        catch (const std::system_error &e)
        {
            return std::string("system: ") + e.what();
        }
        catch (const std::invalid_argument &e)
        {
            return std::string("argument: ") + e.what();
        }
        return "no error";
    };
    auto has = [](const std::string &text, const std::string &part) { return text.find(part) != std::string::npos; };
    std::string text = message({.file = "/nowhere/at.pcap", .filter = {}});
    EXPECT_TRUE(has(text, "system: ") && has(text, "/nowhere/at.pcap")) << text;
    text = message({.file = path_of(vector_named("tcp_two_heaps")), .filter = {}});
    EXPECT_TRUE(has(text, "system: ") && has(text, "tcp_two_heaps")) << text;
    text = message({.file = path_of(vector_named("pcap_ethernet")), .filter = "udp and and"});
    EXPECT_TRUE(has(text, "argument: ") && has(text, "udp and and")) << text;
    text = message({.file = path_of(vector_named("pcap_ethernet")), .filter = {}, .speed = -1});
    EXPECT_TRUE(has(text, "argument: speed")) << text;
}

TEST_F(Pcap, ALongCaptureWaitsForTheConsumer)
{
    capture_file file;
    for (std::uint64_t cnt = 0; cnt < 500; ++cnt)
        for (const packet &p : make_heap(cnt, 2000, 1000))
            file.add(p, cnt * 1000);
    std::string path = file.finish();
    recv::ring_options ring;
    ring.heaps = 2;
    recv::heap_stream stream({}, ring);
    open(stream, {.file = path, .filter = {}});
    EXPECT_EQ(drain(stream), numbers(0, 500));
    EXPECT_GT(stream.statistics()[recv::stat::worker_blocked], 0u);
}

TEST_F(Pcap, HeapsCarryTheTimeOfTheCapture)
{
    capture_file file;
    file.add(make_heap(1, 100, 100)[0], 1'600'000'000'123'456'789);
    std::string path = file.finish();
    recv::options how;
    how.timestamps = true;
    recv::heap_stream stream(how);
    open(stream, {.file = path, .filter = {}});
    heap h;
    ASSERT_EQ(stream.pop_for(h, patience), recv::pop_status::ok);
    EXPECT_EQ(h.first_packet_time(), 1'600'000'000'123'456'789);
}

TEST_F(Pcap, ReplayKeepsOrderAndIsNotFasterThanAsked)
{
    capture_file file;
    for (std::uint64_t cnt = 0; cnt < 9; ++cnt)
        file.add(make_heap(cnt, 100, 100)[0], 1'000'000'000 + cnt * 100'000'000); // 0.8 s
    std::string path = file.finish();
    recv::heap_stream stream;
    auto begin = std::chrono::steady_clock::now();
    open(stream, {.file = path, .filter = {}, .speed = 4});
    EXPECT_EQ(drain(stream), numbers(0, 9));
    EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(200));
}

TEST_F(Pcap, AReplayThatWaitsCanBeStopped)
{
    capture_file file;
    file.add(make_heap(0, 100, 100)[0], 0);
    file.add(make_heap(1, 100, 100)[0], 3'600'000'000'000); // an hour later
    std::string path = file.finish();
    recv::heap_stream stream;
    open(stream, {.file = path, .filter = {}, .speed = 1});
    heap h;
    ASSERT_EQ(stream.pop_for(h, patience), recv::pop_status::ok);
    stream.stop();
    EXPECT_EQ(stream.pop_for(h, patience), recv::pop_status::ended);
}

TEST_F(Pcap, ACutOffFileEndsTheStream)
{
    capture_file file;
    file.add(make_heap(0, 100, 100)[0], 0);
    file.raw("half a record");
    std::string path = file.finish();
    recv::heap_stream stream;
    open(stream, {.file = path, .filter = {}});
    EXPECT_EQ(drain(stream), numbers(0, 1));
}

#else

TEST(Pcap, IsRefusedByALibraryWithoutLibpcap)
{
    io_threads io;
    recv::heap_stream stream;
    try
    {
        static_cast<void>(make_pcap_source(io, stream.gate(), {.file = "a.pcap", .filter = {}}));
        FAIL();
    }
    catch (const std::system_error &e)
    {
        EXPECT_EQ(e.code(), std::errc::not_supported);
    }
}

#endif

} // namespace
} // namespace heapwire::test
