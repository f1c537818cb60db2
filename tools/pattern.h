// SPDX-License-Identifier: BSD-3-Clause
/// What --verify sends and checks: bytes that follow from the heap's cnt, the item's id and the place, so that the
/// receiver can tell each wrong one without having seen the sender.
#pragma once

#include <cstdint>

#include "heapwire/base/bytes.h"

namespace tools
{

void fill_pattern(heapwire::mutable_bytes to, std::uint64_t cnt, std::uint64_t id) noexcept;

/// How many bytes are wrong.
[[nodiscard]] std::uint64_t count_wrong(heapwire::bytes_view bytes, std::uint64_t cnt, std::uint64_t id) noexcept;

} // namespace tools
