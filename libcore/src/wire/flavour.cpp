// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/wire/flavour.h"

#include "heapwire/base/error.h"

namespace heapwire::wire
{

flavour::flavour(int heap_address_bits, std::uint32_t bugs)
{
    if (heap_address_bits < 8 || heap_address_bits > 56 || heap_address_bits % 8 != 0)
        throw_bad_argument("heap_address_bits", heap_address_bits, "a multiple of 8 from 8 to 56");
    if (bugs > pyspead_0_5_2)
        throw_bad_argument("bugs", bugs, "a sum of flags, 0 to 7");
    address_bits_ = static_cast<std::uint8_t>(heap_address_bits);
    bugs_ = static_cast<std::uint8_t>(bugs);
}

} // namespace heapwire::wire
