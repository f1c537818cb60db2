// SPDX-License-Identifier: BSD-3-Clause
/// TCP when something is wrong with the system or with the peer, though not for good.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <optional>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>

#include "heapwire/base/error.h"
#include "stream_rig.h"
#include "support/captured_log.h"
#include "tcp_rig.h"
#include "transport/sending.h"

namespace heapwire::test
{
namespace
{

using boost::asio::ip::tcp;
using namespace transport;

template <typename Condition>
void await(Condition condition)
{
    while (!condition()) // what never comes is caught by the test's time limit
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

/// The process can open no descriptor any more.
class no_descriptors
{
public:
    no_descriptors()
    {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        const int lowest_free = ::fcntl(0, F_DUPFD, 0);
        rlimit now = before_;
        now.rlim_cur = static_cast<rlim_t>(lowest_free);
        ::close(lowest_free);
        ::setrlimit(RLIMIT_NOFILE, &now);
    }
    ~no_descriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }
    no_descriptors(const no_descriptors &) = delete;
    no_descriptors &operator=(const no_descriptors &) = delete;

private:
    rlimit before_{};
};

/// A stream that could not accept its peer yet: no descriptor was to be had, until `crowd` goes.
struct crowded_listener
{
    crowded_listener()
    {
        const tcp::endpoint local = listen_on_loopback(io, stream);
        crowd.emplace();
        peer.connect(local);
        await([&] { return log.has("tcp accept: "); });
    }

    captured_log log;
    io_threads io;
    recv::heap_stream stream;
    client peer;
    std::optional<no_descriptors> crowd;
};

TEST(TcpTrouble, ListensOnWhenDescriptorsHaveRunOut)
{
    crowded_listener l;
    l.crowd.reset();
    l.peer.write(flat(make_heap(1, 800, 100)));
    l.peer.close();
    EXPECT_EQ(drain(l.stream), numbers(1, 2));
}

TEST(TcpTrouble, AListenerThatWaitsForDescriptorsStopsAtOnce)
{
    crowded_listener l;
    l.stream.stop();
    EXPECT_TRUE(drain(l.stream).empty());
}

/// Connected, with a peer that reads when the test does.
struct reluctant_peer
{
    reluctant_peer() : acceptor(io.context(), loopback())
    {
        tcp_send_options to;
        to.endpoint = acceptor.local_endpoint();
        sender = std::make_unique<tcp_sender>(io, to, send::options{.max_heaps = 8});
        peer = std::make_unique<tcp::socket>(acceptor.accept());
    }

    io_threads io;
    tcp::acceptor acceptor;
    std::unique_ptr<tcp_sender> sender;
    std::unique_ptr<tcp::socket> peer;
    completion_list done;
    sample_heap heap{std::size_t{16} << 20}; // more than the kernel takes for a peer that does not read
};

TEST(TcpTrouble, ASenderTellsHowLongItsPeerHasTakenNothing)
{
    reluctant_peer r;
    EXPECT_EQ(r.sender->stalled().count(), 0);
    ASSERT_FALSE(r.sender->submit(r.heap.reference(), r.done.with(1)));
    await([&] { return r.sender->stalled() > std::chrono::milliseconds(20); });
    std::vector<std::byte> into(1 << 20);
    std::thread reader(
        [&]
        {
            boost::system::error_code end;
            while (!end)
                r.peer->read_some(boost::asio::buffer(into), end);
        });
    r.done.await(1);
    EXPECT_FALSE(r.done.outcomes[0].error);
    EXPECT_EQ(r.sender->stalled().count(), 0);
    r.sender.reset();
    reader.join();
}

// The stream goes at once, whoever waits for the peer: a worker, a caller, nobody (its threads are stopped).
TEST(TcpTrouble, APeerThatNeverReadsDoesNotKeepItsSender)
{
    for (const char *who : {"worker", "caller", "nobody"})
    {
        SCOPED_TRACE(who);
        reluctant_peer r;
        std::thread caller;
        if (*who == 'c')
            caller = std::thread([&] { EXPECT_EQ(r.sender->send_heap(r.heap.reference()).error, errc::stopped); });
        for (std::uint64_t i = 0; i < 3; ++i)
            ASSERT_FALSE(r.sender->submit(r.heap.reference(), r.done.with(i)));
        await([&] { return r.sender->stalled().count() > 0; });
        if (*who == 'n')
            r.io.stop();
        r.sender->stop();
        if (caller.joinable())
            caller.join();
        r.sender.reset();
        ASSERT_EQ(r.done.outcomes.size(), 3u);
        EXPECT_EQ(r.done.outcomes[2].error, errc::stopped);
    }
}

} // namespace
} // namespace heapwire::test
