// SPDX-License-Identifier: BSD-3-Clause
/// Asks where heaps go: item values out of first packets, then one call, or the linear rule. Private to this room.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "heapwire/recv/chunk_options.h"
#include "heapwire/wire/packet_view.h"

namespace heapwire::recv
{

/// A linear_expression made ready: powers of two divide by shifts.
class linear_rule
{
public:
    linear_rule() = default;
    explicit linear_rule(const linear_expression &from);
    /// For n heaps, whose items are `stride` apart. Sets `bad` where an item is missing, or the result does not fit.
    void operator()(const std::int64_t *items, std::size_t stride, std::size_t n, std::uint64_t *out,
                    std::uint8_t *bad) const noexcept;
    /// What to multiply the other's result by to get this one's, since they differ in nothing but their scales: heaps
    /// of one size, one after the other. 0: they do differ.
    [[nodiscard]] std::uint64_t multiple_of(const linear_rule &other) const noexcept;

private:
    std::uint64_t base_ = 0;
    std::vector<linear_term> terms_;
};

class placer
{
public:
    static constexpr std::size_t capacity = HEAPWIRE_PLACE_BATCH;

    /// Both must outlive it. `how` was validated.
    placer(const chunk_options &how, std::span<std::uint64_t> batch_stats);

    void clear() noexcept
    {
        n_ = 0;
        any_known_ = false;
    }
    /// Notes a heap by its first packet, which must stay; answers its number. At most `capacity`.
    std::size_t add(const wire::packet_view &first) noexcept;
    /// Notes a heap whose answer is known.
    void add_known(const place_data &answer, std::span<const std::uint8_t> extra) noexcept;
    /// Asks for those from `begin` on, but for known ones.
    void ask(std::size_t begin);
    [[nodiscard]] place_data &operator[](std::size_t number) noexcept { return heaps_[number]; }
    [[nodiscard]] std::size_t size() const noexcept { return n_; }
    /// The most bytes that an answer may ask to be kept.
    [[nodiscard]] std::size_t extra_limit() const noexcept { return extra_limit_; }

private:
    struct wanted
    {
        std::uint64_t id;
        std::size_t slot;
    };
    void ask_some(std::size_t begin, std::size_t end);
    void ask_rule(std::size_t begin, std::size_t end) noexcept;
    [[nodiscard]] bool keep_extra(place_data &heap, std::uint64_t index) noexcept;
    void look_into(const wire::packet_view &packet, std::int64_t *values) const noexcept;

    const placement &place_;
    std::array<place_data, capacity> heaps_{};
    std::array<std::uint64_t, capacity> lengths_{};
    std::array<bool, capacity> known_{};
    std::size_t n_ = 0;
    bool any_known_ = false;
    std::size_t n_items_;
    std::vector<wanted> of_packet_; // ids 1 to 4
    std::vector<wanted> ordinary_;
    std::unique_ptr<std::int64_t[]> items_;
    std::size_t extra_limit_;
    std::size_t extra_stride_;
    std::unique_ptr<std::uint8_t[]> extra_;
    linear_rule chunk_id_, heap_index_, heap_offset_;
    std::uint64_t offset_by_index_ = 0; // see linear_rule::multiple_of
};

} // namespace heapwire::recv
