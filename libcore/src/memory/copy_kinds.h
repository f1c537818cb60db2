// SPDX-License-Identifier: BSD-3-Clause
/// The non-temporal copies of this kind of processor: copy_<kind>.cpp, chosen by the build. Private to room memory.
#pragma once

#include "heapwire/memory/copy.h"

namespace heapwire::detail
{

/// The best that this processor has comes first; empty where there is none. Constant after the first call.
[[nodiscard]] std::span<const named_copy> processor_copies() noexcept;

/// What orders the unfenced ones before all later stores.
void processor_fence() noexcept;

} // namespace heapwire::detail
