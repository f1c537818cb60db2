// SPDX-License-Identifier: BSD-3-Clause
/// The Flavour that Python sees: any 32 bits of bug_compat are kept, those that mean something are obeyed.
#pragma once

#include <cstdint>

#include "heapwire/wire/flavour.h"

namespace heapwire::python
{

struct flavour
{
    int heap_address_bits = 40;
    std::uint32_t bug_compat = 0;

    flavour() = default;
    /// Throws std::invalid_argument (ValueError).
    flavour(int version, int item_pointer_bits, int heap_address_bits, std::uint32_t bug_compat);
    explicit flavour(wire::flavour from) noexcept : heap_address_bits(from.heap_address_bits()), bug_compat(from.bugs())
    {
    }

    [[nodiscard]] wire::flavour core() const
    {
        return wire::flavour(heap_address_bits, bug_compat & wire::pyspead_0_5_2);
    }
    friend bool operator==(const flavour &, const flavour &) = default;
};

} // namespace heapwire::python
