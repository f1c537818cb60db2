// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/host/completion_hub.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <stdexcept>
#include <thread>
#include <vector>

#include "host/fake_host.h"

namespace heapwire::host
{
namespace
{

bool readable(const completion_hub &hub)
{
    pollfd wanted{hub.fd(), POLLIN, 0};
    return ::poll(&wanted, 1, 0) == 1;
}

std::vector<completion> records(std::size_t count)
{
    std::vector<completion> out(count);
    for (std::size_t i = 0; i < count; ++i)
        out[i].which = i + 1;
    return out;
}

class CompletionHub : public ::testing::TestWithParam<wake_kind>
{
};

TEST_P(CompletionHub, IsQuietUntilSomethingIsPosted)
{
    completion_hub hub(GetParam());
    EXPECT_FALSE(readable(hub));
    EXPECT_EQ(hub.drain([](completion &) { FAIL(); }), 0U);
}

TEST_P(CompletionHub, HandsOutWhatWasPostedOldestFirst)
{
    completion_hub hub(GetParam());
    auto posted = records(200);
    for (completion &c : posted)
    {
        c.bytes = 10 * c.which;
        c.status = std::make_error_code(std::errc::message_size);
        hub.post(c);
    }
    std::vector<token> seen;
    EXPECT_EQ(hub.drain(
                  [&](completion &c)
                  {
                      seen.push_back(c.which);
                      EXPECT_EQ(c.bytes, 10 * c.which);
                      EXPECT_EQ(c.status, std::errc::message_size);
                  }),
              200U);
    for (std::size_t i = 0; i < seen.size(); ++i)
        EXPECT_EQ(seen[i], i + 1);
    EXPECT_FALSE(readable(hub));
}

TEST_P(CompletionHub, WakesOnceForABurst)
{
    completion_hub hub(GetParam());
    auto posted = records(1000);
    for (completion &c : posted)
        hub.post(c);
    EXPECT_EQ(hub.wakes(), 1U);
    EXPECT_TRUE(readable(hub));
}

TEST_P(CompletionHub, WhoTakesWhatHePostedIsNotWoken)
{
    completion_hub hub(GetParam());
    auto posted = records(3);
    hub.post_to_taker(posted[0]);
    hub.post(posted[1]); // relies on the taker too
    hub.post_to_taker(posted[2]);
    EXPECT_EQ(hub.wakes(), 0U);
    EXPECT_FALSE(readable(hub));
    std::vector<token> seen;
    EXPECT_EQ(hub.drain([&](completion &c) { seen.push_back(c.which); }), 3U);
    EXPECT_EQ(seen, (std::vector<token>{1, 2, 3}));
    hub.post(posted[0]);
    EXPECT_TRUE(readable(hub));
}

TEST_P(CompletionHub, StaysReadableWhenABoundedDrainLeftSomething)
{
    completion_hub hub(GetParam());
    auto posted = records(10);
    for (completion &c : posted)
        hub.post(c);
    EXPECT_EQ(hub.drain([](completion &) {}, 7), 7U);
    EXPECT_TRUE(readable(hub));
    EXPECT_EQ(hub.drain([](completion &) {}, 7), 3U);
    EXPECT_FALSE(readable(hub));
}

TEST_P(CompletionHub, LosesNothingWhenOneCompletionThrows)
{
    completion_hub hub(GetParam());
    auto posted = records(5);
    for (completion &c : posted)
        hub.post(c);
    std::vector<token> seen;
    auto use = [&](completion &c)
    {
        seen.push_back(c.which);
        if (c.which == 2)
            throw std::runtime_error("a callback that raises");
    };
    EXPECT_THROW(hub.drain(use), std::runtime_error);
    EXPECT_TRUE(readable(hub));
    EXPECT_EQ(hub.drain(use), 3U);
    EXPECT_EQ(seen, (std::vector<token>{1, 2, 3, 4, 5}));
}

TEST_P(CompletionHub, ARecordMayBePostedAgainFromItsOwnCompletion)
{
    completion_hub hub(GetParam());
    completion one;
    int rounds = 0;
    hub.post(one);
    hub.drain(
        [&](completion &c)
        {
            if (++rounds < 3)
                hub.post(c);
        });
    while (readable(hub))
        hub.drain(
            [&](completion &c)
            {
                if (++rounds < 3)
                    hub.post(c);
            });
    EXPECT_EQ(rounds, 3);
}

TEST_P(CompletionHub, CarriesReleasesToTheLoop)
{
    completion_hub hub(GetParam());
    slot_table<std::shared_ptr<int>> owners;
    auto buffer = std::make_shared<int>(42);
    std::weak_ptr<int> watch = buffer;
    completion record;
    record.kind = completion_kind::release;
    record.which = owners.put(std::move(buffer));
    std::thread([&] { hub.post(record); }).join();
    EXPECT_FALSE(watch.expired()) << "a worker must not drop what it carries a token for";
    hub.drain(
        [&](completion &c)
        {
            ASSERT_EQ(c.kind, completion_kind::release);
            (void)owners.take(c.which);
        });
    EXPECT_TRUE(watch.expired());
}

TEST_P(CompletionHub, DeliversAllBurstsOfSeveralWorkersInOrder)
{
    constexpr std::size_t workers = 4, each = 5000;
    completion_hub hub(GetParam());
    std::vector<std::vector<completion>> posted(workers);
    std::vector<std::uint64_t> next(workers, 0);
    std::atomic<std::size_t> got{0};
    test::fake_host host;
    {
        test::fake_loop loop(host, hub.fd(),
                             [&]
                             {
                                 hub.drain(
                                     [&](completion &c)
                                     {
                                         EXPECT_EQ(c.bytes, next[c.object]) << "order of one worker";
                                         next[c.object] = c.bytes + 1;
                                         got.fetch_add(1);
                                     },
                                     100);
                             });
        std::vector<std::thread> threads;
        for (std::size_t w = 0; w < workers; ++w)
        {
            posted[w].resize(each);
            threads.emplace_back(
                [&, w]
                {
                    for (std::size_t i = 0; i < each; ++i)
                    {
                        posted[w][i].object = w;
                        posted[w][i].bytes = i;
                        hub.post(posted[w][i]);
                        if (i % 97 == w)
                            std::this_thread::yield();
                    }
                });
        }
        for (std::thread &t : threads)
            t.join();
        EXPECT_TRUE(test::eventually([&] { return got.load() == workers * each; })) << got.load();
    }
}

INSTANTIATE_TEST_SUITE_P(Wakes, CompletionHub, ::testing::Values(wake_kind::eventfd, wake_kind::pipe),
                         [](const auto &info) { return info.param == wake_kind::pipe ? "Pipe" : "Eventfd"; });

TEST(CompletionHubKind, RefusesAWakeWithoutADescriptor)
{
    EXPECT_THROW(completion_hub hub(wake_kind::futex), std::invalid_argument);
}

} // namespace
} // namespace heapwire::host
