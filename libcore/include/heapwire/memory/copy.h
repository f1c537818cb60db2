// SPDX-License-Identifier: BSD-3-Clause
/// How payload is copied from the packet to its place.
#pragma once

#include "heapwire/base/bytes.h"

namespace heapwire
{

/// memcpy's contract: no overlap. Must not throw.
using copy_function = void (*)(std::byte *to, const std::byte *from, std::size_t size) noexcept;

void copy_plain(std::byte *to, const std::byte *from, std::size_t size) noexcept;

/// Streaming stores (SSE2, AVX, AVX-512 or SVE, chosen once at run time): leaves the caches to data that will be
/// read soon. Ends with a store fence, also for short copies.
void copy_nontemporal(std::byte *to, const std::byte *from, std::size_t size) noexcept;

struct named_copy
{
    const char *name;
    copy_function copy;
};

/// Every non-temporal copy that this processor can run, the one that copy_nontemporal uses first; for measurements,
/// and for those who know better. Never empty, the same at each call.
[[nodiscard]] std::span<const named_copy> nontemporal_copies() noexcept;

/// "sse2", "avx", "avx512", "sve" or "plain": what copy_nontemporal uses here.
[[nodiscard]] const char *nontemporal_kind() noexcept;

} // namespace heapwire
