// SPDX-License-Identifier: BSD-3-Clause
#include "pattern.h"

#include <algorithm>
#include <array>

namespace tools
{

using namespace heapwire;

namespace
{

constexpr std::uint64_t stride = 0x9E3779B97F4A7C15; // odd: the words of a heap repeat only after 2^64
constexpr std::size_t block_words = 512;

/// splitmix64: neighbouring cnts and ids start far apart.
std::uint64_t mix(std::uint64_t x) noexcept
{
    x += stride;
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9;
    x = (x ^ x >> 27) * 0x94D049BB133111EB;
    return x ^ x >> 31;
}

std::uint64_t first_word(std::uint64_t cnt, std::uint64_t id) noexcept { return mix(cnt + mix(id)); }

/// Little-endian words `start + i * stride`; plain enough for the compiler to make vectors of it.
void make_words(std::uint64_t *to, std::size_t count, std::uint64_t start) noexcept
{
    for (std::size_t i = 0; i < count; i++)
    {
        std::uint64_t word = start + i * stride;
        to[i] = std::endian::native == std::endian::big ? swap_bytes(word) : word;
    }
}

/// Calls `use(offset, bytes of the pattern)` for pieces that cover `size` bytes.
template <typename Use>
void for_each_block(std::size_t size, std::uint64_t cnt, std::uint64_t id, Use &&use)
{
    std::array<std::uint64_t, block_words> words;
    std::uint64_t start = first_word(cnt, id);
    for (std::size_t at = 0; at < size; at += sizeof(words))
    {
        std::size_t piece = std::min(sizeof(words), size - at);
        make_words(words.data(), (piece + 7) / 8, start + at / 8 * stride);
        use(at, std::as_bytes(std::span(words)).first(piece));
    }
}

} // namespace

void fill_pattern(mutable_bytes to, std::uint64_t cnt, std::uint64_t id) noexcept
{
    for_each_block(to.size(), cnt, id,
                   [&](std::size_t at, bytes_view piece) { std::memcpy(to.data() + at, piece.data(), piece.size()); });
}

std::uint64_t count_wrong(bytes_view bytes, std::uint64_t cnt, std::uint64_t id) noexcept
{
    std::uint64_t wrong = 0;
    for_each_block(bytes.size(), cnt, id,
                   [&](std::size_t at, bytes_view piece)
                   {
                       if (std::memcmp(bytes.data() + at, piece.data(), piece.size()) == 0)
                           return;
                       for (std::size_t i = 0; i < piece.size(); i++)
                           wrong += bytes[at + i] != piece[i];
                   });
    return wrong;
}

} // namespace tools
