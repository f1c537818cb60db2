// SPDX-License-Identifier: BSD-3-Clause
#include "chunk_config.h"

#include <algorithm>
#include <cstring>

#include "heapwire/base/error.h"
#include "recv_config.h"

namespace heapwire::python
{

const char *place_signature(bool context, bool batch) noexcept
{
    if (batch)
        return context ? HEAPWIRE_PLACE_BATCH_WITH_SIGNATURE : HEAPWIRE_PLACE_BATCH_SIGNATURE;
    return context ? HEAPWIRE_PLACE_WITH_SIGNATURE : HEAPWIRE_PLACE_SIGNATURE;
}

namespace
{

constexpr const char *allowed = "must be one of '" HEAPWIRE_PLACE_SIGNATURE "', '" HEAPWIRE_PLACE_WITH_SIGNATURE
                                "', '" HEAPWIRE_PLACE_BATCH_SIGNATURE "', '" HEAPWIRE_PLACE_BATCH_WITH_SIGNATURE "'";

template <typename Function>
Function function_of(const py::capsule &capsule)
{
    void *at = PyCapsule_GetPointer(capsule.ptr(), capsule.name());
    if (!at)
        throw py::error_already_set();
    return reinterpret_cast<Function>(at);
}

void *context_of(const py::capsule &capsule)
{
    void *at = PyCapsule_GetContext(capsule.ptr());
    if (!at && PyErr_Occurred())
        throw py::error_already_set();
    return at;
}

} // namespace

recv::placement placement_of(const py::capsule &capsule)
{
    const char *name = capsule.name();
    if (!name)
        throw py::value_error(std::string("place: the capsule has no signature for a name; it ") + allowed);
    const auto is = [name](const char *signature) { return std::strcmp(name, signature) == 0; };
    if (is(HEAPWIRE_PLACE_SIGNATURE))
        return recv::place_one{function_of<heapwire_place>(capsule)};
    if (is(HEAPWIRE_PLACE_WITH_SIGNATURE))
        return recv::place_one_with{function_of<heapwire_place_with>(capsule), context_of(capsule)};
    if (is(HEAPWIRE_PLACE_BATCH_SIGNATURE))
        return recv::place_batch{function_of<heapwire_place_batch>(capsule)};
    if (is(HEAPWIRE_PLACE_BATCH_WITH_SIGNATURE))
        return recv::place_batch_with{function_of<heapwire_place_batch_with>(capsule), context_of(capsule)};
    throw py::value_error("place: the signature is '" + std::string(name) + "'; it " + allowed);
}

recv::chunk_options chunk_stream_config_values::options() const
{
    recv::chunk_options out = core;
    out.batch_stat_base = public_stat_count;
    out.place = placement;
    if (rule)
        out.place = rule->placement(out.items);
    else if (std::holds_alternative<std::monostate>(placement))
        throw std::invalid_argument("place: is not set");
    return out;
}

recv::linear_placement linear_rule::placement(std::vector<std::uint64_t> &ids) const
{
    std::vector<std::size_t> where;
    for (std::uint64_t id : items)
    {
        const auto found = std::find(ids.begin(), ids.end(), id);
        where.push_back(static_cast<std::size_t>(found - ids.begin()));
        if (found == ids.end())
            ids.push_back(id);
    }
    recv::linear_placement out = core;
    for (recv::linear_expression *expression : {&out.chunk_id, &out.heap_index, &out.heap_offset})
    {
        for (recv::linear_term &term : expression->terms)
            term.item = where[term.item];
    }
    for (std::size_t &item : out.extra_items)
        item = where[item];
    return out;
}

} // namespace heapwire::python
