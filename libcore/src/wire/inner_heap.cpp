// SPDX-License-Identifier: BSD-3-Clause
#include "inner_heap.h"

#include <algorithm>

#include "heapwire/wire/item_id.h"

namespace heapwire::wire
{

inner_heap::inner_heap(const packet_view &first) : cnt_(first.heap_cnt), heap_address_bits_(first.heap_address_bits)
{
    append(first);
}

void inner_heap::add(const packet_view &packet)
{
    if (continues(packet))
        append(packet);
}

bool inner_heap::continues(const packet_view &packet) const noexcept
{
    if (packet.heap_address_bits != heap_address_bits_ || packet.payload_offset != payload_.size())
        return false;
    const bool length_known = length_ != packet_view::unknown_length;
    if (length_known && packet.heap_length != packet_view::unknown_length && packet.heap_length != length_)
        return false;
    return packet.payload_offset + packet.payload.size() <= length_; // rule A9: also without a length of its own
}

void inner_heap::append(const packet_view &packet)
{
    if (packet.heap_length != packet_view::unknown_length)
        length_ = packet.heap_length;
    payload_.insert(payload_.end(), packet.payload.begin(), packet.payload.end());
    for (std::uint32_t i = 0; i < packet.n_pointers; ++i)
        pointers_.push_back(packet.pointer(i));
}

bool inner_heap::contiguous() const noexcept
{
    if (length_ != packet_view::unknown_length && !complete())
        return false;
    const pointer_codec codec(heap_address_bits_);
    return std::all_of(pointers_.begin(), pointers_.end(),
                       [&](item_pointer p)
                       { return pointer_codec::is_immediate(p) || codec.value(p) <= payload_.size(); });
}

std::vector<inner_item> inner_heap::items() const
{
    const pointer_codec codec(heap_address_bits_);
    struct placed
    {
        item_pointer pointer;
        std::size_t order;
    };
    std::vector<placed> addressed;
    for (std::size_t i = 0; i < pointers_.size(); ++i)
        if (!pointer_codec::is_immediate(pointers_[i]) && !is_packet_scope(codec.id(pointers_[i])))
            addressed.push_back({pointers_[i], i});

    // A repeated pointer counts where it stood first; of pointers with one address the last one owns the bytes.
    std::sort(addressed.begin(), addressed.end(),
              [](const placed &a, const placed &b)
              { return a.pointer != b.pointer ? a.pointer < b.pointer : a.order < b.order; });
    addressed.erase(std::unique(addressed.begin(), addressed.end(),
                                [](const placed &a, const placed &b) { return a.pointer == b.pointer; }),
                    addressed.end());
    std::sort(addressed.begin(), addressed.end(),
              [&](const placed &a, const placed &b)
              {
                  const std::uint64_t left = codec.value(a.pointer), right = codec.value(b.pointer);
                  return left != right ? left < right : a.order < b.order;
              });

    std::vector<inner_item> found;
    const bytes_view payload(payload_);
    for (std::size_t i = 0; i < addressed.size(); ++i)
    {
        const std::uint64_t begin = codec.value(addressed[i].pointer);
        const std::uint64_t end = i + 1 < addressed.size() ? codec.value(addressed[i + 1].pointer) : payload.size();
        if (const std::uint64_t id = codec.id(addressed[i].pointer); id != 0)
            found.push_back({id, false, 0, payload.subspan(begin, end - begin)});
    }
    for (const item_pointer p : pointers_)
        if (pointer_codec::is_immediate(p) && !is_packet_scope(codec.id(p)) && codec.id(p) != 0)
            found.push_back({codec.id(p), true, codec.value(p), {}});
    return found;
}

} // namespace heapwire::wire
