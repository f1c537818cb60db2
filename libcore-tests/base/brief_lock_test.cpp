// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/base/brief_lock.h"

#include <chrono>
#include <mutex>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace heapwire
{
namespace
{

TEST(BriefLock, LetsOneThreadInAtATime)
{
    brief_lock lock;
    int count = 0; // not atomic: the lock is what is tested
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
    {
        threads.emplace_back(
            [&]
            {
                for (int n = 0; n < 5000; ++n)
                {
                    const std::lock_guard inside(lock);
                    ++count;
                }
            });
    }
    for (auto &thread : threads)
        thread.join();
    EXPECT_EQ(count, 20000);
}

TEST(BriefLock, IsGotAfterALongWaitToo)
{
    brief_lock lock;
    std::atomic<bool> waits{false};
    bool got = false;
    lock.lock();
    std::thread waiter(
        [&]
        {
            waits = true;
            const std::lock_guard inside(lock);
            got = true;
        });
    while (!waits)
        std::this_thread::yield();
    // Long enough for the waiter to pass to sleeping; the test holds however long it is.
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    EXPECT_FALSE(got);
    lock.unlock();
    waiter.join();
    EXPECT_TRUE(got);
}

} // namespace
} // namespace heapwire
