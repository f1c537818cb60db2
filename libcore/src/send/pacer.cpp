// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/send/pacer.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace heapwire::send
{

namespace
{
// No burst counts longer than 30 years: sums stay far from the end of the clock's numbers.
constexpr double longest = 1e18;
constexpr std::int64_t last_moment = std::numeric_limits<std::int64_t>::max() / 2;
} // namespace

void pacer::exact_time::add(double nanoseconds) noexcept
{
    double sum = part + std::min(nanoseconds, longest);
    double floor = std::floor(sum);
    part = sum - floor;
    whole = std::min(whole + static_cast<std::int64_t>(floor), last_moment);
}

pacer::exact_time pacer::from(time_point when) noexcept
{
    return {std::chrono::duration_cast<std::chrono::nanoseconds>(when.time_since_epoch()).count(), 0};
}

pacer::pacer(double rate, std::size_t burst_size, double ratio) noexcept
    : ns_per_byte_(rate > 0 ? 1e9 / rate : 0), burst_size_(burst_size), ratio_(ratio)
{
}

time_point pacer::due() const noexcept
{
    exact_time by_average = average_;
    by_average.add(duration_);
    exact_time by_burst = began_;
    by_burst.add(duration_ / ratio_);
    const exact_time &later = by_average < by_burst ? by_burst : by_average;
    std::chrono::nanoseconds rounded(later.whole + (later.part > 0 ? 1 : 0));
    return time_point(std::chrono::duration_cast<time_point::duration>(rounded));
}

void pacer::start_burst(time_point now) noexcept
{
    average_.add(duration_);
    began_ = from(now);
    duration_ = 0;
    bytes_ = 0;
}

void pacer::count(std::uint64_t size, double rate) noexcept
{
    double ns_per_byte = rate < 0 ? ns_per_byte_ : rate > 0 ? 1e9 / rate : 0;
    if (ns_per_byte == 0)
        return;
    duration_ = std::min(duration_ + static_cast<double>(size) * ns_per_byte, longest);
    bytes_ += size;
    last_size_ = size;
}

void pacer::rest(time_point now) noexcept
{
    if (resting_)
        return;
    resting_ = true;
    exact_time used = average_;
    used.add(duration_);
    exact_time present = from(now);
    lag_ = used < present ? static_cast<double>(present.whole - used.whole) - used.part : 0;
}

void pacer::resume(time_point now) noexcept
{
    if (!resting_)
        return;
    resting_ = false;
    exact_time present = from(now);
    if (!started_)
    {
        started_ = true;
        average_ = present;
        began_ = present;
        return;
    }
    // The burst that was begun counts as due so early that it would be over by now, but for the lag of before.
    exact_time earliest = present;
    earliest.add(-lag_ - duration_);
    if (average_ < earliest)
        average_ = earliest;
}

} // namespace heapwire::send
