// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/heap/outgoing_heap.h"

#include <string>
#include <utility>

#include "heapwire/base/error.h"
#include "heapwire/wire/item_id.h"

namespace heapwire
{

namespace
{

void check_id(std::uint64_t id, wire::flavour f)
{
    if (id == 0 || wire::is_packet_scope(id) || id > f.max_id())
        throw_bad_argument("id", id, "not 0, not 1 to 4 (packet scope), at most " + std::to_string(f.max_id()));
}

void check_value(std::uint64_t value, wire::flavour f)
{
    if (value > f.max_address())
        throw_bad_argument("value", value, "at most " + std::to_string(f.max_address()));
}

} // namespace

outgoing_heap::handle outgoing_heap::add(const outgoing_item &item)
{
    items_.push_back(item);
    return items_.size() - 1;
}

outgoing_heap::handle outgoing_heap::add_item(std::uint64_t id, bytes_view bytes, bool allow_immediate)
{
    check_id(id, flavour_);
    return add({.id = id, .bytes = bytes, .allow_immediate = allow_immediate});
}

outgoing_heap::handle outgoing_heap::add_item(std::uint64_t id, buffer bytes, bool allow_immediate)
{
    check_id(id, flavour_);
    owned_.push_back(std::move(bytes));
    return add({.id = id, .bytes = owned_.back().view(), .allow_immediate = allow_immediate});
}

outgoing_heap::handle outgoing_heap::add_immediate(std::uint64_t id, std::uint64_t value)
{
    check_id(id, flavour_);
    check_value(value, flavour_);
    return add({.id = id, .value = value, .bytes = {}, .is_integer = true});
}

outgoing_heap::handle outgoing_heap::add_descriptor(const wire::descriptor &d)
{
    encoded_.push_back(wire::encode_descriptor(d, flavour_));
    return add({.id = static_cast<std::uint64_t>(wire::item_id::descriptor), .bytes = encoded_.back()});
}

outgoing_heap::handle outgoing_heap::add_start()
{
    return add_immediate(static_cast<std::uint64_t>(wire::item_id::stream_ctrl),
                         static_cast<std::uint64_t>(wire::stream_control::start));
}

outgoing_heap::handle outgoing_heap::add_end()
{
    return add_immediate(static_cast<std::uint64_t>(wire::item_id::stream_ctrl),
                         static_cast<std::uint64_t>(wire::stream_control::stop));
}

outgoing_item &outgoing_heap::item(handle which)
{
    if (which >= items_.size())
        throw_bad_argument("which", which, "a handle that this heap gave");
    return items_[which];
}

} // namespace heapwire
