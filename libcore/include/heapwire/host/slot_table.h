// SPDX-License-Identifier: BSD-3-Clause
/// Tokens for things that a worker must not touch. The worker carries 64 bits; the runtime's side looks the thing up.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace heapwire::host
{

/// Never 0 for a slot that was handed out.
using token = std::uint64_t;

/// Owns values of T under tokens. A token is good for one take(): its slot is used again under another token, so that
/// a late or doubled completion finds nothing. Every member may be called from any thread. No member destroys, copies
/// or calls into a T while the table is locked (a T may need its runtime's lock for that), but for visit().
template <typename T>
class slot_table
{
public:
    slot_table() = default;
    slot_table(const slot_table &) = delete;
    slot_table &operator=(const slot_table &) = delete;

    /// May throw std::bad_alloc; `value` is then untouched.
    [[nodiscard]] token put(T &&value)
    {
        std::lock_guard hold(lock_);
        if (free_.empty())
        {
            // Both vectors grow first, so that take() never has to.
            free_.reserve(slots_.size() + 1);
            slots_.emplace_back();
            free_.push_back(static_cast<std::uint32_t>(slots_.size() - 1));
        }
        std::uint32_t index = free_.back();
        slots_[index].value.emplace(std::move(value));
        free_.pop_back();
        return make(slots_[index].generation, index);
    }

    /// The value, which is the caller's from now on; nullopt for a token that is not (any more) in use.
    [[nodiscard]] std::optional<T> take(token which)
    {
        std::lock_guard hold(lock_);
        slot *found = find(which);
        if (!found)
            return std::nullopt;
        return release(*found);
    }

    [[nodiscard]] bool contains(token which) const
    {
        std::lock_guard hold(lock_);
        return const_cast<slot_table *>(this)->find(which) != nullptr;
    }

    /// Empties the table; the caller destroys the values where he may.
    [[nodiscard]] std::vector<T> take_all()
    {
        std::vector<T> out;
        std::lock_guard hold(lock_);
        out.reserve(slots_.size() - free_.size());
        for (slot &s : slots_)
        {
            if (s.value)
                out.push_back(*release(s));
        }
        return out;
    }

    /// Calls look(const T &) for every value, with the table locked: look must not block, nor call back. For a
    /// runtime's garbage collector.
    template <typename Look>
    void visit(Look &&look) const
    {
        std::lock_guard hold(lock_);
        for (const slot &s : slots_)
        {
            if (s.value)
                look(*s.value);
        }
    }

    [[nodiscard]] std::size_t size() const
    {
        std::lock_guard hold(lock_);
        return slots_.size() - free_.size();
    }

private:
    struct slot
    {
        std::uint32_t generation = 1;
        std::optional<T> value;
    };

    static token make(std::uint32_t generation, std::uint32_t index) noexcept
    {
        return token{generation} << 32 | index;
    }

    slot *find(token which) noexcept
    {
        auto index = static_cast<std::uint32_t>(which);
        if (index >= slots_.size() || slots_[index].generation != which >> 32 || !slots_[index].value)
            return nullptr;
        return &slots_[index];
    }

    std::optional<T> release(slot &s)
    {
        std::optional<T> out(std::move(s.value));
        s.value.reset(); // moved from: nothing of weight is destroyed here
        if (++s.generation == 0)
            s.generation = 1; // 0 is kept out, so that no token is 0
        free_.push_back(static_cast<std::uint32_t>(&s - slots_.data()));
        return out;
    }

    mutable std::mutex lock_;
    std::vector<slot> slots_;
    std::vector<std::uint32_t> free_;
};

} // namespace heapwire::host
