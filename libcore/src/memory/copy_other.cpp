// SPDX-License-Identifier: BSD-3-Clause
/// For processors without a non-temporal copy of ours.
#include "copy_kinds.h"

namespace heapwire::detail
{

std::span<const named_copy> processor_copies() noexcept { return {}; }

} // namespace heapwire::detail
