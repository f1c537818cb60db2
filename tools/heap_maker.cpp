// SPDX-License-Identifier: BSD-3-Clause
#include "heap_maker.h"

#include "arguments.h"
#include "pattern.h"

namespace tools
{

using namespace heapwire;

namespace
{

constexpr std::uint64_t first_id = 0x1000;

/// cnts wrap where the flavour ends. Control heaps have cnts from the top, away from the data's.
std::int64_t cnt_of(const send_config &how, std::uint64_t number)
{
    return static_cast<std::int64_t>((how.first_cnt + number * how.cnt_step) & how.flavour.max_address());
}

std::int64_t control_cnt(const send_config &how, std::uint64_t number)
{
    return static_cast<std::int64_t>(how.flavour.max_address() - number);
}

class generated : public heap_maker
{
public:
    explicit generated(const send_config &how) : how_(how), descriptors_(how.descriptors ? how.substreams : 0) {}

    bool next(planned_heap &slot) override
    {
        if (descriptors_ > 0)
        {
            describe(slot, --descriptors_);
            return true;
        }
        if (how_.heaps != 0 && made_ == how_.heaps)
            return false;
        if (slot.memory.empty())
            build(slot);
        slot.reference = {.heap = nullptr, .cnt = cnt_of(how_, made_), .substream = made_ % how_.substreams};
        if (how_.verify)
            for (std::size_t i = 0; i < slot.memory.size(); i++)
                fill_pattern(slot.memory[i], static_cast<std::uint64_t>(slot.reference.cnt), first_id + i);
        made_++;
        return true;
    }

private:
    std::size_t item_size(std::size_t index) const
    {
        std::size_t each = how_.heap_size / how_.items;
        return index + 1 < how_.items ? each : how_.heap_size - each * (how_.items - 1);
    }
    void build(planned_heap &slot) const
    {
        slot.heap = outgoing_heap(how_.flavour);
        slot.heap.repeat_pointers(how_.repeat_pointers);
        for (std::size_t i = 0; i < how_.items; i++)
        {
            slot.memory.emplace_back(item_size(i));
            (void)slot.heap.add_item(first_id + i, bytes_view(slot.memory.back()), how_.allow_immediate);
        }
    }
    void describe(planned_heap &slot, std::size_t substream) const
    {
        slot.heap = outgoing_heap(how_.flavour);
        for (std::size_t i = 0; i < how_.items; i++)
        {
            wire::descriptor d;
            d.id = first_id + i;
            d.name = "item_" + std::to_string(i);
            d.description = "bytes that heapwire-send made";
            d.shape = {item_size(i)};
            d.numpy_header =
                "{'descr': '|u1', 'fortran_order': False, 'shape': (" + std::to_string(item_size(i)) + ",)}";
            (void)slot.heap.add_descriptor(d);
        }
        slot.reference = {
            .heap = nullptr, .cnt = control_cnt(how_, how_.substreams + substream), .substream = substream};
    }

    const send_config &how_;
    std::size_t descriptors_;
    std::uint64_t made_ = 0;
};

class from_json : public heap_maker
{
public:
    from_json(const send_config &how, std::istream &in) : how_(how), in_(in) {}

    bool next(planned_heap &slot) override
    {
        std::string line;
        while (std::getline(in_, line))
        {
            if (line.empty() || line[0] == '#')
                continue;
            slot = heap_from_json(line, how_.flavour, static_cast<std::uint64_t>(cnt_of(how_, made_++)));
            return true;
        }
        return false;
    }

private:
    const send_config &how_;
    std::istream &in_;
    std::uint64_t made_ = 0;
};

class stops : public heap_maker
{
public:
    explicit stops(const send_config &how) : how_(how) {}

    bool next(planned_heap &slot) override
    {
        if (made_ == how_.substreams)
            return false;
        slot.heap = outgoing_heap(how_.flavour);
        slot.heap.add_end();
        slot.reference = {.heap = nullptr, .cnt = control_cnt(how_, made_), .substream = made_};
        made_++;
        return true;
    }

private:
    const send_config &how_;
    std::size_t made_ = 0;
};

} // namespace

std::unique_ptr<heap_maker> make_generated(const send_config &how) { return std::make_unique<generated>(how); }
std::unique_ptr<heap_maker> make_from_json(const send_config &how, std::istream &in)
{
    return std::make_unique<from_json>(how, in);
}
std::unique_ptr<heap_maker> make_stops(const send_config &how) { return std::make_unique<stops>(how); }

} // namespace tools
