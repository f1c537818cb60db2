// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/wire/packet_writer.h"

#include "fixed_header.h"
#include "heapwire/wire/item_id.h"

namespace heapwire::wire
{

std::size_t write_packet_header(std::byte *to, flavour f, const packet_fields &fields,
                                std::span<const item_pointer> pointers) noexcept
{
    const pointer_codec codec(f);
    const auto immediate = [&](std::size_t slot, item_id id, std::uint64_t value)
    { store_be(to + 8 * slot, codec.immediate(static_cast<std::uint64_t>(id), value)); };
    store_be(to, fixed_header(f.address_bytes(), pointers.size() + 4));
    immediate(1, item_id::heap_cnt, fields.heap_cnt);
    immediate(2, item_id::heap_length, fields.heap_length);
    immediate(3, item_id::payload_offset, fields.payload_offset);
    immediate(4, item_id::payload_length, fields.payload_length);

    std::byte *next = to + prefix_bytes;
    for (const item_pointer p : pointers)
    {
        store_be(next, p);
        next += sizeof(item_pointer);
    }
    return prefix_bytes + sizeof(item_pointer) * pointers.size();
}

} // namespace heapwire::wire
