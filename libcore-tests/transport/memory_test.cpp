// SPDX-License-Identifier: BSD-3-Clause
#include <gtest/gtest.h>
#include <sstream>
#include <system_error>
#include <thread>

#include "heapwire/transport/memory_source.h"
#include "stream_rig.h"

namespace heapwire::test
{
namespace
{

using namespace transport;

std::vector<std::byte> recorded(std::uint64_t heaps, std::size_t size)
{
    std::vector<std::byte> out;
    io_threads io;
    send::options how;
    how.max_packet_size = 4096;
    send_stream sender(io, make_memory_sink(out), how);
    for (std::uint64_t cnt = 0; cnt < heaps; ++cnt)
    {
        pattern_heap h(cnt, size);
        EXPECT_FALSE(sender.send_heap(h.reference()).error);
    }
    return out;
}

TEST(Memory, WhatTheSinkWroteTheSourceReads)
{
    auto bytes = recorded(20, 10000);
    io_threads io;
    recv::heap_stream stream;
    stream.add(make_memory_source(io, stream.gate(), bytes));
    EXPECT_EQ(drain(stream), numbers(0, 20));
    expect_books_balance(stream.statistics());
}

TEST(Memory, ALargeBlockPassesASmallRing)
{
    auto bytes = recorded(60, 500000);
    io_threads io;
    recv::ring_options ring;
    ring.heaps = 1;
    recv::heap_stream stream({}, ring);
    stream.add(make_memory_source(io, stream.gate(), bytes));
    EXPECT_EQ(drain(stream), numbers(0, 60));
}

TEST(Memory, APacketLargerThanASliceIsFound)
{
    auto bytes = flat(make_heap(1, 5 << 20, 5 << 20));
    append(bytes, flat(make_heap(2, 100, 100)));
    io_threads io;
    recv::heap_stream stream;
    stream.add(make_memory_source(io, stream.gate(), bytes));
    EXPECT_EQ(drain(stream), numbers(1, 3));
}

TEST(Memory, TwoStreamsOnOneThreadDoNotBlockEachOther)
{
    auto bytes = recorded(20, 10000);
    io_threads io(1);
    recv::ring_options ring;
    ring.heaps = 1;
    recv::heap_stream nobody_reads({}, ring), read({}, ring);
    nobody_reads.add(make_memory_source(io, nobody_reads.gate(), bytes));
    read.add(make_memory_source(io, read.gate(), bytes));
    EXPECT_EQ(drain(read), numbers(0, 20));
}

TEST(Memory, ACutOffTailEndsTheStream)
{
    auto bytes = flat(make_heap(1, 1000, 100));
    append(bytes, flat(make_heap(2, 1000, 100)));
    bytes.pop_back();
    io_threads io;
    recv::heap_stream stream;
    stream.add(make_memory_source(io, stream.gate(), bytes));
    EXPECT_EQ(drain(stream), numbers(1, 2));
    EXPECT_EQ(stream.statistics()[recv::stat::packets], 19u);
    EXPECT_EQ(stream.statistics()[recv::stat::heaps_dropped_incomplete], 1u);
}

TEST(Memory, NoBytesAtAllEndTheStream)
{
    io_threads io;
    recv::heap_stream stream;
    stream.add(make_memory_source(io, stream.gate(), {}));
    EXPECT_TRUE(drain(stream).empty());
}

TEST(Memory, TheSourceLetsGoOfWhatItKeeps)
{
    auto bytes = std::make_shared<std::vector<std::byte>>(recorded(20, 10000));
    std::weak_ptr<std::vector<std::byte>> watch = bytes;
    io_threads io;
    {
        recv::heap_stream stream;
        stream.add(make_memory_source(io, stream.gate(), *bytes, bytes));
        bytes.reset();
        EXPECT_FALSE(watch.expired());
        heap h;
        EXPECT_EQ(stream.pop_for(h, patience), recv::pop_status::ok);
    }
    EXPECT_TRUE(watch.expired());
}

TEST(StreambufSink, WritesWhatTheMemorySinkWrites)
{
    std::stringbuf out;
    {
        io_threads io;
        send::options how;
        how.max_packet_size = 4096;
        send_stream sender(io, make_streambuf_sink(out), how);
        for (std::uint64_t cnt = 0; cnt < 5; ++cnt)
        {
            pattern_heap h(cnt, 10000);
            EXPECT_FALSE(sender.send_heap(h.reference()).error);
        }
    }
    std::string text = out.str();
    auto bytes = std::as_bytes(std::span(text));
    EXPECT_EQ(std::vector<std::byte>(bytes.begin(), bytes.end()), recorded(5, 10000));
}

/// Takes a number of bytes, then is full or throws.
class short_buffer : public std::streambuf
{
public:
    explicit short_buffer(bool throws) : throws_(throws) {}

private:
    std::streamsize xsputn(const char *, std::streamsize n) override
    {
        std::streamsize taken = std::min(n, room_);
        room_ -= taken;
        if (taken < n && throws_)
            throw std::ios_base::failure("no room");
        return taken;
    }
    std::streamsize room_ = 5000;
    bool throws_;
};

TEST(StreambufSink, AShortWriteIsAnErrorOfTheHeap)
{
    for (bool throws : {false, true})
    {
        short_buffer out(throws);
        io_threads io;
        send_stream sender(io, make_streambuf_sink(out), {});
        pattern_heap small(1, 1000), large(2, 10000);
        EXPECT_FALSE(sender.send_heap(small.reference()).error);
        send::outcome what = sender.send_heap(large.reference());
        EXPECT_EQ(what.error, std::errc::io_error);
    }
}

} // namespace
} // namespace heapwire::test
