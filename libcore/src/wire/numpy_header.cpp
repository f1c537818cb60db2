// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/wire/numpy_header.h"

#include "heapwire/base/error.h"
#include "numpy_parser.h"

namespace heapwire::wire
{

std::optional<numpy_header> parse_numpy_header(std::string_view text, std::string *why)
{
    numpy_parser parser(text);
    auto result = parser.header();
    if (!result && why != nullptr)
        *why = parser.complaint();
    return result;
}

std::string write_numpy_header(std::string_view descr, bool fortran_order, std::span<const std::uint64_t> shape)
{
    const bool is_list = !descr.empty() && descr.front() == '[';
    const std::string_view quote = is_list ? "" : "'";
    std::string text = "{'descr': ";
    text.append(quote).append(descr).append(quote);
    text += fortran_order ? ", 'fortran_order': True, 'shape': (" : ", 'fortran_order': False, 'shape': (";
    for (std::size_t i = 0; i < shape.size(); ++i)
    {
        text += i > 0 ? ", " : "";
        text += std::to_string(shape[i]);
    }
    text += shape.size() == 1 ? ",)}" : ")}";
    std::string why;
    if (!parse_numpy_header(text, &why))
        throw_bad_argument("descr", text, why);
    return text;
}

std::optional<std::string> swap_byte_order(std::string_view header)
{
    numpy_parser parser(header);
    if (!parser.header())
        return std::nullopt;
    std::string swapped(header);
    for (const std::size_t at : parser.byte_orders())
        swapped[at] = swapped[at] == '<' ? '>' : '<';
    return swapped;
}

} // namespace heapwire::wire
