// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/recv/linear_placement.h"

#include <string>

#include "heapwire/base/error.h"

namespace heapwire::recv
{
namespace
{

void check_item(const std::string &field, std::size_t item, std::size_t items)
{
    if (item >= items)
        throw_bad_argument(field, item, "the place of an id in items, which has " + std::to_string(items));
}

void check(const std::string &name, const linear_expression &e, std::size_t items)
{
    for (std::size_t i = 0; i < e.terms.size(); ++i)
    {
        const linear_term &t = e.terms[i];
        const std::string field = name + ".terms[" + std::to_string(i) + "]";
        check_item(field + ".item", t.item, items);
        if (t.shift > 63)
            throw_bad_argument(field + ".shift", t.shift, "0 to 63");
        if (t.divide == 0)
            throw_bad_argument(field + ".divide", t.divide, "at least 1");
    }
}

} // namespace

void linear_placement::validate(std::size_t items) const
{
    check("chunk_id", chunk_id, items);
    check("heap_index", heap_index, items);
    check("heap_offset", heap_offset, items);
    for (const std::size_t item : extra_items)
        check_item("extra_items", item, items);
    if (extra_items.size() > 1024)
        throw_bad_argument("extra_items", std::to_string(extra_items.size()) + " of them", "at most 1024");
}

} // namespace heapwire::recv
