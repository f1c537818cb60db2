// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/wire/reject.h"

namespace heapwire::wire
{
namespace
{

constexpr std::array<reject_entry, reject_count> table{{
    {reject::none, "accepted", "nothing is wrong"},
    {reject::too_short, "malformed_too_short", "fewer than 8 bytes"},
    {reject::bad_magic, "malformed_bad_magic", "the first byte is not 0x53"},
    {reject::bad_version, "malformed_bad_version", "the version is not 4"},
    {reject::zero_width, "malformed_zero_width", "the identifier or the address has no bytes"},
    {reject::bad_widths, "malformed_bad_widths", "identifier and address do not add up to 8 bytes"},
    {reject::pointers_past_end, "malformed_pointers_past_end", "the item pointers run past the end of the packet"},
    {reject::no_heap_cnt, "malformed_no_heap_cnt", "there is no immediate HEAP_CNT"},
    {reject::no_payload_offset, "malformed_no_payload_offset", "there is no immediate PAYLOAD_OFFSET"},
    {reject::no_payload_length, "malformed_no_payload_length", "there is no immediate PAYLOAD_LENGTH"},
    {reject::payload_past_end, "malformed_payload_past_end", "the payload runs past the end of the packet"},
    {reject::trailing_bytes, "malformed_trailing_bytes", "bytes follow the payload"},
    {reject::payload_past_heap, "malformed_payload_past_heap", "the payload runs past the end of the heap"},
    {reject::contradiction, "malformed_contradiction", "a packet-scope item has two different values"},
    {reject::truncated, "malformed_truncated", "the datagram was longer than the receive buffer"},
}};

constexpr bool indexed_by_reason()
{
    for (std::size_t i = 0; i < table.size(); ++i)
        if (static_cast<std::size_t>(table[i].reason) != i)
            return false;
    return true;
}
static_assert(indexed_by_reason());
static_assert(static_cast<std::size_t>(reject::truncated) + 1 == reject_count);

} // namespace

const std::array<reject_entry, reject_count> &reject_table() noexcept { return table; }

std::string_view to_string(reject reason) noexcept
{
    const auto index = static_cast<std::size_t>(reason);
    return index < table.size() ? table[index].text : "unknown reason";
}

} // namespace heapwire::wire
