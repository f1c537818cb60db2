// SPDX-License-Identifier: BSD-3-Clause
/// For processors without a non-temporal copy of ours.
#include "copy_kinds.h"

namespace heapwire::detail
{

std::span<const named_copy> processor_copies() noexcept { return {}; }

void processor_fence() noexcept {}

} // namespace heapwire::detail
