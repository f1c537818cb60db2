// SPDX-License-Identifier: BSD-3-Clause
/// The reserved item identifiers (SPEAD specification section 6; docs/reference/wire-format.md section 4).
#pragma once

#include <cstdint>

namespace heapwire::wire
{

enum class item_id : std::uint64_t
{
    null = 0x00,           ///< padding; an addressed one still ends the item before it
    heap_cnt = 0x01,       ///< packet scope, required
    heap_length = 0x02,    ///< packet scope, optional
    payload_offset = 0x03, ///< packet scope, required
    payload_length = 0x04, ///< packet scope, required
    descriptor = 0x05,
    stream_ctrl = 0x06,
    descriptor_name = 0x10,
    descriptor_description = 0x11,
    descriptor_shape = 0x12,
    descriptor_format = 0x13,
    descriptor_id = 0x14,
    descriptor_dtype = 0x15,
};

/// Values of item_id::stream_ctrl.
enum class stream_control : std::uint64_t
{
    start = 0,
    descriptor_reissue = 1,
    stop = 2,
    descriptor_update = 3,
};

/// Ids 1 to 4 in immediate mode describe the packet they are in and are never items of the heap.
[[nodiscard]] constexpr bool is_packet_scope(std::uint64_t id) noexcept { return id >= 1 && id <= 4; }

} // namespace heapwire::wire
