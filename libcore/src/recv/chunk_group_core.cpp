// SPDX-License-Identifier: BSD-3-Clause
#include "chunk_group_core.h"

#include <algorithm>
#include <bit>
#include <stdexcept>
#include <utility>

#include "heapwire/base/error.h"

namespace heapwire::recv
{

/// A member's end of the group. What is not atomic is under the group's lock.
class chunk_group_core::member final : public chunk_outlet
{
public:
    member(std::shared_ptr<chunk_group_core> group, std::uint64_t stream_id)
        : group_(std::move(group)), stream_id_(stream_id)
    {
    }

    supplied obtain(std::int64_t id, chunk *&out, std::span<std::uint64_t> batch_stats) override
    {
        const std::lock_guard lock(group_->lock_);
        return group_->obtain(*this, id, out, batch_stats);
    }
    supplied pass(std::int64_t id, chunk *, std::span<std::uint64_t> batch_stats) override
    {
        return jump(id + 1, batch_stats);
    }
    /// The window moves in any case, since nothing may be written to a chunk that everybody has passed.
    supplied jump(std::int64_t head, std::span<std::uint64_t> batch_stats) override
    {
        const std::lock_guard lock(group_->lock_);
        if (head > head_)
        {
            head_ = head;
            group_->moved_ = true;
        }
        group_->hand_out(*this, batch_stats);
        if (head != INT64_MAX || !group_->stuck_)
            return supplied::ok;
        lacks_ = wants::room; // the last word: nobody else may come to hand out what is left
        return supplied::wait;
    }
    void discard(std::int64_t, chunk *) override {}
    bool clear(std::span<std::uint64_t> batch_stats) override
    {
        if (!group_->stuck_)
            return true;
        const std::lock_guard lock(group_->lock_);
        group_->hand_out(*this, batch_stats);
        if (group_->stuck_)
            lacks_ = wants::room;
        return !group_->stuck_;
    }
    std::optional<std::int64_t> position() const override
    {
        const std::lock_guard lock(group_->lock_);
        return group_->tail_ > 0 ? std::optional(group_->tail_ - 1) : std::nullopt;
    }
    bool can_start_again() const noexcept override { return false; }
    std::uint64_t chunks_dropped() const noexcept override { return dropped_; }

    std::int64_t wanted_head() const noexcept override { return wanted_head_; }
    void begin() noexcept override
    {
        if (group_->begun_)
            return;
        const std::lock_guard lock(group_->lock_);
        group_->begun_ = true;
    }
    bool unlocked(bool full) override;
    bool call_on_space(space_hook &hook) override;
    void cancel(space_hook &hook) noexcept override
    {
        group_->hooks_.cancel(hook);
        if (const std::shared_ptr<chunk_supply> supply = the_supply())
            supply->cancel(hook);
    }
    void leave() noexcept override
    {
        if (const std::shared_ptr<chunk_supply> supply = the_supply())
            supply->remove_producer();
    }
    void stop() noexcept override { group_->stop(); }
    void drop_leftovers() noexcept override
    {
        if (const std::shared_ptr<chunk_supply> supply = the_supply())
            supply->drop_leftovers();
    }

private:
    friend class chunk_group_core;
    /// What a member lacks that was answered `wait`.
    enum class wants : std::uint8_t
    {
        chunk,
        room,
        others
    };

    std::shared_ptr<chunk_supply> the_supply() const
    {
        const std::lock_guard lock(group_->lock_);
        return group_->supply_;
    }

    const std::shared_ptr<chunk_group_core> group_;
    const std::uint64_t stream_id_;
    std::weak_ptr<chunk_core> core_;
    std::int64_t head_ = 0;  // the member will touch no chunk below
    std::int64_t needs_ = 0; // every head has to be there before it can go on, if it lacks others
    wants lacks_ = wants::chunk;
    std::uint64_t dropped_ = 0; // under the member's lock: changed by its own calls only
    std::atomic<std::int64_t> wanted_head_{0};
};

bool chunk_group_core::member::unlocked(bool full)
{
    if (group_->moved_.exchange(false) && group_->hooks_.any())
        group_->hooks_.call_all();
    if (!full)
        return false;
    {
        const std::lock_guard lock(group_->lock_);
        if (lacks_ != wants::others)
            return false;
        if (group_->lowest_head() >= needs_)
            return true;
    }
    if (group_->how_.mode == eviction::lossless)
        return false;
    for (const std::shared_ptr<chunk_core> &other : group_->cores(this))
        other->serve_wanted_head();
    const std::lock_guard lock(group_->lock_);
    return group_->lowest_head() >= needs_;
}

bool chunk_group_core::member::call_on_space(space_hook &hook)
{
    std::shared_ptr<chunk_supply> supply;
    wants what = wants::chunk;
    {
        const std::lock_guard lock(group_->lock_);
        if (group_->stopped_)
            return false;
        supply = group_->supply_;
        what = lacks_;
        if (what == wants::others)
        {
            if (group_->lowest_head() >= needs_)
                return false;
            group_->hooks_.add(hook);
            return true;
        }
    }
    return supply && supply->call_on_space(hook, what == wants::room ? lack::room : lack::chunk);
}

chunk_group_core::chunk_group_core(chunk_group_options how, std::shared_ptr<chunk_supply> supply)
    : how_((how.validate(), how)), supply_(std::move(supply)), mask_(std::bit_ceil(how.max_chunks) - 1),
      places_(mask_ + 1)
{
    if (!supply_)
        throw_bad_argument("supply", std::string("null"), "a chunk_supply");
}

std::shared_ptr<chunk_core> chunk_group_core::add(options how, chunk_options where)
{
    how.validate();
    where.validate();
    if (where.max_chunks > how_.max_chunks)
        throw_bad_argument("max_chunks", where.max_chunks,
                           "at most the group's max_chunks, " + std::to_string(how_.max_chunks));
    const std::lock_guard lock(lock_);
    if (begun_ || stopped_)
        throw std::logic_error(stopped_ ? "chunk_group::emplace_back: the group was stopped"
                                        : "chunk_group::emplace_back: the group has already received data");
    const std::uint64_t stream_id = how.stream_id;
    auto fresh = std::make_shared<member>(shared_from_this(), stream_id);
    auto core = std::make_shared<chunk_core>(std::move(how), std::move(where), fresh);
    fresh->core_ = core;
    members_.push_back(std::move(fresh));
    supply_->add_producer();
    return core;
}

std::vector<std::shared_ptr<chunk_core>> chunk_group_core::cores(const member *but) const
{
    std::vector<std::shared_ptr<chunk_core>> found;
    const std::lock_guard lock(lock_);
    for (const std::shared_ptr<member> &m : members_)
        if (m.get() != but)
            if (std::shared_ptr<chunk_core> core = m->core_.lock())
                found.push_back(std::move(core));
    return found;
}

std::int64_t chunk_group_core::lowest_head() const noexcept
{
    std::int64_t lowest = INT64_MAX;
    for (const std::shared_ptr<member> &m : members_)
        lowest = std::min(lowest, m->head_);
    return lowest;
}

/// Chunks that every member has passed, as long as there is room for them. What nobody takes is counted by `who`
/// offered it.
void chunk_group_core::hand_out(member &who, std::span<std::uint64_t> batch_stats)
{
    stuck_ = false;
    for (const std::int64_t lowest = lowest_head(); head_ < tail_ && head_ < lowest; ++head_)
    {
        std::unique_ptr<chunk> &first = at(head_);
        const supplied answer = first ? supply_->ready(first, batch_stats) : supplied::ok;
        if (answer == supplied::wait)
        {
            stuck_ = true;
            return;
        }
        who.dropped_ += answer == supplied::none ? 1 : 0;
        first.reset();
    }
}

void chunk_group_core::ask_others(const member &who, std::int64_t head) noexcept
{
    for (const std::shared_ptr<member> &m : members_)
        if (m.get() != &who && m->wanted_head_ < head)
            m->wanted_head_ = head;
}

/// Moves the group's head so that there is a place for `id`, or says what `who` has to wait for.
bool chunk_group_core::make_way(member &who, std::int64_t id, std::span<std::uint64_t> batch_stats)
{
    const std::int64_t head = id - static_cast<std::int64_t>(how_.max_chunks) + 1;
    hand_out(who, batch_stats);
    if (head_ >= head)
        return true;
    if (stuck_)
    {
        who.lacks_ = member::wants::room;
        return false;
    }
    if (const std::int64_t lowest = lowest_head(); lowest >= head) // then nothing is left of the window
    {
        head_ = tail_ = std::min(lowest, id);
        return true;
    }
    who.lacks_ = member::wants::others;
    who.needs_ = head;
    if (how_.mode == eviction::lossy)
        ask_others(who, head);
    return false;
}

supplied chunk_group_core::obtain(member &who, std::int64_t id, chunk *&out, std::span<std::uint64_t> batch_stats)
{
    if (stopped_)
        return supplied::none;
    if (id >= tail_ && !make_way(who, id, batch_stats))
        return supplied::wait;
    for (; tail_ <= id; ++tail_)
    {
        std::unique_ptr<chunk> fresh;
        const supplied answer = supply_->obtain(tail_, fresh, batch_stats);
        if (answer == supplied::wait)
        {
            who.lacks_ = member::wants::chunk;
            return answer;
        }
        if (fresh)
        {
            fresh->chunk_id = tail_;
            fresh->stream_id = who.stream_id_;
            clear_present(*fresh);
        }
        at(tail_) = std::move(fresh);
    }
    out = id >= head_ ? at(id).get() : nullptr;
    return out ? supplied::ok : supplied::none;
}

void chunk_group_core::stop() noexcept
{
    std::shared_ptr<chunk_supply> supply;
    {
        const std::lock_guard lock(lock_);
        stopped_ = true;
        supply = supply_;
    }
    if (supply)
        supply->stop();
    hooks_.call_all();
    for (const std::shared_ptr<chunk_core> &core : cores(nullptr))
        core->stop_alone();
}

void chunk_group_core::let_go() noexcept
{
    std::shared_ptr<chunk_supply> gone;
    std::vector<std::shared_ptr<member>> members; // they refer to the group
    const std::lock_guard lock(lock_);
    gone.swap(supply_);
    members.swap(members_);
}

} // namespace heapwire::recv
