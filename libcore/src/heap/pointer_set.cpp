// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/heap/pointer_set.h"

#include <algorithm>

#include "heapwire/base/process_seed.h"

namespace heapwire
{
namespace
{

// Chosen pointers must not collide: mixed with the seed before and after a multiplication that spreads all bits.
std::uint64_t mixed(std::uint64_t value) noexcept
{
    static const std::uint64_t seed = process_seed();
    value ^= seed;
    value = (value ^ value >> 33) * 0xff51afd7ed558ccdU;
    value = (value ^ value >> 29 ^ seed >> 7) * 0xc4ceb9fe1a85ec53U;
    return value ^ value >> 32;
}

} // namespace

std::size_t pointer_set::slot_of(wire::item_pointer pointer) const noexcept
{
    const std::size_t mask = table_.size() - 1;
    std::size_t slot = mixed(pointer) & mask;
    while (table_[slot] != 0 && data_[table_[slot] - 1].pointer != pointer)
        slot = (slot + 1) & mask;
    return slot;
}

void pointer_set::move_out()
{
    std::vector<placed_pointer> roomy(4 * inline_capacity);
    table_.assign(8 * inline_capacity, 0);
    std::copy_n(inline_.begin(), size_, roomy.begin());
    spilled_ = std::move(roomy);
    data_ = spilled_.data();
    for (std::uint32_t i = 0; i < size_; ++i)
        table_[slot_of(data_[i].pointer)] = i + 1;
}

void pointer_set::rehash(std::size_t slots)
{
    std::vector<std::uint32_t> wider(slots, 0);
    table_.swap(wider);
    // In order of index, so that roll_back() can undo the newest entries one by one.
    for (std::uint32_t i = 0; i < size_; ++i)
        table_[slot_of(data_[i].pointer)] = i + 1;
}

pointer_set::added pointer_set::add_beyond(const placed_pointer &p)
{
    if (data_ == inline_.data())
        move_out();
    if (2 * (size_ + 1) > table_.size())
        rehash(2 * table_.size());
    const std::size_t slot = slot_of(p.pointer);
    if (table_[slot] != 0)
        return keep_earlier(data_[table_[slot] - 1], p);
    if (size_ == spilled_.size())
    {
        spilled_.resize(2 * size_);
        data_ = spilled_.data();
    }
    data_[size_++] = p;
    table_[slot] = static_cast<std::uint32_t>(size_);
    return added::fresh;
}

void pointer_set::roll_back(std::size_t size) noexcept
{
    // The newest entry of a linear probe sequence can be taken out without closing a gap in another one.
    for (; size_ > size; --size_)
        if (data_ != inline_.data())
            table_[slot_of(data_[size_ - 1].pointer)] = 0;
    if (data_ != inline_.data() && size_ < inline_capacity)
    {
        std::copy_n(data_, size_, inline_.begin());
        data_ = inline_.data();
    }
}

void pointer_set::clear() noexcept
{
    size_ = 0;
    if (data_ == inline_.data())
        return;
    data_ = inline_.data();
    spilled_ = {};
    table_ = {};
}

} // namespace heapwire
