// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/memory/allocator.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstdlib>
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
        void *place = nullptr;
        if (::posix_memalign(&place, alignment_, std::max<std::size_t>(size, 1)) != 0)
            throw std::bad_alloc();
        const auto give_back = [](std::byte *data, std::size_t, void *) noexcept { std::free(data); };
        return {static_cast<std::byte *>(place), size, give_back, nullptr};
    }

private:
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
