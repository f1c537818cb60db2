// SPDX-License-Identifier: BSD-3-Clause
#include "jump_guard.h"

#include <algorithm>

namespace heapwire::recv
{
namespace
{

/// Of ids, none of them negative.
std::uint64_t distance(std::int64_t a, std::int64_t b) noexcept
{
    return static_cast<std::uint64_t>(a > b ? a - b : b - a);
}

} // namespace

std::uint64_t jump_guard::limit() const noexcept
{
    return std::max(max_jump_, learned_ > any_jump / 2 ? any_jump : 2 * learned_);
}

bool jump_guard::believed(std::int64_t id, std::uint64_t cnt) noexcept
{
    if (far_in_a_row_ > 0 && cnt == last_cnt_) // a copy of what came before is no second opinion, nor a third
        return far_in_a_row_ >= patience;
    if (far_in_a_row_ > 0 && distance(id, last_id_) <= limit())
        return true;
    ++far_in_a_row_;
    last_id_ = id;
    last_cnt_ = cnt;
    return far_in_a_row_ >= patience;
}

verdict jump_guard::judge(std::int64_t id, std::uint64_t cnt, const chunk_window &window, const chunk_port &port)
{
    if (!begun_)
    {
        const std::optional<std::int64_t> elsewhere = port.position();
        const bool plausible = !elsewhere || distance(id, *elsewhere) <= limit();
        if (id < window.head())
            return verdict::too_old;
        return plausible || believed(id, cnt) ? verdict::move : verdict::far;
    }
    if (id >= window.tail())
    {
        const bool plausible = static_cast<std::uint64_t>(id - window.tail()) < limit();
        return plausible || believed(id, cnt) ? verdict::move : verdict::far;
    }
    // Ids never go back, unless the window began where nobody else is.
    if (confirmed_ || !port.can_start_again() || distance(id, window.head()) <= limit())
        return verdict::too_old;
    return believed(id, cnt) ? verdict::start_again : verdict::far;
}

void jump_guard::moved(std::int64_t id, std::uint64_t cnt, std::int64_t old_tail) noexcept
{
    if (!begun_)
        founder_ = cnt;
    else
    {
        confirmed_ = true;
        if (const std::uint64_t width = distance(id, old_tail); width > limit())
            learned_ = width;
    }
    begun_ = true;
    far_in_a_row_ = 0;
}

void jump_guard::settle(std::uint64_t cnt) noexcept
{
    far_in_a_row_ = 0;
    confirmed_ = confirmed_ || cnt != founder_;
}

} // namespace heapwire::recv
