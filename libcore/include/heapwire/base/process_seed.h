// SPDX-License-Identifier: BSD-3-Clause
/// A secret of the process, for tables whose keys come from strangers.
#pragma once

#include <cstdint>

namespace heapwire
{

/// The same in every call, another one in every process. Never fails: it is wanted on threads of packets, perhaps when
/// the process has no descriptors left. Any thread.
[[nodiscard]] std::uint64_t process_seed() noexcept;

/// What `entropy` answers; if it throws, a number of the clock and of where the program was loaded, which is hard to
/// guess from outside.
[[nodiscard]] std::uint64_t seed_from(std::uint64_t (*entropy)()) noexcept;

} // namespace heapwire
