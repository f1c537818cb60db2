// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/wire/reject.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

using namespace heapwire::wire;

TEST(RejectTable, NamesEveryReasonOnce)
{
    std::set<std::string_view> counters;
    std::set<std::string_view> texts;
    for (std::size_t i = 0; i < reject_count; ++i)
    {
        const reject_entry &entry = reject_table()[i];
        EXPECT_EQ(static_cast<std::size_t>(entry.reason), i);
        EXPECT_TRUE(counters.insert(entry.counter).second) << entry.counter;
        EXPECT_TRUE(texts.insert(entry.text).second) << entry.text;
        EXPECT_EQ(to_string(entry.reason), entry.text);
    }
}

TEST(RejectTable, CountersOfRefusedPacketsShareAPrefix)
{
    for (std::size_t i = 1; i < reject_count; ++i)
        EXPECT_EQ(reject_table()[i].counter.substr(0, 10), "malformed_");
}

TEST(RejectTable, AnswersForNumbersThatAreNoReason)
{
    EXPECT_EQ(to_string(static_cast<reject>(200)), "unknown reason");
}
