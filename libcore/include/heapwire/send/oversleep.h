// SPDX-License-Identifier: BSD-3-Clause
/// Who sleeps wakes up late, by some tens of microseconds, more in a virtual machine. At 10 Gb/s that is a burst's
/// whole length, so a pacer that slept until each burst is due would keep half of its rate. Knows no clock.
#pragma once

#include <chrono>
#include <optional>

#include "heapwire/send/pacer.h"

namespace heapwire::send
{

/// Learns how late sleeps end, and ends them so much earlier; what is left until the due time must be waited for awake.
/// Not thread-safe.
class oversleep
{
public:
    using duration = std::chrono::nanoseconds;
    /// Before anything is known: a sleep is not worth its wake-up for less.
    static constexpr duration first_guess = std::chrono::microseconds(20);
    /// More is no lateness of the clock's, but a machine that is busy with something else: being awake is no help.
    static constexpr duration most = std::chrono::microseconds(100);

    /// When a sleep must end to be awake when it is `due`; nothing: stay awake.
    [[nodiscard]] std::optional<time_point> sleep_until(time_point due, time_point now) const noexcept
    {
        if (due - now <= lead_)
            return {};
        return due - std::chrono::duration_cast<time_point::duration>(lead_);
    }
    /// A sleep that should have ended at `asked` was over at `now`. Small steps: one sleep in nine may last longer than
    /// was expected, and a single very long one means nothing.
    void woke(time_point asked, time_point now) noexcept
    {
        constexpr duration up = std::chrono::microseconds(2), down = up / 8;
        if (now - asked > lead_)
            lead_ = lead_ + up > most ? most : lead_ + up;
        else
            lead_ = lead_ > down ? lead_ - down : duration::zero();
    }
    [[nodiscard]] duration lead() const noexcept { return lead_; }

private:
    duration lead_ = first_guess;
};

} // namespace heapwire::send
