// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/memory/copy.h"

#include <algorithm>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace heapwire
{
namespace
{

std::vector<named_copy> every_copy()
{
    const auto streaming = nontemporal_copies();
    std::vector<named_copy> all(streaming.begin(), streaming.end());
    for (const named_copy &kind : streaming)
        all.push_back({kind.name, kind.unfenced});
    all.push_back({"copy_plain", copy_plain});
    all.push_back({"copy_automatic", copy_automatic});
    all.push_back({"copy_nontemporal", copy_nontemporal});
    return all;
}

std::vector<std::byte> pattern(std::size_t size)
{
    std::vector<std::byte> out(size);
    for (std::size_t i = 0; i < size; ++i)
        out[i] = static_cast<std::byte>(i * 7 + i / 256);
    return out;
}

void expect_copied(const named_copy &kind, std::size_t to_offset, std::size_t from_offset, std::size_t size)
{
    constexpr std::byte untouched{0xee};
    const auto from = pattern(from_offset + size);
    std::vector<std::byte> to(to_offset + size + 64, untouched);
    kind.copy(to.data() + to_offset, from.data() + from_offset, size);
    const auto at = to.begin() + static_cast<std::ptrdiff_t>(to_offset);
    const auto end = at + static_cast<std::ptrdiff_t>(size);
    const auto is_untouched = [&](std::byte b) { return b == untouched; };
    ASSERT_TRUE(std::equal(at, end, from.begin() + static_cast<std::ptrdiff_t>(from_offset)))
        << kind.name << ' ' << to_offset << ' ' << from_offset << ' ' << size;
    ASSERT_TRUE(std::all_of(to.begin(), at, is_untouched)) << kind.name << ": wrote before the place";
    ASSERT_TRUE(std::all_of(end, to.end(), is_untouched)) << kind.name << ": wrote past the place";
}

TEST(Copy, EveryKindCopiesEverySizeAndNothingElse)
{
    for (const named_copy &kind : every_copy())
    {
        for (std::size_t size = 0; size < 700; ++size)
            expect_copied(kind, size % 65, size % 13, size);
        for (const std::size_t size : {1472u, 4096u, 9000u, 65507u})
            expect_copied(kind, 1, 0, size);
    }
}

TEST(Copy, EveryKindCopiesBetweenAllAlignments)
{
    for (const named_copy &kind : every_copy())
    {
        for (std::size_t to = 0; to < 64; ++to)
        {
            for (const std::size_t from : {0, 1, 8, 31, 63})
                expect_copied(kind, to, from, 1000);
        }
    }
}

TEST(Copy, EveryKindTakesNullForNoBytes)
{
    for (const named_copy &kind : every_copy())
        kind.copy(nullptr, nullptr, 0);
}

TEST(Copy, UnfencedCopiesAreSeenByOtherThreadsAfterAFence)
{
    for (const named_copy &kind : nontemporal_copies())
    {
        const auto from = pattern(100'000);
        std::vector<std::byte> to(from.size());
        std::atomic<bool> done{false};
        std::thread writer(
            [&]
            {
                kind.unfenced(to.data(), from.data(), from.size());
                fence_nontemporal();
                done.store(true, std::memory_order_release);
            });
        while (!done.load(std::memory_order_acquire))
            std::this_thread::yield();
        EXPECT_EQ(to, from) << kind.name;
        writer.join();
    }
}

TEST(Copy, TheKindInUseIsTheFirstOfThoseThatRunHere)
{
    ASSERT_FALSE(nontemporal_copies().empty());
    EXPECT_STREQ(nontemporal_kind(), nontemporal_copies().front().name);
    const std::vector<std::string> known = {"sse2", "avx", "avx512", "sve", "plain"};
    for (const named_copy &kind : nontemporal_copies())
        EXPECT_NE(std::find(known.begin(), known.end(), kind.name), known.end()) << kind.name;
}

} // namespace
} // namespace heapwire
