// SPDX-License-Identifier: BSD-3-Clause
#include "numpy_parser.h"

#include <algorithm>

#include "numpy_type.h"

namespace heapwire::wire
{
namespace
{

enum key_bit : unsigned
{
    descr_key = 1,
    order_key = 2,
    shape_key = 4,
    all_keys = 7,
};

unsigned key_of(std::string_view name)
{
    if (name == "descr")
        return descr_key;
    if (name == "fortran_order")
        return order_key;
    if (name == "shape")
        return shape_key;
    return 0;
}

} // namespace

std::optional<numpy_header> numpy_parser::header()
{
    numpy_header result;
    unsigned seen = 0;
    if (text_.size() > max_header_bytes)
    {
        in_.complain("the header is longer than 64 KiB");
        return std::nullopt;
    }
    if (!in_.expect('{'))
        return std::nullopt;
    if (!in_.accept('}'))
        do
        {
            if (!entry(result, seen))
                return std::nullopt;
        } while (in_.more('}'));
    if (in_.complaint().empty() && seen != all_keys)
        in_.complain("the keys are not exactly descr, fortran_order and shape");
    if (in_.complaint().empty() && !in_.at_end())
        in_.complain("something follows the dictionary");
    if (!in_.complaint().empty() || !times(result.item_bytes, result.shape))
        return std::nullopt;
    return result;
}

bool numpy_parser::entry(numpy_header &into, unsigned &seen)
{
    const auto name = in_.string();
    if (!name)
        return false;
    const unsigned key = key_of(*name);
    if (key == 0 || (seen & key) != 0)
        return in_.complain("an unknown or repeated key");
    seen |= key;
    if (!in_.expect(':'))
        return false;
    if (key == order_key)
    {
        const auto value = in_.boolean();
        into.fortran_order = value.value_or(false);
        return value.has_value();
    }
    if (key == shape_key)
    {
        auto value = shape();
        if (value)
            into.shape = std::move(*value);
        return value.has_value();
    }
    const std::size_t begin = in_.position();
    const auto bytes = descr(0);
    if (!bytes)
        return false;
    into.descr = in_.between(begin, in_.position());
    into.item_bytes = *bytes;
    return *bytes != 0 || in_.complain("an element has no size");
}

std::optional<std::uint64_t> numpy_parser::descr(int depth)
{
    if (depth > max_header_depth)
    {
        in_.complain("fields are nested too deeply");
        return std::nullopt;
    }
    return in_.peek() == '[' ? fields(depth) : type_string();
}

std::optional<std::uint64_t> numpy_parser::type_string()
{
    const std::size_t begin = in_.position();
    const auto type = in_.string();
    if (!type)
        return std::nullopt;
    const std::string_view quoted = in_.between(begin, in_.position());
    const std::size_t inside = quoted.size() - 1 - type->size();
    std::string_view why = "a type string has an escape";
    const bool plain = quoted.substr(inside, type->size()) == *type;
    const auto bytes = plain ? numpy_type_bytes(*type, why) : std::nullopt;
    if (!bytes)
        in_.complain(why);
    else if (type->front() == '<' || type->front() == '>')
        byte_orders_.push_back(begin + inside);
    return bytes;
}

std::optional<std::uint64_t> numpy_parser::fields(int depth)
{
    std::set<std::string> names;
    std::uint64_t total = 0;
    if (!in_.expect('['))
        return std::nullopt;
    if (in_.accept(']'))
        return total;
    do
    {
        const auto bytes = field(depth, names);
        if (!bytes)
            return std::nullopt;
        total += *bytes; // at most 4096 summands of less than 2^63: caught below before it can wrap
        if (total >> 63 != 0)
        {
            in_.complain("an element is 2^63 bytes or more");
            return std::nullopt;
        }
    } while (in_.more(']'));
    return in_.complaint().empty() ? std::optional(total) : std::nullopt;
}

std::optional<std::uint64_t> numpy_parser::field(int depth, std::set<std::string> &names)
{
    if (++n_fields_ > max_header_fields)
    {
        in_.complain("too many fields");
        return std::nullopt;
    }
    if (!in_.expect('(') || !field_name(names) || !in_.expect(','))
        return std::nullopt;
    auto bytes = descr(depth + 1);
    if (!bytes || !in_.more(')')) // two parts, or two and a comma, or a refusal
        return in_.complaint().empty() ? bytes : std::nullopt;

    const auto sizes = field_shape();
    if (!sizes)
        return std::nullopt;
    bytes = times(*bytes, *sizes);
    if (!bytes || (in_.more(')') && !in_.complain("a field has more than three parts")))
        return std::nullopt;
    if (!in_.complaint().empty())
        return std::nullopt;
    return std::count(sizes->begin(), sizes->end(), 0u) > 0 ? 0 : bytes;
}

std::optional<std::vector<std::uint64_t>> numpy_parser::field_shape()
{
    if (in_.peek() == '(')
        return shape();
    const auto size = in_.integer();
    if (!size)
        return std::nullopt;
    return std::vector{*size};
}

bool numpy_parser::field_name(std::set<std::string> &names)
{
    std::optional<std::string> name;
    if (in_.accept('(')) // (title, name)
    {
        if (!in_.string() || !in_.expect(','))
            return false;
        name = in_.string();
        if (!name || in_.more(')'))
            return in_.complain("a field's name is neither a string nor a pair of them");
    }
    else
    {
        name = in_.string();
    }
    if (!name || !in_.complaint().empty())
        return false;
    // Padding has no name, and may occur often.
    return name->empty() || names.insert(*name).second || in_.complain("two fields have one name");
}

std::optional<std::vector<std::uint64_t>> numpy_parser::shape()
{
    std::vector<std::uint64_t> sizes;
    if (!in_.expect('('))
        return std::nullopt;
    if (in_.accept(')'))
        return sizes;
    bool comma = false;
    while (true)
    {
        const auto size = in_.integer();
        if (!size)
            return std::nullopt;
        sizes.push_back(*size);
        if (sizes.size() > max_header_dimensions)
        {
            in_.complain("too many dimensions");
            return std::nullopt;
        }
        if (in_.accept(')'))
            break;
        if (!in_.expect(','))
            return std::nullopt;
        comma = true;
        if (in_.accept(')'))
            break;
    }
    if (!comma) // (2) is a number in brackets
    {
        in_.complain("a tuple of one number needs a comma");
        return std::nullopt;
    }
    return sizes;
}

std::optional<std::uint64_t> numpy_parser::times(std::uint64_t bytes, const std::vector<std::uint64_t> &sizes)
{
    constexpr std::uint64_t limit = (std::uint64_t{1} << 63) - 1;
    for (const std::uint64_t size : sizes)
    {
        if (size != 0 && bytes > limit / size)
        {
            in_.complain("the product of sizes is 2^63 or more");
            return std::nullopt;
        }
        bytes *= std::max<std::uint64_t>(size, 1);
    }
    return bytes;
}

} // namespace heapwire::wire
