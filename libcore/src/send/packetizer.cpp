// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/send/packetizer.h"

#include <algorithm>

#include "heapwire/base/error.h"
#include "heapwire/wire/item_id.h"

namespace heapwire::send
{

namespace
{

// The header counts pointers in 16 bits, and four are the packet's own.
constexpr std::size_t pointer_limit = wire::max_packet_pointers - 4;

std::size_t round_up_8(std::size_t n) noexcept { return (n + 7) / 8 * 8; }

bool is_immediate(const outgoing_item &item, std::size_t address_bytes) noexcept
{
    return item.is_integer || (item.allow_immediate && item.bytes.size() <= address_bytes);
}

// Short values are right-aligned in the pointer; no sign is extended.
std::uint64_t immediate_value(const outgoing_item &item) noexcept
{
    if (item.is_integer)
        return item.value;
    std::uint64_t value = 0;
    for (std::byte b : item.bytes)
        value = value << 8 | std::to_integer<std::uint64_t>(b);
    return value;
}

} // namespace

cutting::cutting(const options &how) noexcept
    : packets(how.packets), capacity(how.max_packet_size / 8 * 8 - wire::prefix_bytes), payload_size(how.payload_size)
{
}

std::error_code packetizer::start(const outgoing_heap &heap, std::uint64_t cnt, const cutting &how) noexcept
{
    heap_ = &heap;
    cnt_ = cnt;
    sent_ = 0;
    length_ = 0;
    at_ = {};
    evened_ = false;
    if (cnt > heap.flavour().max_address())
        return errc::cnt_out_of_range;
    if (std::error_code bad = measure())
        return bad;

    n_pointers_ = heap.items().size();
    capacity_ = how.capacity;
    // More pointers than the count can say are sent as if the packets were just too small for them.
    if (how.packets != split::exact && n_pointers_ >= pointer_limit)
        capacity_ = std::min<std::uint64_t>(capacity_, 8 * pointer_limit + 8);
    std::uint64_t least_payload = how.packets == split::exact ? how.payload_size : 8;
    max_payload_ = how.packets == split::exact ? how.payload_size : capacity_;
    max_pointers_ = std::min<std::uint64_t>((capacity_ - least_payload) / 8, pointer_limit);

    // Each packet needs payload, to be told apart by its offset. One pointer of room is for the padding's own.
    bool one_packet_takes_them = n_pointers_ < max_pointers_;
    if (heap.repeat_pointers() && !one_packet_takes_them)
        return errc::pointers_do_not_fit;
    std::uint64_t least = one_packet_takes_them ? 1 : least_payload * (n_pointers_ / max_pointers_) + 1;
    std::uint64_t padded = payload_;
    if (payload_ < least)
    {
        padded = least;
        ++n_pointers_;
    }
    if (padded > heap.flavour().max_address())
        return errc::value_out_of_range;
    length_ = padded;
    if (how.packets == split::even)
        even_out();
    return {};
}

std::error_code packetizer::measure() noexcept
{
    const wire::flavour f = heap_->flavour();
    const std::uint64_t max_id = f.max_id();
    const std::uint64_t max_address = f.max_address();
    const auto address_bytes = static_cast<std::size_t>(f.address_bytes());
    std::uint64_t payload = 0;
    for (const outgoing_item &item : heap_->items())
    {
        if (item.id - 5 > max_id - 5) // 0 to 4 wrap around
            return errc::id_out_of_range;
        if (item.is_integer)
        {
            if (item.value > max_address)
                return errc::value_out_of_range;
        }
        else if (!is_immediate(item, address_bytes))
        {
            if (item.bytes.size() > max_address - payload)
                return errc::value_out_of_range;
            payload += item.bytes.size();
        }
    }
    payload_ = payload;
    return {};
}

// The count of packets stays, and with it the proof that payload lasts as long as pointers: every packet but the last
// is filled to capacity_, so n packets need n * capacity_ >= all bytes, and that is all they need.
void packetizer::even_out() noexcept
{
    std::uint64_t pointer_bytes = 8 * static_cast<std::uint64_t>(n_pointers_);
    std::uint64_t in_every_packet = heap_->repeat_pointers() ? pointer_bytes : 0;
    std::uint64_t once = length_ + pointer_bytes - in_every_packet;
    std::uint64_t room = capacity_ - in_every_packet;
    evened_ = once > room;
    if (!evened_)
        return;
    std::uint64_t count = (once + room - 1) / room;
    capacity_ = in_every_packet + round_up_8((once + count - 1) / count);
    max_pointers_ = std::min<std::uint64_t>(max_pointers_, capacity_ / 8 - 1);
}

void packetizer::make_packet(packet_batch &to, std::vector<wire::item_pointer> &scratch, std::uint32_t substream,
                             std::uint64_t owner)
{
    bool repeat = heap_->repeat_pointers();
    position at = at_;
    if (repeat)
    {
        at.pointer = 0;
        at.address = 0;
    }
    std::size_t count = repeat ? n_pointers_ : std::min(max_pointers_, n_pointers_ - at.pointer);
    std::uint64_t room = std::min(max_payload_, capacity_ - 8 * static_cast<std::uint64_t>(count));
    std::uint64_t payload = std::min(length_ - sent_, room);
    scratch.clear();
    make_pointers(count, at, scratch);
    fill_last(8 * count + payload, sent_ + payload, scratch);
    try
    {
        to.begin(heap_->flavour(),
                 {.heap_cnt = cnt_, .heap_length = length_, .payload_offset = sent_, .payload_length = payload},
                 scratch);
        make_payload(payload, at, to);
        to.end(substream, owner);
    }
    catch (...)
    {
        to.abandon();
        throw;
    }
    at_ = at;
    sent_ += payload;
}

// A packet that is smaller than the one before it ends the kernel's run of segments. Heaps of two or three packets
// would have a run each; immediate NULL pointers mean nothing, and make the last as large as the others.
void packetizer::fill_last(std::uint64_t size, std::uint64_t sent, std::vector<wire::item_pointer> &pointers) const
{
    constexpr std::uint64_t worth_filling = 64; // bytes; packets of heaps that need more are many, and a run anyway
    const std::uint64_t missing = capacity_ - size;
    if (!evened_ || sent != length_ || missing > worth_filling || missing % 8 != 0 ||
        pointers.size() + missing / 8 > pointer_limit)
        return;
    const wire::pointer_codec codec(heap_->flavour());
    pointers.insert(pointers.end(), missing / 8, codec.immediate(static_cast<std::uint64_t>(wire::item_id::null), 0));
}

void packetizer::make_pointers(std::size_t count, position &at, std::vector<wire::item_pointer> &out) const
{
    const wire::pointer_codec codec(heap_->flavour());
    const auto address_bytes = static_cast<std::size_t>(heap_->flavour().address_bytes());
    const std::span<const outgoing_item> items = heap_->items();
    for (std::size_t end = at.pointer + count; at.pointer != end; ++at.pointer)
    {
        if (at.pointer == items.size()) // the padding's, behind all
        {
            out.push_back(codec.addressed(static_cast<std::uint64_t>(wire::item_id::null), at.address));
            continue;
        }
        const outgoing_item &item = items[at.pointer];
        if (is_immediate(item, address_bytes))
            out.push_back(codec.immediate(item.id, immediate_value(item)));
        else
        {
            out.push_back(codec.addressed(item.id, at.address));
            at.address += item.bytes.size();
        }
    }
}

void packetizer::make_payload(std::uint64_t count, position &at, packet_batch &to) const
{
    const auto address_bytes = static_cast<std::size_t>(heap_->flavour().address_bytes());
    const std::span<const outgoing_item> items = heap_->items();
    while (count != 0 && at.item != items.size())
    {
        const outgoing_item &item = items[at.item];
        if (!is_immediate(item, address_bytes) && !item.bytes.empty())
        {
            bytes_view piece = item.bytes.subspan(at.offset);
            if (piece.size() > count)
            {
                to.add(piece.first(static_cast<std::size_t>(count)));
                at.offset += static_cast<std::size_t>(count);
                return;
            }
            to.add(piece);
            count -= piece.size();
        }
        ++at.item;
        at.offset = 0;
    }
    if (count != 0)
        to.add_zeros(static_cast<std::size_t>(count));
}

} // namespace heapwire::send
