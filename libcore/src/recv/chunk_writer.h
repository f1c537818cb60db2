// SPDX-License-Identifier: BSD-3-Clause
/// Writes payload and flags into chunks, past the caches if the chunks are too many for them. Private to this room.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>

#include "heapwire/memory/copy.h"
#include "heapwire/memory/reuse.h"
#include "heapwire/recv/chunk.h"
#include "heapwire/recv/chunk_place.h"

namespace heapwire::recv
{

/// One thread at a time. Others may see a chunk only after publish().
class chunk_writer
{
public:
    /// Required: at most so many flags between two calls of raise_flags().
    static constexpr std::size_t most_flags = HEAPWIRE_PLACE_BATCH;

    explicit chunk_writer(copy_function wanted) noexcept;

    /// A chunk that will be written to.
    void note(const chunk &fresh) noexcept;

    void copy(std::byte *to, bytes_view from) noexcept
    {
        if (copy_)
            copy_(to, from.data(), from.size());
        else if (!from.empty())
            std::memcpy(to, from.data(), from.size());
    }
    /// The flag is set by raise_flags(): together, because the members of a group take a line of flags from each other.
    void flag(std::byte *at) noexcept { flags_[n_flags_++] = at; }
    /// Answers how many were set already.
    [[nodiscard]] std::uint64_t raise_flags() noexcept;
    /// Whatever was copied is there for all who synchronise with this thread from now on.
    void publish() noexcept
    {
        if (fences_)
            fence_nontemporal();
    }

private:
    const bool automatic_;
    copy_function copy_; // null: an inlined memcpy
    bool fences_ = false;
    reuse_meter meter_;
    std::size_t n_flags_ = 0;
    std::array<std::byte *, most_flags> flags_;
};

} // namespace heapwire::recv
