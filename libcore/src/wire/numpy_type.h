// SPDX-License-Identifier: BSD-3-Clause
/// numpy's type strings: "<u2", "|S5", ">M8[ns]".
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace heapwire::wire
{

/// Size of one element. Nothing if the string is not one that numpy writes, has no size, or names Python objects;
/// `why` then says which.
[[nodiscard]] std::optional<std::uint64_t> numpy_type_bytes(std::string_view type, std::string_view &why) noexcept;

} // namespace heapwire::wire
