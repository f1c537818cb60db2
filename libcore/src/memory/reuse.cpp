// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/memory/reuse.h"

#include <algorithm>
#include <cstdio>

namespace heapwire
{
namespace
{

constexpr std::size_t usual = std::size_t{32} << 20;

/// "32768K", the only unit that the kernel writes; 0: there is no such cache, or nobody says how large it is.
std::size_t size_of_cache(int index) noexcept
{
    char name[80];
    std::snprintf(name, sizeof name, "/sys/devices/system/cpu/cpu0/cache/index%d/size", index);
    std::FILE *file = std::fopen(name, "re");
    if (!file)
        return 0;
    unsigned long long kibibytes = 0;
    const bool read = std::fscanf(file, "%lluK", &kibibytes) == 1;
    std::fclose(file);
    return read ? static_cast<std::size_t>(kibibytes) << 10 : 0;
}

std::size_t find_largest() noexcept
{
    constexpr int most = 8;
    std::size_t largest = 0;
    for (int i = 0; i < most; ++i)
        largest = std::max(largest, size_of_cache(i));
    return largest == 0 ? usual : largest;
}

} // namespace

std::size_t largest_cache_bytes() noexcept
{
    static const std::size_t found = find_largest();
    return found;
}

void reuse_meter::note(const std::byte *block, std::uint64_t size) noexcept
{
    if (block == first_)
    {
        beyond_ = since_ > limit_;
        since_ = 0;
    }
    else if (!first_ || since_ > limit_) // it may rest with somebody while others go round: the next one is to tell
    {
        beyond_ = true;
        first_ = block;
        since_ = 0;
    }
    since_ += size;
}

} // namespace heapwire
