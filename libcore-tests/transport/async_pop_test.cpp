// SPDX-License-Identifier: BSD-3-Clause
/// Poppers of heaps and of chunks: the same things are asked of both.
#include <gtest/gtest.h>

#include "heapwire/transport/async_chunk.h"
#include "heapwire/transport/async_pop.h"
#include "heapwire/transport/inproc.h"
#include "transport/udp_pair.h"

namespace heapwire::transport
{
namespace
{

using test::sample_heap;
using chunk_ptr = std::unique_ptr<recv::chunk>;

/// A ring that is filled from the test's own thread, and a popper on `io`.
struct heap_rig
{
    heap_rig(boost::asio::io_context &io, wake_kind kind)
        : stream({}, {.heaps = 2, .wake = kind}), sender(threads, {queue}), pops(io.get_executor(), stream)
    {
        stream.add(make_inproc_source(threads, stream.gate(), queue));
    }
    void supply() { ASSERT_FALSE(sender.send_heap(heap.reference()).error); }

    io_threads threads;
    std::shared_ptr<inproc_queue> queue = std::make_shared<inproc_queue>();
    recv::heap_stream stream;
    inproc_sender sender;
    sample_heap heap{500};
    heap_popper pops;
};

struct chunk_rig
{
    chunk_rig(boost::asio::io_context &io, wake_kind kind)
        : data(std::make_shared<recv::chunk_ring>(2, kind)), pops(io.get_executor(), data)
    {
    }
    void supply()
    {
        chunk_ptr fresh = recv::make_chunk({.data = 8, .present = 1});
        ASSERT_EQ(data->try_push(fresh), push_result::ok);
    }

    std::shared_ptr<recv::chunk_ring> data;
    chunk_popper pops;
};

template <typename Rig>
class Popper : public testing::Test
{
};

struct rig_names
{
    template <typename Rig>
    static std::string GetName(int)
    {
        return std::is_same_v<Rig, heap_rig> ? "OfHeaps" : "OfChunks";
    }
};

using rigs = testing::Types<heap_rig, chunk_rig>;
TYPED_TEST_SUITE(Popper, rigs, rig_names);

TYPED_TEST(Popper, CancellationLosesNothing)
{
    for (const wake_kind kind : {wake_kind::pipe, wake_kind::eventfd})
    {
        boost::asio::io_context io;
        TypeParam rig(io, kind);
        int got = 0, cancelled = 0;
        const auto pop_once = [&]
        {
            rig.pops.async_pop(
                [&](std::error_code error, auto what)
                {
                    got += !error && what ? 1 : 0;
                    cancelled += error == std::errc::operation_canceled ? 1 : 0;
                });
        };
        for (int i = 0; i < 200; ++i)
        {
            ASSERT_NO_FATAL_FAILURE(rig.supply());
            const int before = got;
            pop_once();
            if (i % 3 == 0)
                io.poll_one();
            rig.pops.cancel();
            io.restart();
            io.run();
            if (got == before) // then it must still be there
            {
                pop_once();
                io.restart();
                io.run();
            }
            ASSERT_EQ(got, before + 1);
        }
        EXPECT_GT(cancelled, 0);
    }
}

TYPED_TEST(Popper, MayGoBeforeItsHandler)
{
    std::error_code answer;
    boost::asio::io_context io;
    {
        TypeParam rig(io, wake_kind::eventfd);
        rig.pops.async_pop([&](std::error_code error, auto) { answer = error; });
        io.poll();
    }
    io.restart();
    io.run();
    EXPECT_EQ(answer, std::errc::operation_canceled);
}

TYPED_TEST(Popper, NeedsADescriptor)
{
    boost::asio::io_context io;
    EXPECT_THROW(TypeParam(io, wake_kind::futex), std::invalid_argument);
}

} // namespace
} // namespace heapwire::transport
