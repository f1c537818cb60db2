// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/base/process_seed.h"

#include <cerrno>
#include <system_error>

#include <gtest/gtest.h>

namespace heapwire
{
namespace
{

TEST(ProcessSeed, IsTheSameInEveryCall) { EXPECT_EQ(process_seed(), process_seed()); }

TEST(ProcessSeed, IsWhatTheSystemAnswers)
{
    EXPECT_EQ(seed_from([] { return std::uint64_t{42}; }), 42U);
}

TEST(ProcessSeed, IsThereWhenTheSystemHasNone)
{
    const std::uint64_t seed =
        seed_from([]() -> std::uint64_t { throw std::system_error(EMFILE, std::system_category(), "no entropy"); });
    EXPECT_NE(seed, 0U);
}

} // namespace
} // namespace heapwire
