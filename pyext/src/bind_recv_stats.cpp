// SPDX-License-Identifier: BSD-3-Clause
/// recv.StreamStats: a mapping by name and a sequence by index at once.
#include "recv_stats.h"

#include <pybind11/stl.h>

#include <algorithm>
#include <array>

#include "one_line.h"
#include "register.h"

namespace heapwire::python
{

stream_stats_values::stream_stats_values(const recv::stats &from, std::size_t more)
{
    for (std::size_t i = 0; i < from.size(); ++i)
    {
        const recv::stat_entry &entry = from.entry(i);
        bool detail = (i >= public_stat_count && i < recv::builtin_stat_count) || i >= from.size() - more;
        (detail ? detail_config : config).push_back({entry.name, entry.mode});
        (detail ? detail_values : values).push_back(from.at(i));
    }
}

bool stream_stats_values::contains(std::string_view name) const
{
    return std::any_of(config.begin(), config.end(), [&](const stat_config &c) { return c.name == name; });
}

std::uint64_t &stream_stats_values::at(std::string_view name)
{
    auto found = std::find_if(config.begin(), config.end(), [&](const stat_config &c) { return c.name == name; });
    if (found == config.end())
        throw py::key_error(std::string(name));
    return values[static_cast<std::size_t>(found - config.begin())];
}

stream_stats_values &stream_stats_values::operator+=(const stream_stats_values &other)
{
    if (config != other.config)
        throw std::invalid_argument("statistics of differently configured streams cannot be added");
    for (std::size_t i = 0; i < values.size(); ++i)
        values[i] = combine(config[i].mode, values[i], other.values[i]);
    for (std::size_t i = 0; i < detail_values.size(); ++i)
        detail_values[i] = combine(detail_config[i].mode, detail_values[i], other.detail_values[i]);
    return *this;
}

namespace
{

std::uint64_t &at_index(stream_stats &self, std::size_t index)
{
    if (index >= self.values.size())
        throw py::index_error("there are " + std::to_string(self.values.size()) + " statistics");
    return self.values[index];
}

std::vector<std::uint64_t> values_of(const stream_stats &self)
{
    auto hold = self.hold();
    return self.values;
}

py::list names(const stream_stats &self)
{
    py::list out;
    for (const stat_config &c : self.config)
        out.append(c.name);
    return out;
}

py::list pairs(const stream_stats &self)
{
    const std::vector<std::uint64_t> now = values_of(self);
    py::list out;
    for (std::size_t i = 0; i < now.size(); ++i)
        out.append(py::make_tuple(self.config[i].name, now[i]));
    return out;
}

std::string stats_text(const stream_stats &self)
{
    const std::vector<std::uint64_t> now = values_of(self);
    std::vector<std::pair<std::string, std::string>> parts;
    for (std::size_t i = 0; i < now.size(); ++i)
        parts.emplace_back(self.config[i].name, std::to_string(now[i]));
    return one_line("StreamStats", parts);
}

py::dict details(const stream_stats &self)
{
    const stream_stats_values now = stream_stats(self);
    py::dict out;
    for (std::size_t i = 0; i < now.detail_values.size(); ++i)
        out[py::str(now.detail_config[i].name)] = now.detail_values[i];
    return out;
}

std::uint64_t get(const stream_stats &self, const std::string &name)
{
    auto hold = self.hold();
    return const_cast<stream_stats &>(self).at(name);
}

void add_to(stream_stats &self, const stream_stats &other)
{
    const stream_stats more(other); // which may be `self`
    auto hold = self.hold();
    self += more;
}

void def_mapping(py::class_<stream_stats> &type)
{
    using value = std::uint64_t;
    type.def("__getitem__",
             [](stream_stats &self, std::size_t i)
             {
                 auto hold = self.hold();
                 return value{at_index(self, i)};
             })
        .def("__getitem__", get)
        .def("__setitem__",
             [](stream_stats &self, std::size_t i, value to)
             {
                 auto hold = self.hold();
                 at_index(self, i) = to;
             })
        .def("__setitem__",
             [](stream_stats &self, const std::string &name, value to)
             {
                 auto hold = self.hold();
                 self.at(name) = to;
             })
        .def("__contains__", [](const stream_stats &self, const std::string &name) { return self.contains(name); })
        .def(
            "get",
            [](const stream_stats &self, const std::string &name, py::object otherwise)
            { return self.contains(name) ? py::int_(get(self, name)) : std::move(otherwise); },
            py::arg(), py::arg() = py::none(), py::pos_only(),
            "The statistic of that name, or the second argument (None by default).")
        .def("__iter__", [](const stream_stats &self) { return py::iter(names(self)); })
        .def(
            "keys", [](const stream_stats &self) { return py::iter(names(self)); },
            "An iterator of the names, by index.")
        .def(
            "values", [](const stream_stats &self) { return py::iter(py::cast(values_of(self))); },
            "An iterator of the numbers, by index.")
        .def(
            "items", [](const stream_stats &self) { return py::iter(pairs(self)); },
            "An iterator of pairs (name, number), by index.")
        .def("__repr__", stats_text)
        .def("__len__", [](const stream_stats &self) { return self.config.size(); });
}

template <std::size_t... I>
void def_attributes(py::class_<stream_stats> &type, std::index_sequence<I...>)
{
    (type.def_property(
         recv::stat_table()[I].name.c_str(),
         [](const stream_stats &self)
         {
             auto hold = self.hold();
             return self.values[I];
         },
         [](stream_stats &self, std::uint64_t to)
         {
             auto hold = self.hold();
             self.values[I] = to;
         },
         recv::stat_table()[I].text.c_str()),
     ...);
}

} // namespace

void register_recv_stats(py::module_ &m)
{
    py::class_<stream_stats> type(m, "StreamStats",
                                  "Counters of a stream, as they were: by name and by index. Any number of threads may "
                                  "share one: each call is whole, `a += b` too.");
    def_mapping(type);
    def_attributes(type, std::make_index_sequence<public_stat_count>());
    type.def_property_readonly(
            "config", [](const stream_stats &self) { return self.config; }, "A list of StreamStatConfig, by index.")
        .def_property_readonly("details", details,
                               "A dict of the further counters, by name: what arrived, and for everything that was not "
                               "delivered why not. See docs/reference/statistics.md.")
        .def(
            "__add__",
            [](const stream_stats &a, const stream_stats &b)
            {
                auto sum = std::make_unique<stream_stats>(a);
                add_to(*sum, b);
                return sum;
            },
            py::is_operator())
        .def(
            "__iadd__",
            [](stream_stats &a, const stream_stats &b) -> stream_stats &
            {
                add_to(a, b);
                return a;
            },
            py::is_operator());

    py::module_ indices = m.def_submodule("stream_stat_indices");
    for (std::size_t i = 0; i < public_stat_count; ++i)
    {
        std::string name = recv::stat_table()[i].name;
        std::transform(name.begin(), name.end(), name.begin(),
                       [](char c) { return c == '_' ? c : static_cast<char>(c - 'a' + 'A'); });
        indices.attr(name.c_str()) = i;
    }
}

} // namespace heapwire::python
