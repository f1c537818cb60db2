// SPDX-License-Identifier: BSD-3-Clause
/// Whether memory is still in the processor's caches when it is written again, for those who choose how to copy.
#pragma once

#include <cstddef>
#include <cstdint>

namespace heapwire
{

/// Bytes of the largest cache of the first processor, as the kernel tells; 32 MiB if it does not. Reads files at the
/// first call, and answers the same ever after. Any thread.
[[nodiscard]] std::size_t largest_cache_bytes() noexcept;

/// Watches blocks of memory that are written in turn. One thread at a time.
class reuse_meter
{
public:
    /// `limit`: bytes that the cache keeps while other memory is written.
    explicit reuse_meter(std::uint64_t limit) noexcept : limit_(limit) {}

    /// This block is written next. It is only compared, never looked into.
    void note(const std::byte *block, std::uint64_t size) noexcept;
    /// More than the limit is written before a block comes back. True for blocks that were never seen before.
    [[nodiscard]] bool beyond_limit() const noexcept { return beyond_; }

private:
    const std::uint64_t limit_;
    const std::byte *first_ = nullptr; // of the blocks whose bytes are counted; its return tells
    std::uint64_t since_ = 0;
    bool beyond_ = true;
};

} // namespace heapwire
