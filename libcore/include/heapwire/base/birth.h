// SPDX-License-Identifier: BSD-3-Clause
/// Of which process something is. Only the forking thread lives on in the child of a fork: what needs a thread, or a
/// lock that a thread may have held at that moment, is an orphan there.
#pragma once

#include <cstdint>

namespace heapwire
{

/// Counts the forks between the first process and this one; see host/fork.h, which tells of them. One load.
[[nodiscard]] std::uint32_t process_generation() noexcept;

/// Remembers in which generation something was made. A value.
class birth
{
public:
    birth() noexcept : generation_(process_generation()) {}

    [[nodiscard]] bool orphaned() const noexcept { return generation_ != process_generation(); }
    /// Throws std::system_error(errc::orphaned) naming `what`, if orphaned.
    void require_alive(const char *what) const;
    [[nodiscard]] std::uint32_t generation() const noexcept { return generation_; }

private:
    std::uint32_t generation_;
};

namespace detail
{
void begin_generation() noexcept;
}

} // namespace heapwire
