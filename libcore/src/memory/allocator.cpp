// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/memory/allocator.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <new>

#include "heapwire/base/error.h"

namespace heapwire
{

namespace
{

class aligned_allocator final : public allocator
{
public:
    explicit aligned_allocator(std::size_t alignment) noexcept : alignment_(std::max(alignment, sizeof(void *))) {}

    buffer allocate(std::size_t size, const std::byte *) override
    {
        // One byte at least, so that an empty buffer too has a place of its own. Nothing is touched: large buffers
        // get their pages when the packets come.
        const std::size_t wanted = std::max<std::size_t>(size, 1);
        // Refused here, because malloc under a sanitizer ends the process instead of answering null.
        if (wanted > static_cast<std::size_t>(std::numeric_limits<std::ptrdiff_t>::max()) - alignment_)
            throw std::bad_alloc();
        if (alignment_ > widest_padding)
            return from_memalign(size, wanted);
        // malloc and some padding, because posix_memalign takes six times as long as malloc (glibc 2.36)
        void *const place = std::malloc(wanted + alignment_ - 1);
        if (place == nullptr)
            throw std::bad_alloc();
        const std::uintptr_t gap = -reinterpret_cast<std::uintptr_t>(place) & (alignment_ - 1);
        return {static_cast<std::byte *>(place) + gap, size, free_context, place};
    }

private:
    static constexpr std::size_t widest_padding = 256;

    buffer from_memalign(std::size_t size, std::size_t wanted) const
    {
        void *place = nullptr;
        if (::posix_memalign(&place, alignment_, wanted) != 0)
            throw std::bad_alloc();
        return {static_cast<std::byte *>(place), size, free_context, place};
    }
    static void free_context(std::byte *, std::size_t, void *context) noexcept { std::free(context); }

    std::size_t alignment_;
};

} // namespace

std::shared_ptr<allocator> make_aligned_allocator(std::size_t alignment)
{
    if (!std::has_single_bit(alignment))
        throw_bad_argument("alignment", alignment, "a power of two");
    return std::make_shared<aligned_allocator>(alignment);
}

std::shared_ptr<allocator> default_allocator()
{
    static const std::shared_ptr<allocator> only = make_aligned_allocator();
    return only;
}

} // namespace heapwire
