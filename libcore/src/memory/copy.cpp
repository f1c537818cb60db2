// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/memory/copy.h"

#include "copy_kinds.h"

namespace heapwire
{

namespace
{

constexpr named_copy plain_only[] = {{"plain", copy_plain, copy_plain}};

std::span<const named_copy> choose() noexcept
{
    const auto kinds = detail::processor_copies();
    return kinds.empty() ? std::span<const named_copy>(plain_only) : kinds;
}

} // namespace

void copy_plain(std::byte *to, const std::byte *from, std::size_t size) noexcept
{
    if (size > 0) // null is allowed then, which memcpy does not promise
        std::memcpy(to, from, size);
}

void copy_automatic(std::byte *to, const std::byte *from, std::size_t size) noexcept { copy_plain(to, from, size); }

void fence_nontemporal() noexcept { detail::processor_fence(); }

std::span<const named_copy> nontemporal_copies() noexcept
{
    static const std::span<const named_copy> chosen = choose();
    return chosen;
}

void copy_nontemporal(std::byte *to, const std::byte *from, std::size_t size) noexcept
{
    static const copy_function best = nontemporal_copies().front().copy;
    best(to, from, size);
}

const char *nontemporal_kind() noexcept { return nontemporal_copies().front().name; }

} // namespace heapwire
