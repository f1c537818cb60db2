// SPDX-License-Identifier: BSD-3-Clause
#include "literal_reader.h"

namespace heapwire::wire
{
namespace
{

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word(char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_printable(char c) { return c >= ' ' && c <= '~'; }

std::optional<int> hex_digit(char c)
{
    if (is_digit(c))
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return std::nullopt;
}

} // namespace

std::size_t literal_reader::position() noexcept
{
    while (at_ < text_.size() && is_blank(text_[at_]))
        ++at_;
    return at_;
}

std::string_view literal_reader::between(std::size_t begin, std::size_t end) const noexcept
{
    while (end > begin && is_blank(text_[end - 1]))
        --end;
    return text_.substr(begin, end - begin);
}

char literal_reader::peek() noexcept { return at_end() ? '\0' : text_[at_]; }

bool literal_reader::accept(char c) noexcept
{
    if (at_end() || text_[at_] != c)
        return false;
    ++at_;
    return true;
}

bool literal_reader::expect(char c) { return accept(c) || complain(std::string("expected '") + c + "'"); }

bool literal_reader::more(char closing)
{
    if (accept(closing))
        return false;
    if (!expect(','))
        return false;
    return !accept(closing); // a comma may stand in front of the end
}

std::optional<std::string> literal_reader::string()
{
    if (peek() == 'u' || peek() == 'U')
        ++at_;
    const char quote = at_ < text_.size() ? text_[at_] : '\0';
    if (quote != '\'' && quote != '"')
    {
        complain("expected a string");
        return std::nullopt;
    }
    ++at_;
    std::string value;
    while (at_ < text_.size() && text_[at_] != quote)
    {
        const char c = text_[at_++];
        if (!is_printable(c))
        {
            complain("a string holds a byte that is not printable ASCII");
            return std::nullopt;
        }
        const std::optional<char> taken = c == '\\' ? escape() : c;
        if (!taken)
            return std::nullopt;
        value.push_back(*taken);
    }
    if (at_ == text_.size())
    {
        complain("a string does not end");
        return std::nullopt;
    }
    ++at_;
    return value;
}

std::optional<char> literal_reader::escape()
{
    const char c = at_ < text_.size() ? text_[at_++] : '\0';
    switch (c)
    {
    case '\\':
    case '\'':
    case '"':
        return c;
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    case 'x':
        if (at_ + 2 <= text_.size())
        {
            const auto high = hex_digit(text_[at_]), low = hex_digit(text_[at_ + 1]);
            at_ += 2;
            if (high && low)
                return static_cast<char>(*high << 4 | *low);
        }
        break;
    default:
        break;
    }
    complain("a string holds an unknown escape");
    return std::nullopt;
}

std::optional<std::uint64_t> literal_reader::integer()
{
    constexpr std::uint64_t limit = std::uint64_t{1} << 63;
    const std::size_t begin = position();
    std::uint64_t value = 0;
    while (at_ < text_.size() && is_digit(text_[at_]))
    {
        const auto digit = static_cast<std::uint64_t>(text_[at_++] - '0');
        if (value > (limit - 1 - digit) / 10)
        {
            complain("a number is 2^63 or more");
            return std::nullopt;
        }
        value = 10 * value + digit;
    }
    const std::size_t length = at_ - begin;
    // Python 2's 2L, 0x10, 1_000, 1.5 and the octal-looking 010 are all refused.
    const bool goes_on = at_ < text_.size() && (is_word(text_[at_]) || text_[at_] == '.');
    if (length == 0 || goes_on || (length > 1 && text_[begin] == '0'))
    {
        complain("expected a plain number");
        return std::nullopt;
    }
    return value;
}

std::optional<bool> literal_reader::boolean()
{
    if (accept_word("True"))
        return true;
    if (accept_word("False"))
        return false;
    complain("expected True or False");
    return std::nullopt;
}

bool literal_reader::accept_word(std::string_view word) noexcept
{
    const std::size_t begin = position();
    const std::size_t end = begin + word.size();
    if (text_.substr(begin, word.size()) != word || (end < text_.size() && is_word(text_[end])))
        return false;
    at_ = end;
    return true;
}

bool literal_reader::complain(std::string_view what)
{
    if (complaint_.empty())
        complaint_ = std::string(what) + " at offset " + std::to_string(at_);
    return false;
}

} // namespace heapwire::wire
