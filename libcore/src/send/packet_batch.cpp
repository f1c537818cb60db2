// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/send/packet_batch.h"

#include <algorithm>
#include <cstring>

namespace heapwire::send
{

void byte_arena::reserve(std::size_t size)
{
    if (current_ >= blocks_.size() || blocks_[current_].size - used_ < size)
        next_block(size);
}

std::byte *byte_arena::take(std::size_t size)
{
    reserve(size);
    std::byte *taken = blocks_[current_].bytes.get() + used_;
    used_ += size;
    return taken;
}

void byte_arena::next_block(std::size_t size)
{
    std::size_t candidate = blocks_.empty() ? 0 : current_ + 1;
    while (candidate < blocks_.size() && blocks_[candidate].size < size)
        ++candidate;
    if (candidate == blocks_.size())
    {
        block made;
        made.size = std::max(size, block_bytes);
        made.bytes = std::make_unique_for_overwrite<std::byte[]>(made.size);
        blocks_.push_back(std::move(made));
    }
    current_ = candidate;
    used_ = 0;
}

void byte_arena::clear() noexcept
{
    current_ = 0;
    used_ = 0;
}

packet_batch::packet_batch()
{
    packets_.reserve(max_packets);
    owners_.reserve(max_packets);
    parts_.reserve(parts_reserved);
}

void packet_batch::clear() noexcept
{
    arena_.clear();
    packets_.clear();
    owners_.clear();
    parts_.clear();
    bytes_ = 0;
}

void packet_batch::begin(wire::flavour f, const wire::packet_fields &fields,
                         std::span<const wire::item_pointer> pointers)
{
    first_part_ = parts_.size();
    std::size_t header_bytes = wire::prefix_bytes + 8 * pointers.size();
    std::byte *header = arena_.take(header_bytes);
    wire::write_packet_header(header, f, fields, pointers);
    parts_.emplace_back(header, header_bytes);
    size_ = header_bytes;
    payload_left_ = static_cast<std::size_t>(fields.payload_length);
}

std::byte *packet_batch::space_for(std::size_t size)
{
    std::byte *space = arena_.take(size);
    bytes_view &last = parts_.back();
    if (last.data() + last.size() == space)
        last = {last.data(), last.size() + size};
    else
        parts_.emplace_back(space, size);
    size_ += size;
    payload_left_ -= size;
    return space;
}

void packet_batch::add(bytes_view piece)
{
    bool last_part = parts_.size() - first_part_ >= max_parts - 1;
    if (last_part)
        arena_.reserve(payload_left_); // what is left becomes one part, or joins the one before
    if (last_part || piece.size() < copy_below)
        std::memcpy(space_for(piece.size()), piece.data(), piece.size());
    else
    {
        parts_.push_back(piece);
        size_ += piece.size();
        payload_left_ -= piece.size();
    }
}

void packet_batch::add_zeros(std::size_t count)
{
    arena_.reserve(payload_left_);
    std::memset(space_for(count), 0, count);
}

void packet_batch::end(std::uint32_t substream, std::uint64_t owner)
{
    std::span<const bytes_view> parts(parts_.data() + first_part_, parts_.size() - first_part_);
    packets_.push_back({parts, static_cast<std::uint32_t>(size_), substream});
    owners_.push_back(owner);
    bytes_ += size_;
}

void packet_batch::abandon() noexcept { parts_.resize(first_part_); }

} // namespace heapwire::send
