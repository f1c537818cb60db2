// SPDX-License-Identifier: BSD-3-Clause
/// The distinct item pointers of a heap, each with its place in the order of sending.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "heapwire/wire/item_pointer.h"

namespace heapwire
{

/// A pointer in the machine's byte order. (offset, index) orders pointers as they were sent, whatever the order of
/// arrival: PAYLOAD_OFFSET of the packet that carried it, then its number in that packet.
struct placed_pointer
{
    wire::item_pointer pointer;
    std::uint64_t offset;
    std::uint32_t index;
};

/// Eight fit without an allocation. Beyond, look-ups go through a hash table with a seed that peers cannot know.
class pointer_set
{
public:
    static constexpr std::size_t inline_capacity = 8;
    enum class added : std::uint8_t
    {
        fresh,
        known
    };

    pointer_set() noexcept = default;
    pointer_set(const pointer_set &) = delete;
    pointer_set &operator=(const pointer_set &) = delete;

    /// A known pointer keeps the earlier place. Throws std::bad_alloc; nothing was added then.
    added add(const placed_pointer &p)
    {
        if (size_ < inline_capacity) [[likely]]
        {
            for (std::size_t i = 0; i < size_; ++i)
                if (data_[i].pointer == p.pointer)
                    return keep_earlier(data_[i], p);
            data_[size_++] = p;
            return added::fresh;
        }
        return add_beyond(p);
    }
    /// Forgets what was added since the size was `size`.
    void roll_back(std::size_t size) noexcept;
    void clear() noexcept;

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] std::span<placed_pointer> values() noexcept { return {data_, size_}; }
    [[nodiscard]] std::span<const placed_pointer> values() const noexcept { return {data_, size_}; }

private:
    static added keep_earlier(placed_pointer &there, const placed_pointer &p) noexcept
    {
        if (p.offset < there.offset || (p.offset == there.offset && p.index < there.index))
        {
            there.offset = p.offset;
            there.index = p.index;
        }
        return added::known;
    }
    added add_beyond(const placed_pointer &p);
    void move_out();
    void rehash(std::size_t slots);
    [[nodiscard]] std::size_t slot_of(wire::item_pointer pointer) const noexcept;

    std::array<placed_pointer, inline_capacity> inline_{};
    placed_pointer *data_ = inline_.data(); // or spilled_'s
    std::size_t size_ = 0;
    std::vector<placed_pointer> spilled_; // its size is capacity here, size_ counts
    std::vector<std::uint32_t> table_;    // index + 1 into spilled_, 0 is free; open addressing, at most half full
};

} // namespace heapwire
