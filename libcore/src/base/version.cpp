// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/base/version.h"

namespace heapwire
{

const char *version() noexcept { return HEAPWIRE_VERSION; }

} // namespace heapwire
