// SPDX-License-Identifier: BSD-3-Clause
#include <fstream>
#include <set>
#include <sstream>

#include <gtest/gtest.h>

#include "heapwire/recv/stats.h"

namespace heapwire::recv
{
namespace
{

TEST(Stats, HaveOneEntryForEveryEnumerator)
{
    ASSERT_EQ(stat_table().size(), builtin_stat_count);
    std::set<std::string> names;
    for (const stat_entry &entry : stat_table())
    {
        names.insert(entry.name);
        EXPECT_FALSE(entry.text.empty()) << entry.name;
    }
    EXPECT_EQ(names.size(), builtin_stat_count) << "names must be unique";
    for (const wire::reject_entry &entry : wire::reject_table())
    {
        if (entry.reason != wire::reject::none)
        {
            EXPECT_EQ(stat_table()[stat_index(entry.reason)].name, entry.counter);
        }
    }
    for (std::size_t i = 1; i < join_count; ++i)
        EXPECT_EQ(stat_table()[stat_index(static_cast<join>(i))].name, describe(static_cast<join>(i)).counter);
    EXPECT_EQ(stat_index(static_cast<join>(join_count - 1)), builtin_stat_count - 1);
}

TEST(Stats, KeepTheIncumbentsNineInFront)
{
    const std::vector<std::string> nine{"heaps",
                                        "incomplete_heaps_evicted",
                                        "incomplete_heaps_flushed",
                                        "packets",
                                        "batches",
                                        "max_batch",
                                        "single_packet_heaps",
                                        "search_dist",
                                        "worker_blocked"};
    for (std::size_t i = 0; i < nine.size(); ++i)
        EXPECT_EQ(stat_table()[i].name, nine[i]);
    EXPECT_EQ(stat_table()[stat_index(stat::datagrams)].name, "datagrams");
    EXPECT_EQ(stat_table()[stat_index(stat::packets_accepted)].name, describe(join::accepted).counter);
    EXPECT_EQ(stat_table()[stat_index(stat::kernel_drops)].name, "kernel_drops");
    EXPECT_EQ(stat_table()[stat_index(stat::max_batch)].mode, stat_mode::maximum);
}

TEST(Stats, AddCountersAndTakeLargerMaxima)
{
    const std::vector<custom_stat> custom{{"mine", stat_mode::counter}, {"largest", stat_mode::maximum}};
    stats a(custom), b(custom);
    a.values()[stat_index(stat::packets)] = 3;
    b.values()[stat_index(stat::packets)] = 4;
    a.values()[stat_index(stat::max_batch)] = 9;
    b.values()[stat_index(stat::max_batch)] = 5;
    for (stats *s : {&a, &b})
        s->values()[builtin_stat_count] = s->values()[builtin_stat_count + 1] = 10;
    a += b;
    EXPECT_EQ(a[stat::packets], 7U);
    EXPECT_EQ(a[stat::max_batch], 9U);
    EXPECT_EQ(a.at("mine"), 20U);
    EXPECT_EQ(a.at("largest"), 10U);
    EXPECT_EQ(a.entry(builtin_stat_count).name, "mine");
    EXPECT_THROW(static_cast<void>(a.at("nobody's")), std::out_of_range);
    EXPECT_THROW(static_cast<void>(a.at(a.size())), std::out_of_range);
    EXPECT_THROW(static_cast<void>(a.entry(a.size())), std::out_of_range);
    EXPECT_THROW(a += stats(), std::invalid_argument);
}

/// The page of the reference documentation must say what the table says.
TEST(Stats, StandInTheReferencePageAsTheyAre)
{
    std::ifstream page(HEAPWIRE_STATISTICS_PAGE);
    ASSERT_TRUE(page) << HEAPWIRE_STATISTICS_PAGE;
    std::vector<std::string> found;
    for (std::string line; std::getline(page, line);)
        if (line.starts_with("| `"))
            found.push_back(line);
    std::vector<std::string> wanted;
    for (const stat_entry &entry : stat_table())
        wanted.push_back("| `" + entry.name + "` | " + (entry.mode == stat_mode::maximum ? "maximum" : "counter") +
                         " | " + entry.text + " |");
    std::ostringstream text;
    for (const std::string &line : wanted)
        text << line << '\n';
    EXPECT_EQ(found, wanted) << "the table of docs/reference/statistics.md should be:\n" << text.str();
}

} // namespace
} // namespace heapwire::recv
