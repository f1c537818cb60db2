// SPDX-License-Identifier: BSD-3-Clause
/// What lies under Stream.batches: heaps that are taken together, and columns of their items.
#include <pybind11/native_enum.h>
#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "bridge/errors.h"
#include "flavour.h"
#include "heapwire/base/error.h"
#include "receive_stream.h"
#include "received_heap.h"
#include "register.h"

namespace heapwire::python
{

namespace
{

enum class filled : std::uint8_t
{
    full,        ///< as many heaps as were asked for
    empty,       ///< none is queued just now
    ended,       ///< and none will come
    descriptors, ///< the last heap has some
};

constexpr std::uint64_t last_reserved_id = 6;

/// Not for two threads at once; heapwire.recv._batches sees to that.
class heap_block
{
public:
    heap_block(std::shared_ptr<receive_stream> from, std::size_t rows) : from_(std::move(from)), wanted_(rows)
    {
        if (rows < 1)
            throw_bad_argument("heaps", rows, "at least 1");
        heaps_.reserve(std::min<std::size_t>(rows, 4096));
    }

    /// Incomplete heaps and those that bring nothing are passed over.
    filled fill(bool wait)
    {
        std::optional<heap> next;
        while (heaps_.size() < wanted_)
        {
            if (const filled got = take(next, wait); got != filled::full)
                return got;
            if (!next->is_contiguous())
                continue;
            const bool describes = !next->descriptors().empty();
            if (!describes && !has_values(*next))
                continue;
            heaps_.push_back(std::move(*next));
            if (describes)
                return filled::descriptors;
        }
        return filled::full;
    }

    [[nodiscard]] std::size_t size() const noexcept { return heaps_.size(); }
    [[nodiscard]] py::tuple last_descriptors() const
    {
        return py::make_tuple(heaps_.back().descriptors(), flavour(heaps_.back().flavour()));
    }
    /// The last heap has told its descriptors: it is a row only if it brings more.
    void descriptors_done()
    {
        if (!has_values(heaps_.back()))
            heaps_.pop_back();
    }
    /// The last heap is the first of the next batch.
    void cut()
    {
        kept_.push_back(std::move(heaps_.back()));
        heaps_.pop_back();
    }
    void begin_next()
    {
        heaps_.clear();
        std::swap(heaps_, kept_);
    }

    [[nodiscard]] py::array_t<std::uint64_t> cnts() const
    {
        py::array_t<std::uint64_t> out(static_cast<py::ssize_t>(heaps_.size()));
        std::transform(heaps_.begin(), heaps_.end(), out.mutable_data(), [](const heap &h) { return h.cnt(); });
        return out;
    }
    /// The item's bytes, a row for each heap; and which of the rows have none, or another number of bytes. If all of
    /// them, the first is None.
    [[nodiscard]] py::tuple column(std::uint64_t id, std::size_t row_bytes) const
    {
        const auto rows = static_cast<py::ssize_t>(heaps_.size());
        py::array_t<bool> missing(rows);
        if (std::none_of(heaps_.begin(), heaps_.end(),
                         [&](const heap &one) { return has_row(one.find(id), row_bytes); }))
        {
            std::fill_n(missing.mutable_data(), rows, true);
            return py::make_tuple(py::none(), std::move(missing));
        }
        py::array_t<std::uint8_t> out({rows, static_cast<py::ssize_t>(row_bytes)});
        std::uint8_t *to = out.mutable_data();
        bool *absent = missing.mutable_data();
        for (const heap &one : heaps_)
        {
            const item *found = one.find(id);
            *absent = !has_row(found, row_bytes);
            if (*absent)
                std::memset(to, 0, row_bytes);
            else // what is not as wide as an immediate stands at its end
                std::memcpy(to, found->bytes.last(row_bytes).data(), row_bytes);
            to += row_bytes;
            ++absent;
        }
        return py::make_tuple(std::move(out), std::move(missing));
    }
    /// The heaps themselves, as recv.Heap; the block has them no longer.
    [[nodiscard]] py::list take_heaps()
    {
        py::list out;
        for (heap &one : heaps_)
            out.append(as_python(std::move(one), false));
        heaps_.clear();
        return out;
    }

private:
    static bool has_row(const item *found, std::size_t row_bytes) noexcept
    {
        return found && (found->is_immediate ? found->bytes.size() >= row_bytes : found->bytes.size() == row_bytes);
    }
    static bool has_values(const heap &one) noexcept
    {
        return std::any_of(one.items().begin(), one.items().end(),
                           [](const item &i) { return i.id > last_reserved_id; });
    }
    filled take(std::optional<heap> &out, bool wait)
    {
        try
        {
            out = from_->get_nowait();
            return filled::full;
        }
        catch (const stopped_error &)
        {
            return filled::ended;
        }
        catch (const empty_error &)
        {
            if (!wait)
                return filled::empty;
        }
        try
        {
            out = from_->get();
            return filled::full;
        }
        catch (const stopped_error &)
        {
            return filled::ended;
        }
    }

    std::shared_ptr<receive_stream> from_;
    std::size_t wanted_;
    std::vector<heap> heaps_;
    std::vector<heap> kept_;
};

} // namespace

void register_batches(py::module_ &recv)
{
    py::class_<heap_block> type(recv, "_HeapBlock");
    py::native_enum<filled>(type, "Filled", "enum.Enum")
        .value("FULL", filled::full)
        .value("EMPTY", filled::empty)
        .value("ENDED", filled::ended)
        .value("DESCRIPTORS", filled::descriptors)
        .finalize();
    type.def(py::init<std::shared_ptr<receive_stream>, std::size_t>(), py::arg("stream").none(false), py::arg("heaps"))
        .def("fill", &heap_block::fill, py::arg("wait"))
        .def("__len__", &heap_block::size)
        .def("last_descriptors", &heap_block::last_descriptors)
        .def("descriptors_done", &heap_block::descriptors_done)
        .def("cut", &heap_block::cut)
        .def("begin_next", &heap_block::begin_next)
        .def("cnts", &heap_block::cnts)
        .def("column", &heap_block::column, py::arg("id"), py::arg("row_bytes"))
        .def("take_heaps", &heap_block::take_heaps);
}

} // namespace heapwire::python
