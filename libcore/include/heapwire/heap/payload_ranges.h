// SPDX-License-Identifier: BSD-3-Clause
/// Which bytes of a heap have arrived, when packets may come in any order.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace heapwire
{

/// Half-open range of payload bytes.
using byte_range = std::pair<std::uint64_t, std::uint64_t>;

/// Ascending, disjoint ranges that do not touch. Memory grows with the gaps, not with the packets.
class payload_ranges
{
public:
    /// More separate ranges are not kept: inserting into the middle costs a move of all that follow, and a peer who
    /// sends every second byte must not buy much work and memory with small packets.
    static constexpr std::size_t max_ranges = 65536;

    enum class fit : std::uint8_t
    {
        fresh,     ///< none of its bytes are there
        duplicate, ///< all of them are
        overlap,   ///< some of them are
        scattered, ///< fresh, but it would be one separate range too many
    };
    /// Of a range that is not empty.
    [[nodiscard]] fit look(std::uint64_t begin, std::uint64_t end) const noexcept;
    /// Makes the next add() safe from failure. Throws std::bad_alloc.
    void reserve_one();
    /// Required: look() said fresh, and reserve_one() was called.
    void add(std::uint64_t begin, std::uint64_t end) noexcept;

    void clear() noexcept;
    [[nodiscard]] std::span<const byte_range> ranges() const noexcept { return ranges_; }

private:
    [[nodiscard]] std::size_t first_ending_after(std::uint64_t position) const noexcept;

    std::vector<byte_range> ranges_;
};

} // namespace heapwire
