// SPDX-License-Identifier: BSD-3-Clause
/// Who paces, where the test may say which queueing discipline stands behind the interface: in a network of its own.
#include <cstdlib>
#include <gtest/gtest.h>
#include <sched.h>
#include <string>
#include <thread>

#include "transport/udp_pair.h"

namespace heapwire::transport
{
namespace
{

struct course
{
    std::string missing; ///< why there is nothing to see here
    bool by_kernel = false;
    std::error_code error;
    std::chrono::duration<double> took{};
};

constexpr std::size_t heap_size = 200000;

/// A heap at a megabyte a second over loopback with `discipline`, as a thread sees it that has a network of its own.
course send_behind(const std::string &discipline)
{
    course c;
    std::thread(
        [&]
        {
            if (::unshare(CLONE_NEWNET) != 0)
                c.missing = "no right to make a network";
            else if (std::system("ip link set lo up >/dev/null 2>&1") != 0)
                c.missing = "no program ip";
            else if (std::system(("tc qdisc add dev lo root " + discipline + " >/dev/null 2>&1").c_str()) != 0)
                c.missing = "no program tc, or the kernel has no " + discipline;
            if (!c.missing.empty())
                return;
            test::udp_pair pair({.endpoint = test::loopback_v4()}, {}, {},
                                {.rate = 1e6, .burst_size = 4096, .method = send::rate_method::kernel});
            c.by_kernel = pair.sender->paced_by_kernel();
            test::sample_heap heap(heap_size);
            auto start = std::chrono::steady_clock::now();
            c.error = pair.sender->send_heap(heap.reference()).error;
            auto got = pair.stream.pop();
            c.took = std::chrono::steady_clock::now() - start;
            EXPECT_TRUE(got && test::same_bytes(*got, heap));
        })
        .join();
    return c;
}

TEST(UdpPacing, IsTheKernelsBehindFq)
{
    course c = send_behind("fq");
    if (!c.missing.empty())
        GTEST_SKIP() << c.missing;
    EXPECT_FALSE(c.error);
    EXPECT_TRUE(c.by_kernel);
    EXPECT_GE(c.took.count(), heap_size / 1e6 / 2);
}

TEST(UdpPacing, IsOursBehindAnythingElse)
{
    course c = send_behind("tbf rate 1gbit burst 1mb latency 1s");
    if (!c.missing.empty())
        GTEST_SKIP() << c.missing;
    EXPECT_FALSE(c.error);
    EXPECT_FALSE(c.by_kernel);
    EXPECT_GE(c.took.count(), heap_size / 1e6 / 2);
}

} // namespace
} // namespace heapwire::transport
