// SPDX-License-Identifier: BSD-3-Clause
/// Fields of any width, most significant bit first, without padding between them.
#pragma once

#include <cstdint>
#include <string>

#include "heapwire/base/bytes.h"

namespace heapwire::python
{

/// The caller makes sure that the bits are there.
class bit_reader
{
public:
    explicit bit_reader(bytes_view from) : from_(from) {}

    /// At most 64.
    [[nodiscard]] std::uint64_t take(unsigned bits)
    {
        std::uint64_t out = 0;
        while (bits > 0)
        {
            const unsigned offset = at_ % 8;
            const unsigned step = bits < 8 - offset ? bits : 8 - offset;
            const auto byte = std::to_integer<unsigned>(from_[at_ / 8]);
            out = (out << step) | ((byte >> (8 - offset - step)) & ((1U << step) - 1));
            at_ += step;
            bits -= step;
        }
        return out;
    }

private:
    bytes_view from_;
    std::size_t at_ = 0;
};

class bit_writer
{
public:
    void reserve(std::uint64_t bits) { out_.reserve(bits / 8 + 1); }
    /// The low `bits` of `value`; at most 64.
    void put(std::uint64_t value, unsigned bits)
    {
        while (bits > 0)
        {
            if (free_ == 0)
            {
                out_.push_back('\0');
                free_ = 8;
            }
            const unsigned step = bits < free_ ? bits : free_;
            const auto piece = static_cast<unsigned>((value >> (bits - step)) & ((1U << step) - 1));
            out_.back() = static_cast<char>(static_cast<unsigned char>(out_.back()) | (piece << (free_ - step)));
            free_ -= step;
            bits -= step;
        }
    }
    /// The last byte is filled up with zero bits.
    [[nodiscard]] const std::string &bytes() const noexcept { return out_; }

private:
    std::string out_;
    unsigned free_ = 0;
};

} // namespace heapwire::python
