// SPDX-License-Identifier: BSD-3-Clause
// Random conversations: whatever the interleaving of pushes, partial and failing writes and time, each accepted group
// completes once, in order, with the bytes of its written packets and its first error, and nothing comes twice.
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "heapwire/base/error.h"
#include "heapwire/wire/packet_view.h"
#include "send/sending.h"

namespace heapwire::test
{
namespace
{

using send::next_step;

class conversation
{
public:
    conversation(std::uint32_t seed, send::options how) : random_(seed), how_(how), sender_(how, 3) {}

    void run(int steps)
    {
        for (int i = 0; i < steps && !testing::Test::HasFailure(); ++i)
        {
            switch (below(4))
            {
            case 0:
                push();
                break;
            case 1:
                take_completions();
                break;
            default:
                write();
            }
        }
    }

    void run_dry()
    {
        while (!sender_.idle() && !testing::Test::HasFailure())
            write();
        take_completions();
        EXPECT_TRUE(waiting_.empty());
        EXPECT_EQ(sender_.statistics().bytes, bytes_);
        EXPECT_EQ(sender_.statistics().heaps, heaps_);
    }

    void stop()
    {
        sender_.stop();
        for (group &each : waiting_)
            if (each.left != 0 && !each.error)
                each.error = errc::stopped;
        for (group &each : waiting_)
            each.left = 0;
        take_completions();
        EXPECT_TRUE(waiting_.empty());
        EXPECT_EQ(sender_.statistics().heaps, heaps_);
    }

private:
    struct group
    {
        std::uint64_t token;
        std::size_t left; ///< payload bytes that are not done
        std::uint64_t bytes = 0;
        std::error_code error;
    };
    struct sent_heap
    {
        std::uint64_t token;
        std::uint64_t next_offset = 0;
        std::uint64_t length;
    };

    std::uint64_t below(std::uint64_t n) { return random_() % n; }

    void push()
    {
        std::size_t n = 1 + below(below(3) == 0 ? 6 : 1);
        std::vector<send::heap_reference> references;
        group made{.token = next_token_, .left = 0, .error = {}};
        std::uint64_t cnt = next_cnt_;
        std::vector<sent_heap> sent;
        for (std::size_t i = 0; i < n; ++i)
        {
            std::size_t size = 9 + below(400); // never padded
            store_.emplace_back().add(0x1000, counting(size));
            references.push_back({.heap = &store_.back().heap, .substream = below(3)});
            made.left += size;
            sent.push_back({.token = made.token, .length = size});
        }
        auto mode = below(2) ? send::group_mode::serial : send::group_mode::round_robin;
        std::size_t queued = sender_.queued();
        std::error_code refused = sender_.push(references, mode, numbered(made.token));
        if (n > how_.max_heaps - queued)
        {
            EXPECT_EQ(refused, errc::queue_full);
            return;
        }
        ASSERT_FALSE(refused);
        for (const sent_heap &heap : sent)
            in_flight_[cnt++] = heap;
        next_cnt_ = cnt;
        ++next_token_;
        heaps_ += n;
        waiting_.push_back(made);
    }

    void write()
    {
        now_ += std::chrono::nanoseconds(below(200));
        next_step step = sender_.next(now_);
        if (step.what == next_step::idle)
            return;
        if (step.what == next_step::wait)
        {
            ASSERT_GT(step.until, now_);
            if (below(2))
                now_ = step.until;
            return;
        }
        ASSERT_FALSE(step.packets.empty());
        std::size_t count = below(3) == 0 ? below(step.packets.size() + 1) : step.packets.size();
        std::error_code error;
        if (below(8) == 0)
            error = std::make_error_code(below(2) ? std::errc::message_size : std::errc::network_down);
        for (const send::packet &packet : step.packets.first(count))
            account(flatten(packet), error);
        sender_.written(count, error, now_);
    }

    void account(const bytes &packet, std::error_code error)
    {
        wire::packet_view view;
        ASSERT_EQ(wire::parse_packet(packet, wire::framing::datagram, view), wire::reject::none);
        auto found = in_flight_.find(view.heap_cnt);
        ASSERT_NE(found, in_flight_.end());
        sent_heap &heap = found->second;
        ASSERT_EQ(view.payload_offset, heap.next_offset) << "packets of a heap come once and in order";
        heap.next_offset += view.payload.size();
        ASSERT_LE(heap.next_offset, heap.length);
        group &of = waiting_.at(heap.token - waiting_.front().token);
        of.left -= view.payload.size();
        if (!error)
        {
            of.bytes += packet.size();
            bytes_ += packet.size();
        }
        else if (!of.error)
            of.error = error;
    }

    void take_completions()
    {
        for (const send::finished &done : take(sender_))
        {
            ASSERT_FALSE(waiting_.empty());
            const group &wanted = waiting_.front();
            EXPECT_EQ(done.whom.token, wanted.token);
            EXPECT_EQ(wanted.left, 0u);
            EXPECT_EQ(done.what.bytes, wanted.bytes);
            EXPECT_EQ(done.what.error, wanted.error);
            waiting_.pop_front();
        }
        EXPECT_TRUE(waiting_.empty() || waiting_.front().left != 0) << "a completion is due";
    }

    std::mt19937 random_;
    send::options how_;
    send::sender sender_;
    send::time_point now_ = at_ns(0);
    std::deque<test_heap> store_;
    std::deque<group> waiting_;
    std::map<std::uint64_t, sent_heap> in_flight_; ///< by cnt
    std::uint64_t next_token_ = 0;
    std::uint64_t next_cnt_ = 1;
    std::uint64_t heaps_ = 0;
    std::uint64_t bytes_ = 0;
};

class SenderSteps : public testing::TestWithParam<std::uint32_t>
{
protected:
    static send::options options_for(std::uint32_t seed)
    {
        send::options how;
        how.max_packet_size = 56 + 8 * (seed % 20);
        how.max_heaps = 1 + seed % 37;
        how.packets = seed % 2 ? send::split::even : send::split::full;
        if (seed % 3 == 0)
        {
            how.rate = 1e9;
            how.burst_size = seed % 5 * 100;
        }
        return how;
    }
};

TEST_P(SenderSteps, EveryGroupCompletesOnceAndInOrder)
{
    conversation talk(GetParam(), options_for(GetParam()));
    talk.run(600);
    talk.run_dry();
}

TEST_P(SenderSteps, StopCompletesWhatIsLeft)
{
    conversation talk(GetParam(), options_for(GetParam()));
    talk.run(static_cast<int>(50 + GetParam() * 3));
    talk.stop();
}

INSTANTIATE_TEST_SUITE_P(Seeds, SenderSteps, testing::Range(0u, 40u));

} // namespace
} // namespace heapwire::test
