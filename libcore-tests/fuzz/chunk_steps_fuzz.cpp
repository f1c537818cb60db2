// SPDX-License-Identifier: BSD-3-Clause
/// Invariant: whatever packets come, whatever placement answers and the supply says, nothing is read or written outside
/// of chunks, every datagram is counted once, every heap has one fate, and ids of chunks grow.
///
/// Input: a byte of options, then steps: an operation, and what it needs. Placement answers what the packet's items
/// say, or something absurd.
#include <cstdint>
#include <memory>
#include <vector>

#include "fuzz/fuzz_input.h"
#include "recv/chunking.h"

namespace
{

using namespace heapwire;
using fuzz::input;
using fuzz::require;
using recv::chunk_stat;
using recv::stat;

/// Items: chunk, index, offset, and a fourth that says what else to do.
void hostile(heapwire_place_data *heap, std::size_t size)
{
    test::believe(heap, size);
    const auto wish = static_cast<std::uint64_t>(heap->items[3]);
    if ((wish & 1) != 0)
        heap->heap_index = ~heap->heap_index;
    if ((wish & 2) != 0)
        heap->heap_offset = ~heap->heap_offset;
    if ((wish & 4) != 0)
        heap->chunk_id = static_cast<std::int64_t>(static_cast<std::uint64_t>(heap->chunk_id) << (wish >> 8 & 63));
    heap->extra_size = (wish & 8) != 0 ? 4 : 0;
    heap->extra_offset = wish >> 4 & 0xff;
    if ((wish & 0x8000) != 0)
        heap->extra_size = ~heap->extra_size;
}

void hostile_all(heapwire_place_data *heaps, std::size_t count, std::size_t size)
{
    for (std::size_t i = 0; i < count; ++i)
        hostile(heaps + i, size);
}

recv::chunk_options options_from(std::uint64_t byte)
{
    recv::chunk_options where{.items = {test::chunk_item, test::index_item, test::offset_item, 0x1700},
                              .max_chunks = 1 + byte % 3,
                              .max_heap_extra = 4,
                              .packet_presence = (byte & 4) != 0 ? 8U : 0U,
                              .max_jump = 50};
    where.place = recv::place_batch{hostile_all};
    if ((byte & 8) != 0)
        where.place = test::plain_rule();
    if ((byte & 16) != 0)
        where.place = recv::place_one{hostile};
    return where;
}

test::packet packet_from(input &in)
{
    const wire::pointer_codec codec(40);
    const std::uint64_t shape = in.number(1);
    const std::uint64_t length = (shape & 15) * 4;
    const std::uint64_t offset = (shape >> 4 & 3) * 8;
    std::vector<wire::item_pointer> pointers{codec.immediate(test::chunk_item, in.number((shape & 64) != 0 ? 4 : 1)),
                                             codec.immediate(test::index_item, in.number(1)),
                                             codec.immediate(test::offset_item, in.number(1)),
                                             codec.immediate(0x1700, in.number((shape & 128) != 0 ? 2 : 0))};
    const std::uint64_t cnt = in.number(1);
    if (cnt == 255)
        pointers.push_back(codec.immediate(6, 2)); // a stop item
    return test::make_packet(
        {.cnt = cnt & 31,
         .length = length,
         .offset = std::min(offset, length),
         .size = std::min<std::uint64_t>(8 << (cnt >> 6 & 1) * 3, length - std::min(offset, length)),
         .pointers = pointers});
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    input in(data, size);
    const std::uint64_t byte = in.number(1);
    test::driven_stream s(options_from(byte), {.max_heaps = 2 + byte % 3,
                                               .order = (byte & 32) != 0 ? ordering::in_order : ordering::any_order});
    std::vector<test::packet> waiting;
    std::uint64_t offered = 0;
    const auto give = [&]
    {
        const std::size_t used = s.give(waiting).used;
        require(used <= waiting.size());
        offered += used;
        waiting.erase(waiting.begin(), waiting.begin() + static_cast<std::ptrdiff_t>(used));
    };
    while (!in.empty())
        switch (in.number(1) % 4)
        {
        case 0:
            s.supply->chunks = in.number(1) % 8;
            s.supply->room = in.number(1) % 8;
            break;
        case 1:
            give();
            break;
        default:
            waiting.push_back(packet_from(in));
        }
    s.supply->chunks = s.supply->room = ~std::size_t{0};
    give();
    require(waiting.empty());
    require(s.end() == recv::flow::ended);
    const recv::stats all = s.stream.statistics();
    require(all[stat::datagrams] == offered);
    require(all[stat::packets] == all[stat::packets_accepted] + all.refused());
    const std::uint64_t fates = test::all_fates(all);
    require(fates == all[stat::heaps] || fates == all[stat::heaps] + 1); // the heap of a stop item is not among heaps
    std::int64_t last = -1;
    for (const auto &c : s.supply->done)
    {
        require(c->chunk_id > last);
        last = c->chunk_id;
    }
    require(recv::count_of(all, chunk_stat::chunks) == s.supply->done.size());
    return 0;
}
