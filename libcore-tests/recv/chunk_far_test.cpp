// SPDX-License-Identifier: BSD-3-Clause
/// One absurd chunk id must not move the window for good.
#include <gtest/gtest.h>

#include "chunking.h"

namespace heapwire::test
{
namespace
{

using recv::chunk_stat;
using recv::flow;
using ids = std::vector<std::int64_t>;

constexpr std::uint64_t absurd = 1'000'000'000;

TEST(FarChunkIds, OneOfThemChangesNothing)
{
    driven_stream s;
    s.give({make_small(1, {0}), make_small(2, {absurd}), make_small(3, {1}), make_small(4, {2})});
    s.end();
    EXPECT_EQ(s.supply->ids(), (ids{0, 1, 2}));
    EXPECT_EQ(s.count(chunk_stat::far_heaps), 1U);
    EXPECT_EQ(s.count(chunk_stat::chunk_heaps), 3U);
}

TEST(FarChunkIds, ACopyOfItIsNoSecondOpinion)
{
    driven_stream s;
    s.give({make_small(1, {0}), make_small(2, {absurd}), make_small(2, {absurd}), make_small(3, {0, 1})});
    EXPECT_EQ(s.count(chunk_stat::far_heaps), 2U);
    EXPECT_EQ(s.count(chunk_stat::chunk_heaps), 2U);
}

TEST(FarChunkIds, ManyThatDisagreeBetweenGoodOnesChangeNothing)
{
    driven_stream s;
    std::uint64_t cnt = 1;
    for (std::uint64_t id = 0; id < 50; ++id)
    {
        s.give(make_small(cnt++, {id}));
        s.give(make_small(cnt++, {absurd + 7777777 * id}));
        s.give(make_small(cnt++, {3 * absurd + 7777777 * id}));
    }
    s.end();
    EXPECT_EQ(s.count(chunk_stat::chunk_heaps), 50U);
    EXPECT_EQ(s.supply->ids().size(), 50U);
}

TEST(FarChunkIds, AreBelievedWhenASecondHeapAgrees)
{
    driven_stream s;
    s.give({make_small(1, {0}), make_small(2, {absurd}), make_small(3, {absurd + 1}), make_small(4, {absurd + 1, 1})});
    EXPECT_EQ(s.count(chunk_stat::far_heaps), 1U);
    // Once it was believed, jumps of this width are known.
    s.give({make_small(5, {2 * absurd}), make_small(6, {2 * absurd, 1})});
    EXPECT_EQ(s.count(chunk_stat::far_heaps), 1U);
    s.end();
    EXPECT_EQ(s.supply->ids().back(), static_cast<std::int64_t>(2 * absurd));
    EXPECT_EQ(s.count(chunk_stat::chunk_heaps), 5U);
}

TEST(FarChunkIds, AreBelievedWhenNothingElseComes)
{
    driven_stream s;
    s.give(make_small(1, {0}));
    for (std::uint64_t n = 1; n <= 20; ++n)
        s.give(make_small(1 + n, {n * absurd}));
    EXPECT_EQ(s.count(chunk_stat::far_heaps), 7U);
    EXPECT_EQ(s.count(chunk_stat::chunk_heaps), 14U);
}

TEST(FarChunkIds, OfTheVeryFirstHeapAreTakenBack)
{
    driven_stream s;
    s.give({make_small(1, {absurd, 2}), make_small(2, {5}), make_small(3, {5, 1}), make_small(4, {6})});
    EXPECT_EQ(s.supply->discarded, 2);
    s.end();
    EXPECT_EQ(s.supply->ids(), (ids{4, 5, 6}));
    EXPECT_EQ(s.count(chunk_stat::far_heaps), 1U);
    EXPECT_EQ(flags_of(*s.supply->done[1]), (std::vector{0, 1, 0, 0, 0, 0, 0, 0}));
}

TEST(FarChunkIds, AHeapInFlightInATakenBackChunkIsThrownAway)
{
    driven_stream s;
    const auto lost = make_placed_heap(1, {absurd, 2, 8}, 16, 8);
    s.give({lost[0], make_small(2, {5}), make_small(3, {5, 1}), lost[1]});
    s.end();
    EXPECT_EQ(s.count(chunk_stat::far_heaps), 2U);
    EXPECT_EQ(s.count(chunk_stat::chunk_heaps), 1U);
    EXPECT_EQ(all_fates(s.stream.statistics()), s.count(recv::stat::heaps));
}

TEST(FarChunkIds, NeverGoBackOnceOthersAgreed)
{
    driven_stream s;
    s.give({make_small(1, {absurd}), make_small(2, {absurd, 1}), make_small(3, {5}), make_small(4, {5, 1})});
    EXPECT_EQ(s.count(chunk_stat::too_old_heaps), 2U);
    s.end();
    EXPECT_EQ(s.supply->ids().back(), static_cast<std::int64_t>(absurd));
}

TEST(FarChunkIds, AreTakenAtOnceIfTheUserSaysSo)
{
    auto where = believing();
    where.max_jump = recv::any_jump;
    driven_stream s(where);
    s.give({make_small(1, {0}), make_small(2, {absurd})});
    s.end();
    EXPECT_EQ(s.count(chunk_stat::far_heaps), 0U);
    EXPECT_EQ(s.supply->ids(), (ids{0, static_cast<std::int64_t>(absurd) - 1, static_cast<std::int64_t>(absurd)}));
}

TEST(FarChunkIds, AJumpThatHasToWaitForAChunkIsStillBelieved)
{
    driven_stream s;
    s.give({make_small(1, {0}), make_small(2, {absurd})});
    s.supply->chunks = 0;
    EXPECT_EQ(s.give(make_small(3, {absurd})).state, flow::full);
    EXPECT_EQ(s.give(make_small(3, {absurd})).state, flow::full);
    s.supply->chunks = 10;
    EXPECT_EQ(s.give(make_small(3, {absurd})).state, flow::go_on);
    EXPECT_EQ(s.count(chunk_stat::far_heaps), 1U);
}

} // namespace
} // namespace heapwire::test
