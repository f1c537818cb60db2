// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/memory/allocator.h"

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <limits>
#include <new>
#include <string>

#include <sys/mman.h>
#include <unistd.h>

#include "heapwire/base/error.h"

namespace heapwire
{

namespace
{

constexpr int huge_size_shift = 26; // MAP_HUGE_SHIFT: the page size as a power of two, in the flags of mmap
constexpr int huge_size_mask = 0x3f;

std::size_t ordinary_page_size() { return static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)); }

// The size that MAP_HUGETLB takes when the flags name none; munmap insists on multiples of it.
std::size_t default_huge_page_size()
{
    std::ifstream info("/proc/meminfo");
    std::string word;
    while (info >> word)
    {
        std::size_t kilobytes = 0;
        if (word == "Hugepagesize:" && info >> kilobytes && kilobytes > 0)
            return kilobytes * 1024;
    }
    return std::size_t{2} << 20;
}

std::size_t round_up(std::size_t size, std::size_t page)
{
    if (size > static_cast<std::size_t>(std::numeric_limits<std::ptrdiff_t>::max()) - page)
        throw std::bad_alloc();
    return (std::max<std::size_t>(size, 1) + page - 1) / page * page;
}

// What MAP_POPULATE does, for memory that first had to be told to use huge pages.
void populate(std::byte *data, std::size_t length, std::size_t page) noexcept
{
    constexpr int populate_write = 23; // MADV_POPULATE_WRITE of Linux 5.14; not in every libc, and older kernels refuse
    if (::madvise(data, length, populate_write) == 0)
        return;
    for (std::size_t at = 0; at < length; at += page)
        *static_cast<volatile std::byte *>(data + at) = std::byte{0};
}

class mmap_allocator final : public allocator
{
public:
    mmap_allocator(huge_pages huge, int extra_flags) : huge_(huge), extra_flags_(extra_flags)
    {
        const int named = (extra_flags >> huge_size_shift) & huge_size_mask;
        if (huge != huge_pages::no)
            huge_page_ = named != 0 ? std::size_t{1} << named : default_huge_page_size();
    }

    buffer allocate(std::size_t size, const std::byte *) override
    {
        if (huge_ != huge_pages::no)
        {
            const std::size_t length = round_up(size, huge_page_);
            if (std::byte *data = map(length, MAP_HUGETLB | MAP_POPULATE | extra_flags_))
                return owned(data, size, length);
            if (huge_ == huge_pages::require)
                throw std::bad_alloc();
        }
        const std::size_t length = round_up(size, page_);
        const int flags = extra_flags_ & ~(huge_size_mask << huge_size_shift);
        std::byte *data = map(length, huge_ == huge_pages::no ? flags | MAP_POPULATE : flags);
        if (data == nullptr)
            throw std::bad_alloc();
        if (huge_ == huge_pages::prefer)
        {
            (void)::madvise(data, length, MADV_HUGEPAGE);
            populate(data, length, page_);
        }
        return owned(data, size, length);
    }

private:
    static std::byte *map(std::size_t length, int flags) noexcept
    {
        void *const place = ::mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
        return place == MAP_FAILED ? nullptr : static_cast<std::byte *>(place);
    }

    // The context is the length of the mapping: the allocator may be gone when the buffer goes.
    static buffer owned(std::byte *data, std::size_t size, std::size_t length) noexcept
    {
        const auto unmap = [](std::byte *mapped, std::size_t, void *context) noexcept
        { ::munmap(mapped, reinterpret_cast<std::uintptr_t>(context)); };
        return {data, size, unmap, reinterpret_cast<void *>(length)};
    }

    huge_pages huge_;
    int extra_flags_;
    std::size_t page_ = ordinary_page_size();
    std::size_t huge_page_ = 0;
};

} // namespace

std::shared_ptr<allocator> make_mmap_allocator(huge_pages huge, int extra_flags)
{
    if ((extra_flags & (MAP_SHARED | MAP_FIXED)) != 0)
        throw_bad_argument("extra_flags", extra_flags, "neither MAP_SHARED nor MAP_FIXED: the memory is private");
    return std::make_shared<mmap_allocator>(huge, extra_flags);
}

} // namespace heapwire
