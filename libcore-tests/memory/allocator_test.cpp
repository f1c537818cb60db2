// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/memory/allocator.h"

#include <cerrno>
#include <cstring>
#include <limits>
#include <new>
#include <stdexcept>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

namespace heapwire
{
namespace
{

std::uintptr_t address(const buffer &b) { return reinterpret_cast<std::uintptr_t>(b.data()); }

void use(buffer &b) { std::memset(b.data(), 0x5a, b.size()); }

/// Whether the kernel holds pages for all of it.
bool resident(const buffer &b)
{
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    std::vector<unsigned char> pages((b.size() + page - 1) / page);
    if (mincore(const_cast<std::byte *>(b.data()), b.size(), pages.data()) != 0)
        return false;
    for (const unsigned char p : pages)
    {
        if ((p & 1) == 0)
            return false;
    }
    return true;
}

TEST(Buffer, ReleasesOnceWhoeverHoldsItLast)
{
    int released = 0;
    const auto count = [](std::byte *, std::size_t, void *context) noexcept { ++*static_cast<int *>(context); };
    std::byte place[4];
    {
        buffer first(place, 4, count, &released);
        buffer second(std::move(first));
        EXPECT_FALSE(first);
        EXPECT_TRUE(second);
        buffer third;
        third = std::move(second);
        EXPECT_EQ(third.size(), 4u);
        EXPECT_EQ(released, 0);
    }
    EXPECT_EQ(released, 1);
}

TEST(Buffer, ReleasesWhatItHeldWhenAssignedTo)
{
    int released = 0;
    const auto count = [](std::byte *, std::size_t, void *context) noexcept { ++*static_cast<int *>(context); };
    std::byte place[4];
    buffer b(place, 4, count, &released);
    b = buffer();
    EXPECT_EQ(released, 1);
    b.reset();
    EXPECT_EQ(released, 1);
}

TEST(AlignedAllocator, AlignsToWhatWasAskedFor)
{
    for (const std::size_t alignment : {1, 2, 8, 16, 64, 256, 512, 4096, 65536})
    {
        const auto a = make_aligned_allocator(alignment);
        for (const std::size_t size : {1, 7, 64, 1000, 100000})
        {
            buffer b = a->allocate(size, nullptr);
            EXPECT_EQ(address(b) % alignment, 0u) << alignment;
            EXPECT_EQ(b.size(), size);
            use(b);
        }
    }
    EXPECT_EQ(address(default_allocator()->allocate(10, nullptr)) % 64, 0u);
}

TEST(AlignedAllocator, RefusesAnAlignmentThatIsNoPowerOfTwo)
{
    for (const std::size_t alignment : {0, 3, 48})
        EXPECT_THROW((void)make_aligned_allocator(alignment), std::invalid_argument);
}

TEST(AlignedAllocator, GivesAnEmptyBufferAPlace)
{
    const buffer b = default_allocator()->allocate(0, nullptr);
    EXPECT_NE(b.data(), nullptr);
    EXPECT_EQ(b.size(), 0u);
    EXPECT_TRUE(b);
}

TEST(AlignedAllocator, ThrowsBadAllocForSizesThatCannotBe)
{
    constexpr std::size_t most = std::numeric_limits<std::size_t>::max();
    for (const std::size_t size : {most, most - 32, most / 2})
    {
        EXPECT_THROW((void)make_aligned_allocator(64)->allocate(size, nullptr), std::bad_alloc);
        EXPECT_THROW((void)make_aligned_allocator(4096)->allocate(size, nullptr), std::bad_alloc);
    }
}

TEST(AlignedAllocator, MayGoBeforeItsBuffersAndBuffersMayGoOnAnotherThread)
{
    auto a = make_aligned_allocator(128);
    buffer b = a->allocate(1000, nullptr);
    a.reset();
    std::thread([mine = std::move(b)]() mutable { use(mine); }).join();
}

TEST(MmapAllocator, GivesPagesThatAreThereAlready)
{
    const auto a = make_mmap_allocator();
    for (const std::size_t size : {1, 4096, 100000, 1 << 20})
    {
        buffer b = a->allocate(size, nullptr);
        EXPECT_EQ(b.size(), size);
        EXPECT_EQ(address(b) % 4096, 0u);
        EXPECT_TRUE(resident(b));
        EXPECT_EQ(b.data()[size - 1], std::byte{0});
        use(b);
    }
}

TEST(MmapAllocator, GivesTheMemoryBack)
{
    const auto a = make_mmap_allocator();
    buffer b = a->allocate(5000, nullptr);
    std::byte *const data = b.data();
    b.reset();
    unsigned char page = 0;
    EXPECT_EQ(mincore(data, 1, &page), -1) << "still mapped";
    EXPECT_EQ(errno, ENOMEM);
}

TEST(MmapAllocator, FallsBackToOrdinaryPagesWhereHugeOnesArePreferred)
{
    const auto a = make_mmap_allocator(huge_pages::prefer);
    for (const std::size_t size : {1, 100000, 3 << 20})
    {
        buffer b = a->allocate(size, nullptr);
        EXPECT_EQ(b.size(), size);
        EXPECT_TRUE(resident(b));
        use(b);
    }
}

TEST(MmapAllocator, GivesHugePagesOrNothingWhereTheyAreRequired)
{
    const auto a = make_mmap_allocator(huge_pages::require);
    try
    {
        buffer b = a->allocate(100, nullptr);
        EXPECT_EQ(address(b) % (std::size_t{1} << 16), 0u) << "no huge page is smaller than 64 KiB";
        use(b);
    }
    catch (const std::bad_alloc &)
    {
        GTEST_SKIP() << "this machine has no huge pages to give: see /proc/sys/vm/nr_hugepages";
    }
}

TEST(MmapAllocator, ThrowsBadAllocForSizesThatCannotBe)
{
    constexpr std::size_t most = std::numeric_limits<std::size_t>::max();
    for (const huge_pages huge : {huge_pages::no, huge_pages::prefer, huge_pages::require})
    {
        for (const std::size_t size : {most, most - 5000, most / 2})
            EXPECT_THROW((void)make_mmap_allocator(huge)->allocate(size, nullptr), std::bad_alloc);
    }
}

TEST(MmapAllocator, RefusesFlagsThatWouldShareOrOverwriteMemory)
{
    EXPECT_THROW((void)make_mmap_allocator(huge_pages::no, MAP_SHARED), std::invalid_argument);
    EXPECT_THROW((void)make_mmap_allocator(huge_pages::no, MAP_FIXED), std::invalid_argument);
    EXPECT_TRUE(make_mmap_allocator(huge_pages::no, MAP_NORESERVE)->allocate(10, nullptr));
}

} // namespace
} // namespace heapwire
