// SPDX-License-Identifier: BSD-3-Clause
/// How payload is copied from the packet to its place.
#pragma once

#include "heapwire/base/bytes.h"

namespace heapwire
{

/// memcpy's contract: no overlap. Must not throw.
using copy_function = void (*)(std::byte *to, const std::byte *from, std::size_t size) noexcept;

void copy_plain(std::byte *to, const std::byte *from, std::size_t size) noexcept;

/// copy_plain, and for those who are told to use it: not chosen, choose what suits the place.
void copy_automatic(std::byte *to, const std::byte *from, std::size_t size) noexcept;

/// Streaming stores (SSE2, AVX, AVX-512 or SVE, chosen once at run time): leaves the caches to data that will be
/// read soon. Ends with a store fence, also for short copies.
void copy_nontemporal(std::byte *to, const std::byte *from, std::size_t size) noexcept;

/// Makes what this thread has copied without a fence visible to whoever it synchronises with from now on.
void fence_nontemporal() noexcept;

struct named_copy
{
    const char *name;
    copy_function copy;
    /// The same without the fence, which for copies of a kilobyte costs as much as the copy. What it wrote is like any
    /// other write to this thread; locks and atomics say nothing about it to others before fence_nontemporal().
    copy_function unfenced = copy_plain;
};

/// Every non-temporal copy that this processor can run, the one that copy_nontemporal uses first; for measurements,
/// and for those who know better. Never empty, the same at each call.
[[nodiscard]] std::span<const named_copy> nontemporal_copies() noexcept;

/// "sse2", "avx", "avx512", "sve" or "plain": what copy_nontemporal uses here.
[[nodiscard]] const char *nontemporal_kind() noexcept;

} // namespace heapwire
