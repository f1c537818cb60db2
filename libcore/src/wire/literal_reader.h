// SPDX-License-Identifier: BSD-3-Clause
/// Reads the few Python literals a numpy header is made of. Nothing is evaluated. The first complaint stays.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace heapwire::wire
{

class literal_reader
{
public:
    explicit literal_reader(std::string_view text) noexcept : text_(text) {}

    /// Offset of the next token.
    [[nodiscard]] std::size_t position() noexcept;
    [[nodiscard]] bool at_end() noexcept { return position() == text_.size(); }
    /// What stands from one position to another, without blanks at its end.
    [[nodiscard]] std::string_view between(std::size_t begin, std::size_t end) const noexcept;

    /// The next token's first character, 0 at the end.
    [[nodiscard]] char peek() noexcept;
    /// Takes `c` if it is next.
    bool accept(char c) noexcept;
    /// Takes `c` or complains.
    bool expect(char c);
    /// True as long as a list goes on: takes the comma, or the closing character and answers false.
    bool more(char closing);

    /// 'text', "text", u'text'; nothing and a complaint otherwise.
    [[nodiscard]] std::optional<std::string> string();
    /// A decimal number below 2^63.
    [[nodiscard]] std::optional<std::uint64_t> integer();
    /// True or False.
    [[nodiscard]] std::optional<bool> boolean();

    /// Always false.
    bool complain(std::string_view what);
    [[nodiscard]] const std::string &complaint() const noexcept { return complaint_; }

private:
    [[nodiscard]] std::optional<char> escape();
    bool accept_word(std::string_view word) noexcept;

    std::string_view text_;
    std::size_t at_ = 0;
    std::string complaint_;
};

} // namespace heapwire::wire
