// SPDX-License-Identifier: BSD-3-Clause
#include "chunk_object.h"

#include <pybind11/critical_section.h>

#include "kwargs.h"
#include "one_line.h"
#include "register.h"

namespace heapwire::python
{

namespace
{

/// What a chunk has with it on its way. A worker may drop the chunk, and this is then buried by an attached thread.
struct luggage : attached_only
{
    py::object self;
    object_memory data, present, extra;
};

struct travelling_chunk final : recv::chunk
{
    ~travelling_chunk() override
    {
        if (with)
            with.release()->destroy_soon();
    }
    std::unique_ptr<luggage> with;
};

struct kept_object : attached_only
{
    py::object object;
};

buffer borrowed(const object_memory &memory) noexcept
{
    return {memory.bytes().data(), memory.bytes().size(), nullptr, nullptr};
}

py::object or_none(const object_memory &memory) { return memory ? memory.object() : py::none(); }

template <auto Field>
void def_number(py::class_<chunk_object> &type, const char *name, const char *text)
{
    using number = std::remove_reference_t<decltype(std::declval<chunk_object &>().*Field)>;
    type.def_property(
        name,
        [](const py::object &self)
        {
            auto &chunk = self.cast<chunk_object &>();
            py::scoped_critical_section hold(self);
            return chunk.*Field;
        },
        [](const py::object &self, number to)
        {
            auto &chunk = self.cast<chunk_object &>();
            py::scoped_critical_section hold(self);
            chunk.*Field = to;
        },
        text);
}

template <auto Field>
void def_memory(py::class_<chunk_object> &type, const char *name, const char *text)
{
    type.def_property(
        name,
        [](const py::object &self)
        {
            auto &chunk = self.cast<chunk_object &>();
            py::scoped_critical_section hold(self);
            return or_none(chunk.*Field);
        },
        [name](const py::object &self, py::object to)
        {
            auto &chunk = self.cast<chunk_object &>();
            object_memory next(std::move(to), name);
            py::scoped_critical_section hold(self);
            std::swap(chunk.*Field, next);
        },
        text);
}

} // namespace

std::unique_ptr<recv::chunk> pack_chunk(const py::object &chunk)
{
    if (!py::isinstance<chunk_object>(chunk))
        throw py::type_error("chunk: must be a Chunk, not " +
                             std::string(py::str(py::type::of(chunk).attr("__name__"))));
    auto &from = chunk.cast<chunk_object &>();
    auto packed = std::make_unique<travelling_chunk>();
    auto with = std::make_unique<luggage>();
    with->self = chunk;
    py::scoped_critical_section hold(chunk);
    if (!from.data)
        throw py::value_error("data: is not set (or the chunk is in a ring already)");
    if (!from.present)
        throw py::value_error("present: is not set");
    with->data = std::move(from.data);
    with->present = std::move(from.present);
    with->extra = std::move(from.extra);
    packed->chunk_id = from.chunk_id;
    packed->stream_id = from.stream_id;
    packed->data = borrowed(with->data);
    packed->present = borrowed(with->present);
    packed->extra = borrowed(with->extra);
    packed->with = std::move(with);
    return packed;
}

py::object unpack_chunk(std::unique_ptr<recv::chunk> packed)
{
    auto &from = static_cast<travelling_chunk &>(*packed); // the rings of Python have no others
    std::unique_ptr<luggage> with = std::move(from.with);
    py::object self = std::move(with->self);
    auto &to = self.cast<chunk_object &>();
    py::scoped_critical_section hold(self);
    to.chunk_id = packed->chunk_id;
    to.stream_id = packed->stream_id;
    std::swap(to.data, with->data); // what somebody assigned meanwhile is dropped with the luggage
    std::swap(to.present, with->present);
    std::swap(to.extra, with->extra);
    return self;
}

std::shared_ptr<void> keep_for_workers(py::object kept)
{
    auto made = std::make_unique<kept_object>();
    made->object = std::move(kept);
    return std::shared_ptr<kept_object>(made.release(), [](kept_object *mine) { mine->destroy_soon(); });
}

void register_chunk(py::module_ &recv)
{
    py::class_<chunk_object> type(
        recv, "Chunk",
        "Memory that a stream fills with heaps, and which of them came. For one thread at a time, and for none while "
        "it is in a ring or a stream: then data, present and extra are None. Each assignment is whole, and of several "
        "threads that put one chunk into rings at most one does.");
    def_keyword_init(type);
    def_repr(type, {"chunk_id", "stream_id", "data", "present", "extra"});
    def_number<&chunk_object::chunk_id>(type, "chunk_id",
                                        "Its number, which placement reckons; -1 before a stream has it.");
    def_number<&chunk_object::stream_id>(type, "stream_id",
                                         "StreamConfig.stream_id of the stream that began it; 0 before.");
    def_memory<&chunk_object::data>(
        type, "data",
        "Where payload goes: a writable, contiguous buffer, or an object with __dlpack__. The same object comes back.");
    def_memory<&chunk_object::present>(type, "present",
                                       "A byte for each heap (or packet), 1 if it came whole: memory as for data.");
    def_memory<&chunk_object::extra>(type, "extra",
                                     "Where place callbacks keep more of each heap: memory as for data, or None.");
}

} // namespace heapwire::python
