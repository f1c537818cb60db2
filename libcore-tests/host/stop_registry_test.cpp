// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/host/stop_registry.h"

#include <gtest/gtest.h>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "host/fake_host.h"

namespace heapwire::host
{
namespace
{

using story = std::vector<std::string>;

struct told : stoppable
{
    told(story &where, std::string name) : where_(where), name_(std::move(name)) {}
    void request_stop() noexcept override { where_.push_back("ask " + name_); }
    bool join(steady_time) override
    {
        where_.push_back("join " + name_);
        if (throws)
            throw std::runtime_error(name_);
        return !late;
    }
    bool throws = false, late = false;

private:
    story &where_;
    std::string name_;
};

TEST(StopRegistry, AsksEverybodyBeforeItJoinsAnybodyAndUsersBeforePoolsBeforeTheLog)
{
    story s;
    stop_registry registry;
    auto log = std::make_shared<told>(s, "log"), pool = std::make_shared<told>(s, "pool"),
         stream = std::make_shared<told>(s, "stream"), sender = std::make_shared<told>(s, "sender");
    auto r1 = registry.add(stop_kind::log, log);
    auto r2 = registry.add(stop_kind::pool, pool);
    auto r3 = registry.add(stop_kind::user, stream);
    auto r4 = registry.add(stop_kind::user, sender);
    EXPECT_TRUE(registry.stop_all(test::patience()).clean());
    EXPECT_EQ(s, (story{"ask log", "ask pool", "ask stream", "ask sender", "join sender", "join stream", "join pool",
                        "join log"}));
}

TEST(StopRegistry, OneThatFailsDoesNotSkipTheRest)
{
    story s;
    stop_registry registry;
    std::vector<std::shared_ptr<told>> all;
    std::vector<stop_registry::registration> kept;
    for (int i = 0; i < 5; ++i)
    {
        all.push_back(std::make_shared<told>(s, std::to_string(i)));
        kept.push_back(registry.add(stop_kind::user, all.back()));
    }
    all[1]->throws = true;
    all[3]->throws = true;
    all[2]->late = true;
    stop_report report = registry.stop_all(test::patience());
    EXPECT_EQ(report.failed, 2U);
    EXPECT_EQ(report.late, 1U);
    EXPECT_EQ(report.stopped, 2U);
    EXPECT_EQ(s.size(), 10U);
}

TEST(StopRegistry, RefusesWhatIsMadeAfterTheEnd)
{
    story s;
    stop_registry registry;
    auto early = std::make_shared<told>(s, "early");
    registry.require_open();
    (void)registry.stop_all(test::patience());
    EXPECT_TRUE(registry.ended());
    EXPECT_THROW((void)registry.add(stop_kind::user, early), std::runtime_error);
    EXPECT_THROW(registry.require_open(), std::runtime_error);
    registry.reopen();
    EXPECT_NO_THROW((void)registry.add(stop_kind::user, early));
}

TEST(StopRegistry, ForgetsWhatIsGone)
{
    story s;
    stop_registry registry;
    {
        auto brief = std::make_shared<told>(s, "brief");
        auto r = registry.add(stop_kind::user, brief);
        auto moved = std::move(r);
        EXPECT_EQ(registry.size(), 1U);
    }
    EXPECT_EQ(registry.size(), 0U);
    auto unkept = registry.add(stop_kind::user, std::make_shared<told>(s, "dead, but still registered"));
    EXPECT_TRUE(registry.stop_all(test::patience()).clean());
    EXPECT_TRUE(s.empty());
}

TEST(StopRegistry, StoppingTwiceIsHarmless)
{
    story s;
    stop_registry registry;
    auto one = std::make_shared<told>(s, "one");
    auto r = registry.add(stop_kind::user, one);
    (void)registry.stop_all(test::patience());
    EXPECT_TRUE(registry.stop_all(test::patience()).clean());
}

TEST(StopRegistry, AChildAbandonsEverythingAndStartsAnew)
{
    story s;
    stop_registry registry;
    auto parents = std::make_shared<told>(s, "parent's");
    auto r = registry.add(stop_kind::user, parents);
    registry.abandon_all();
    EXPECT_EQ(registry.size(), 0U);
    EXPECT_FALSE(registry.ended());
    EXPECT_TRUE(registry.stop_all(test::patience()).clean());
    EXPECT_TRUE(s.empty()) << "nobody may touch an orphan";
}

TEST(StopRegistry, ComingAndGoingWhileItStopsIsSafe)
{
    struct quiet : stoppable
    {
        void request_stop() noexcept override { asked.store(true); }
        bool join(steady_time) override { return asked.load(); }
        std::atomic<bool> asked{false};
    };
    for (int round = 0; round < 20; ++round)
    {
        stop_registry registry;
        std::vector<std::thread> threads;
        std::atomic<bool> begun{false};
        for (int t = 0; t < 3; ++t)
        {
            threads.emplace_back(
                [&]
                {
                    for (;;)
                    {
                        auto object = std::make_shared<quiet>();
                        try
                        {
                            auto r = registry.add(stop_kind::user, object);
                            begun.store(true);
                        }
                        catch (const std::runtime_error &)
                        {
                            return;
                        }
                    }
                });
        }
        while (!begun.load())
            std::this_thread::yield();
        EXPECT_TRUE(registry.stop_all(test::patience()).clean());
        for (std::thread &t : threads)
            t.join();
        EXPECT_EQ(registry.size(), 0U);
    }
}

TEST(StopRegistry, TheProcessHasOneThatIsNeverDestroyed) { EXPECT_EQ(&process_registry(), &process_registry()); }

} // namespace
} // namespace heapwire::host
