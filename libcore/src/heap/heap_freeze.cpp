// SPDX-License-Identifier: BSD-3-Clause
// From pointers to items: the part of heap_builder that runs on the consumer's thread.
#include <algorithm>
#include <tuple>

#include "heapwire/heap/heap_builder.h"
#include "heapwire/wire/item_id.h"

namespace heapwire
{

void heap_builder::freeze()
{
    const wire::pointer_codec codec(address_bits_);
    items_.clear();
    descriptor_values_.clear();
    const std::span<placed_pointer> all = pointers_.values();
    auto first_immediate = std::partition(
        all.begin(), all.end(), [](const placed_pointer &p) { return !wire::pointer_codec::is_immediate(p.pointer); });
    auto as_sent = [codec](const placed_pointer &a, const placed_pointer &b)
    {
        return std::tuple(codec.value(a.pointer), a.offset, a.index) <
               std::tuple(codec.value(b.pointer), b.offset, b.index);
    };
    std::sort(all.begin(), first_immediate, as_sent);
    std::sort(first_immediate, all.end(), as_sent);
    const auto addressed = static_cast<std::size_t>(first_immediate - all.begin());
    items_.reserve(is_contiguous() ? all.size() : all.size() - addressed);
    if (is_contiguous())
        place_addressed(all.first(addressed));
    place_immediates(all.subspan(addressed));
}

void heap_builder::place_addressed(std::span<placed_pointer> addressed)
{
    const wire::pointer_codec codec(address_bits_);
    for (std::size_t i = 0; i < addressed.size(); ++i)
    {
        const std::uint64_t begin = codec.value(addressed[i].pointer);
        const std::uint64_t end = i + 1 < addressed.size() ? codec.value(addressed[i + 1].pointer) : payload_end_;
        const std::uint64_t id = codec.id(addressed[i].pointer);
        if (begin >= end || id == static_cast<std::uint64_t>(wire::item_id::null))
            continue;
        const bytes_view bytes = payload_.view().subspan(begin, end - begin);
        if (id == static_cast<std::uint64_t>(wire::item_id::descriptor))
            descriptor_values_.push_back(bytes);
        else
            items_.push_back({id, 0, bytes, false});
    }
}

void heap_builder::place_immediates(std::span<placed_pointer> immediates)
{
    const wire::pointer_codec codec(address_bits_);
    const std::size_t width = address_bits_ / 8U;
    for (placed_pointer &p : immediates)
    {
        const std::uint64_t id = codec.id(p.pointer);
        if (id == static_cast<std::uint64_t>(wire::item_id::descriptor))
            continue;
        const std::uint64_t value = codec.value(p.pointer);
        // The place is not needed any more: its bytes now hold the value as it was on the wire.
        auto *bytes = reinterpret_cast<std::byte *>(&p.offset);
        store_be(bytes, value);
        items_.push_back({id, value, {bytes + sizeof(p.offset) - width, width}, true});
    }
}

} // namespace heapwire
