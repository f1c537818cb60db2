// SPDX-License-Identifier: BSD-3-Clause
/// The values of the DESCRIPTOR items of a vector, heap by heap. Only for sound vectors: nothing is checked.
#pragma once

#include <algorithm>
#include <map>
#include <vector>

#include "heapwire/wire/item_id.h"
#include "heapwire/wire/packet_view.h"
#include "support/vectors.h"

namespace heapwire::test
{

struct described_heap
{
    std::uint8_t heap_address_bits = 0;
    std::vector<std::byte> payload;
    std::vector<wire::item_pointer> addressed; ///< in the order sent
    std::vector<std::vector<std::byte>> descriptors;
};

inline void cut_descriptors(described_heap &heap)
{
    const wire::pointer_codec codec(heap.heap_address_bits);
    const auto before = [&](wire::item_pointer a, wire::item_pointer b) { return codec.value(a) < codec.value(b); };
    std::stable_sort(heap.addressed.begin(), heap.addressed.end(), before);
    for (std::size_t i = 0; i < heap.addressed.size(); ++i)
    {
        if (codec.id(heap.addressed[i]) != static_cast<std::uint64_t>(wire::item_id::descriptor))
            continue;
        const auto begin = codec.value(heap.addressed[i]);
        const auto end = i + 1 < heap.addressed.size() ? codec.value(heap.addressed[i + 1]) : heap.payload.size();
        const auto at = [&](std::uint64_t offset)
        { return heap.payload.begin() + static_cast<std::ptrdiff_t>(offset); };
        heap.descriptors.emplace_back(at(begin), at(end));
    }
}

[[nodiscard]] inline std::map<std::uint64_t, described_heap> described_heaps(const vector_case &which)
{
    std::map<std::uint64_t, described_heap> heaps;
    for (const auto &datagram : load_datagrams(which))
    {
        wire::packet_view view;
        if (wire::parse_packet(datagram, wire::framing::datagram, view) != wire::reject::none)
            continue;
        described_heap &heap = heaps[view.heap_cnt];
        heap.heap_address_bits = view.heap_address_bits;
        heap.payload.resize(std::max(heap.payload.size(), view.payload_offset + view.payload.size()));
        std::copy(view.payload.begin(), view.payload.end(),
                  heap.payload.begin() + static_cast<std::ptrdiff_t>(view.payload_offset));
        for (std::uint32_t i = 0; i < view.n_pointers; ++i)
            if (!wire::pointer_codec::is_immediate(view.pointer(i)))
                heap.addressed.push_back(view.pointer(i));
    }
    for (auto &[cnt, heap] : heaps)
        cut_descriptors(heap);
    return heaps;
}

} // namespace heapwire::test
