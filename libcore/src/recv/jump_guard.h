// SPDX-License-Identifier: BSD-3-Clause
/// Keeps one absurd chunk id from moving the window for good: docs/decisions/0107-far-chunk-ids.md. Private to this
/// room.
#pragma once

#include <cstdint>

#include "heapwire/recv/chunk_options.h"
#include "heapwire/recv/chunk_window.h"

namespace heapwire::recv
{

enum class verdict : std::uint8_t
{
    move,        ///< chunk_window::reach, then moved()
    start_again, ///< chunk_window::start_again first
    too_old,
    far
};

/// Asked about ids that are not in the window. Asked again about the same heap it says the same again.
class jump_guard
{
public:
    explicit jump_guard(std::uint64_t max_jump) : max_jump_(max_jump) {}

    [[nodiscard]] verdict judge(std::int64_t id, std::uint64_t cnt, const chunk_window &window, const chunk_port &port);
    /// The window now contains the `id` of which judge() said that it may move there; it ended before `old_tail`.
    void moved(std::int64_t id, std::uint64_t cnt, std::int64_t old_tail) noexcept;
    /// A heap whose id is in the window.
    void near(std::uint64_t cnt) noexcept
    {
        if (far_in_a_row_ != 0 || !confirmed_) [[unlikely]]
            settle(cnt);
    }

private:
    /// A far id is believed if the far heap before it, with no near one in between, agrees; or if nothing but far heaps
    /// comes.
    static constexpr unsigned patience = 8;

    [[nodiscard]] bool believed(std::int64_t id, std::uint64_t cnt) noexcept;
    [[nodiscard]] std::uint64_t limit() const noexcept;
    void settle(std::uint64_t cnt) noexcept;

    std::uint64_t max_jump_;
    std::uint64_t learned_ = 0; // the widest jump that was believed
    bool begun_ = false;
    bool confirmed_ = false; // somebody else agrees with the heap for which the window began
    std::uint64_t founder_ = 0;
    unsigned far_in_a_row_ = 0;
    std::int64_t last_id_ = 0;
    std::uint64_t last_cnt_ = 0;
};

} // namespace heapwire::recv
