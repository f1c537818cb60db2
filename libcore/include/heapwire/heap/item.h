// SPDX-License-Identifier: BSD-3-Clause
/// An item of a received heap: an id and bytes.
#pragma once

#include <cstdint>

#include "heapwire/base/bytes.h"

namespace heapwire
{

/// Valid as long as the heap it came from. An immediate's bytes are the B/8 big-endian bytes of its value.
struct item
{
    std::uint64_t id = 0;
    std::uint64_t immediate_value = 0; ///< 0 for an addressed item
    bytes_view bytes;
    bool is_immediate = false;
};

} // namespace heapwire
