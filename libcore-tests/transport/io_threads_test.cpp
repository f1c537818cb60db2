// SPDX-License-Identifier: BSD-3-Clause
#include <gtest/gtest.h>

#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>
#include <csignal>
#include <pthread.h>
#include <sched.h>

#include "heapwire/transport/io_threads.h"

namespace heapwire::transport
{
namespace
{

template <typename Work>
auto on_worker(io_threads &threads, Work work)
{
    return boost::asio::post(threads.context(), boost::asio::use_future(std::move(work))).get();
}

TEST(IoThreads, RefusesNoThreadsAndNegativeCores)
{
    EXPECT_THROW(io_threads(0), std::invalid_argument);
    EXPECT_THROW(io_threads(1, {-1}), std::invalid_argument);
}

TEST(IoThreads, BlockAllSignalsAndLeaveTheCallersMaskAlone)
{
    sigset_t before, after;
    pthread_sigmask(SIG_SETMASK, nullptr, &before);
    io_threads threads;
    pthread_sigmask(SIG_SETMASK, nullptr, &after);
    EXPECT_EQ(sigismember(&before, SIGINT), sigismember(&after, SIGINT));
    EXPECT_TRUE(on_worker(threads,
                          []
                          {
                              sigset_t mask;
                              pthread_sigmask(SIG_SETMASK, nullptr, &mask);
                              return sigismember(&mask, SIGINT) == 1 && sigismember(&mask, SIGTERM) == 1 &&
                                     sigismember(&mask, SIGUSR1) == 1;
                          }));
}

TEST(IoThreads, HaveANameAndACore)
{
    cpu_set_t mine;
    ASSERT_EQ(sched_getaffinity(0, sizeof mine, &mine), 0);
    int core = 0;
    while (!CPU_ISSET(core, &mine))
        ++core;
    io_threads threads(2, {core});
    EXPECT_EQ(threads.size(), 2u);
    EXPECT_EQ(on_worker(threads,
                        []
                        {
                            char name[32] = {};
                            pthread_getname_np(pthread_self(), name, sizeof name);
                            return std::string(name);
                        }),
              "heapwire-io");
    EXPECT_EQ(on_worker(threads,
                        []
                        {
                            cpu_set_t set;
                            sched_getaffinity(0, sizeof set, &set);
                            return CPU_COUNT(&set);
                        }),
              1);
    EXPECT_FALSE(io_threads::pin_this_thread(-1));
}

TEST(IoThreads, GoOnAfterAnException)
{
    io_threads threads;
    boost::asio::post(threads.context(), [] { throw std::runtime_error("planted"); });
    boost::asio::post(threads.context(), [] { throw 5; });
    EXPECT_EQ(on_worker(threads, [] { return 42; }), 42);
}

TEST(IoThreads, ContextLivesAsLongAsAReference)
{
    auto threads = std::make_unique<io_threads>();
    io_ref ref = threads->ref();
    threads->stop();
    threads->stop();
    threads.reset();
    EXPECT_TRUE(ref.context().stopped());
}

} // namespace
} // namespace heapwire::transport
