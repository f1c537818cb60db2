// SPDX-License-Identifier: BSD-3-Clause
#include "copy_kinds.h"

#include <arm_sve.h>
#include <sys/auxv.h>

namespace heapwire::detail
{

namespace
{

__attribute__((target("+sve"))) void copy_with_sve(std::byte *to, const std::byte *from, std::size_t size) noexcept
{
    auto *out = reinterpret_cast<std::uint8_t *>(to);
    const auto *in = reinterpret_cast<const std::uint8_t *>(from);
    for (std::uint64_t at = 0; at < size; at += svcntb())
    {
        const svbool_t active = svwhilelt_b8(at, static_cast<std::uint64_t>(size));
        svstnt1_u8(active, out + at, svldnt1_u8(active, in + at));
    }
}

void copy_fenced(std::byte *to, const std::byte *from, std::size_t size) noexcept
{
    copy_with_sve(to, from, size);
    processor_fence();
}

constexpr named_copy only[] = {{"sve", copy_fenced, copy_with_sve}};
constexpr unsigned long sve_bit = 1UL << 22; // HWCAP_SVE

} // namespace

std::span<const named_copy> processor_copies() noexcept
{
    return (::getauxval(AT_HWCAP) & sve_bit) != 0 ? std::span<const named_copy>(only) : std::span<const named_copy>();
}

void processor_fence() noexcept { __asm__ volatile("dmb ishst" ::: "memory"); }

} // namespace heapwire::detail
