// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/recv/chunk.h"

#include <cstring>

namespace heapwire::recv
{

std::unique_ptr<chunk> make_chunk(chunk_sizes sizes, allocator *from)
{
    const std::shared_ptr<allocator> fallback = from ? nullptr : default_allocator();
    allocator &memory = from ? *from : *fallback;
    auto made = std::make_unique<chunk>();
    const auto take = [&](std::size_t size) { return size > 0 ? memory.allocate(size, nullptr) : buffer(); };
    made->data = take(sizes.data);
    made->present = take(sizes.present);
    made->extra = take(sizes.extra);
    clear_present(*made);
    return made;
}

void clear_present(chunk &c) noexcept
{
    if (c.present.size() > 0)
        std::memset(c.present.data(), 0, c.present.size());
}

} // namespace heapwire::recv
