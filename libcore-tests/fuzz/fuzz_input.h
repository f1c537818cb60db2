// SPDX-License-Identifier: BSD-3-Clause
/// What targets that are driven step by step share: numbers out of fuzzed bytes, and what must hold.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

#include "heapwire/base/bytes.h"

namespace heapwire::fuzz
{

inline void require(bool holds)
{
    if (!holds)
        std::abort();
}

/// Where the bytes end, numbers are cut short, and then 0.
class input
{
public:
    input(const std::uint8_t *data, std::size_t size) : rest_(data, size) {}
    [[nodiscard]] bool empty() const { return rest_.empty(); }
    std::uint64_t number(std::size_t bytes)
    {
        std::uint64_t value = 0;
        for (std::size_t i = 0; i < bytes && !rest_.empty(); ++i)
        {
            value = value << 8 | rest_.front();
            rest_ = rest_.subspan(1);
        }
        return value;
    }
    std::vector<std::byte> bytes(std::size_t n)
    {
        n = std::min(n, rest_.size());
        const bytes_view taken = std::as_bytes(rest_.first(n));
        rest_ = rest_.subspan(n);
        return {taken.begin(), taken.end()};
    }

private:
    std::span<const std::uint8_t> rest_;
};

} // namespace heapwire::fuzz
