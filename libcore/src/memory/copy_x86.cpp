// SPDX-License-Identifier: BSD-3-Clause
#include "copy_kinds.h"

#include <array>

#include <immintrin.h>

namespace heapwire::detail
{

namespace
{

// Bytes before the first address that is a multiple of `width`; streaming stores need aligned places.
std::size_t bytes_to_aligned(const std::byte *at, std::size_t width) noexcept
{
    return (width - reinterpret_cast<std::uintptr_t>(at) % width) % width;
}

// Below this the ends, which are copied plainly, are most of the copy.
constexpr std::size_t shortest_streamed = 256;

// One kind is one macro line, not a template: the target attribute must be on the function that has the intrinsics.
#define HEAPWIRE_STREAMING_COPY(NAME, TARGET, VECTOR, LOAD, STREAM)                                                    \
    __attribute__((target(TARGET))) void NAME(std::byte *to, const std::byte *from, std::size_t size) noexcept         \
    {                                                                                                                  \
        constexpr std::size_t width = sizeof(VECTOR);                                                                  \
        if (size >= shortest_streamed)                                                                                 \
        {                                                                                                              \
            /* whole cache lines: a line that is streamed in part costs a read of the memory */                        \
            const std::size_t head = bytes_to_aligned(to, 64);                                                         \
            copy_plain(to, from, head);                                                                                \
            to += head;                                                                                                \
            from += head;                                                                                              \
            size -= head;                                                                                              \
            for (; size >= 4 * width; size -= 4 * width, to += 4 * width, from += 4 * width)                           \
            {                                                                                                          \
                const VECTOR a = LOAD(reinterpret_cast<const VECTOR *>(from));                                         \
                const VECTOR b = LOAD(reinterpret_cast<const VECTOR *>(from + width));                                 \
                const VECTOR c = LOAD(reinterpret_cast<const VECTOR *>(from + 2 * width));                             \
                const VECTOR d = LOAD(reinterpret_cast<const VECTOR *>(from + 3 * width));                             \
                STREAM(reinterpret_cast<VECTOR *>(to), a);                                                             \
                STREAM(reinterpret_cast<VECTOR *>(to + width), b);                                                     \
                STREAM(reinterpret_cast<VECTOR *>(to + 2 * width), c);                                                 \
                STREAM(reinterpret_cast<VECTOR *>(to + 3 * width), d);                                                 \
            }                                                                                                          \
            for (; size >= 64; size -= 64, to += 64, from += 64)                                                       \
                for (std::size_t at = 0; at < 64; at += width)                                                         \
                    STREAM(reinterpret_cast<VECTOR *>(to + at), LOAD(reinterpret_cast<const VECTOR *>(from + at)));    \
        }                                                                                                              \
        copy_plain(to, from, size);                                                                                    \
    }

HEAPWIRE_STREAMING_COPY(copy_sse2, "sse2", __m128i, _mm_loadu_si128, _mm_stream_si128)
HEAPWIRE_STREAMING_COPY(copy_avx, "avx", __m256i, _mm256_loadu_si256, _mm256_stream_si256)
HEAPWIRE_STREAMING_COPY(copy_avx512, "avx512f", __m512i, _mm512_loadu_si512, _mm512_stream_si512)

#undef HEAPWIRE_STREAMING_COPY

template <copy_function Copy>
void fenced(std::byte *to, const std::byte *from, std::size_t size) noexcept
{
    Copy(to, from, size);
    _mm_sfence();
}

} // namespace

std::span<const named_copy> processor_copies() noexcept
{
    static constexpr std::array<named_copy, 3> all = {named_copy{"avx512", fenced<copy_avx512>, copy_avx512},
                                                      {"avx", fenced<copy_avx>, copy_avx},
                                                      {"sse2", fenced<copy_sse2>, copy_sse2}};
    static const std::size_t missing = []
    {
        __builtin_cpu_init();
        if (__builtin_cpu_supports("avx512f"))
            return 0;
        if (__builtin_cpu_supports("avx"))
            return 1;
        return __builtin_cpu_supports("sse2") ? 2 : 3;
    }();
    return std::span(all).subspan(missing);
}

void processor_fence() noexcept { _mm_sfence(); }

} // namespace heapwire::detail
