// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/heap/payload_ranges.h"

#include <algorithm>

namespace heapwire
{

std::size_t payload_ranges::first_ending_after(std::uint64_t position) const noexcept
{
    // Nearly every packet continues the last range, or opens one behind it.
    if (ranges_.empty() || ranges_.back().second <= position)
        return ranges_.size();
    auto found = std::upper_bound(ranges_.begin(), ranges_.end(), position,
                                  [](std::uint64_t at, const byte_range &range) { return at < range.second; });
    return static_cast<std::size_t>(found - ranges_.begin());
}

payload_ranges::fit payload_ranges::look(std::uint64_t begin, std::uint64_t end) const noexcept
{
    const std::size_t at = first_ending_after(begin);
    if (at == ranges_.size() || ranges_[at].first >= end)
    {
        const bool touches =
            (at > 0 && ranges_[at - 1].second == begin) || (at < ranges_.size() && ranges_[at].first == end);
        return ranges_.size() >= max_ranges && !touches ? fit::scattered : fit::fresh;
    }
    return ranges_[at].first <= begin && end <= ranges_[at].second ? fit::duplicate : fit::overlap;
}

void payload_ranges::reserve_one()
{
    if (ranges_.size() == ranges_.capacity())
        ranges_.reserve(ranges_.empty() ? 4 : 2 * ranges_.size());
}

void payload_ranges::add(std::uint64_t begin, std::uint64_t end) noexcept
{
    const std::size_t at = first_ending_after(begin);
    const bool joins_left = at > 0 && ranges_[at - 1].second == begin;
    const bool joins_right = at < ranges_.size() && ranges_[at].first == end;
    const auto here = ranges_.begin() + static_cast<std::ptrdiff_t>(at);
    if (joins_left && joins_right)
    {
        ranges_[at - 1].second = ranges_[at].second;
        ranges_.erase(here);
    }
    else if (joins_left)
        ranges_[at - 1].second = end;
    else if (joins_right)
        ranges_[at].first = begin;
    else
        ranges_.insert(here, {begin, end});
}

void payload_ranges::clear() noexcept
{
    // What an ordinary heap needs is kept for the next; a storm's is given back.
    constexpr std::size_t worth_keeping = 256;
    if (ranges_.capacity() > worth_keeping)
        ranges_ = {};
    ranges_.clear();
}

} // namespace heapwire
