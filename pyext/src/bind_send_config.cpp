// SPDX-License-Identifier: BSD-3-Clause
/// send.RateMethod, send.GroupMode, send.StreamConfig.
#include <pybind11/native_enum.h>

#include <cmath>

#include "heapwire/base/error.h"
#include "heapwire/wire/packet_writer.h"
#include "kwargs.h"
#include "one_line.h"
#include "register.h"
#include "send_config.h"

namespace heapwire::python
{

bool send_stream_config_values::packets_too_small() const noexcept { return max_packet_size < wire::min_packet_bytes; }

send::options send_stream_config_values::options(send::split packets) const
{
    constexpr std::size_t largest_packet = std::size_t{1} << 30; // of the core; no transport has larger ones
    if (max_heaps > std::size_t{1} << 63)
        throw_bad_argument("max_heaps", max_heaps, "at most 2**63");
    send::options out;
    if (!packets_too_small())
        out.max_packet_size = std::min(max_packet_size, largest_packet);
    out.packets = packets;
    out.rate = rate;
    out.burst_size = burst_size;
    out.max_heaps = max_heaps;
    out.burst_rate_ratio = burst_rate_ratio;
    out.method = rate_method == rate_method_choice::hw   ? send::rate_method::kernel
                 : rate_method == rate_method_choice::sw ? send::rate_method::software
                                                         : send::rate_method::automatic;
    return out;
}

namespace
{

void set_rate(send_stream_config &self, double to)
{
    if (!std::isfinite(to) || to < 0)
        throw_bad_argument("rate", to, "finite and not negative");
    auto hold = self.hold();
    self.rate = to;
}

void set_max_heaps(send_stream_config &self, std::size_t to)
{
    if (to == 0)
        throw_bad_argument("max_heaps", to, "at least 1");
    auto hold = self.hold();
    self.max_heaps = to;
}

void set_ratio(send_stream_config &self, double to)
{
    if (!std::isfinite(to) || to < 1)
        throw_bad_argument("burst_rate_ratio", to, "finite and at least 1");
    auto hold = self.hold();
    self.burst_rate_ratio = to;
}

template <auto Field, typename Type>
void def_default(Type &type, const char *name)
{
    type.def_property_readonly_static(
        name, [](const py::object &) { return send_stream_config().*Field; },
        "What the property of that name is if it is not given.");
}

} // namespace

void register_send_config(py::module_ &m)
{
    py::native_enum<rate_method_choice>(m, "RateMethod", "enum.Enum", "Who keeps to the rate of a stream.")
        .value("SW", rate_method_choice::sw, "The library.")
        .value("HW", rate_method_choice::hw,
               "The kernel, where the transport and its queueing discipline can; else the library.")
        .value("AUTO", rate_method_choice::automatic, "The library's choice, which is SW.")
        .finalize();
    py::native_enum<group_mode_choice>(m, "GroupMode", "enum.Enum",
                                       "In which order the packets of heaps that are sent together leave.")
        .value("ROUND_ROBIN", group_mode_choice::round_robin, "One packet of each heap in turn.")
        .value("SERIAL", group_mode_choice::serial, "One heap after the other.")
        .finalize();

    using config = send_stream_config;
    py::class_<config> type(m, "StreamConfig",
                            "How a stream sends. Streams copy it. Any number of threads may share one: each sees an "
                            "assignment whole or not at all.");
    def_keyword_init(type);
    def_repr(type, {"max_packet_size", "rate", "burst_size", "max_heaps", "burst_rate_ratio", "rate_method"});
    def_default<&config::max_packet_size>(type, "DEFAULT_MAX_PACKET_SIZE");
    def_default<&config::burst_size>(type, "DEFAULT_BURST_SIZE");
    def_default<&config::max_heaps>(type, "DEFAULT_MAX_HEAPS");
    def_default<&config::burst_rate_ratio>(type, "DEFAULT_BURST_RATE_RATIO");
    def_default<&config::rate_method>(type, "DEFAULT_RATE_METHOD");
    using values = send_stream_config_values;
    using packet_size = plain_property<&values::max_packet_size>;
    using burst_size = plain_property<&values::burst_size>;
    using method = plain_property<&values::rate_method>;
    type.def_property("max_packet_size", packet_size::get, packet_size::set,
                      "Bytes of a packet at most, SPEAD's header included, UDP's not; 1472 by default. Rounded down to "
                      "a multiple of 8; if that is less than 56, sending is a ValueError.")
        .def_property("burst_size", burst_size::get, burst_size::set,
                      "Bytes that leave in one go before the rate is looked at; 65536 by default.")
        .def_property("rate_method", method::get, method::set, "Who keeps to the rate: a RateMethod, AUTO by default.")
        .def_property("rate", plain_property<&values::rate>::get, set_rate,
                      "Bytes a second, of whole SPEAD packets; 0.0, the default, is as fast as can be. ValueError if "
                      "it is negative or not finite.")
        .def_property("max_heaps", plain_property<&values::max_heaps>::get, set_max_heaps,
                      "Heaps in the queue, those that are being sent included; 4 by default. One more is refused with "
                      "BlockingIOError. ValueError for 0.")
        .def_property("burst_rate_ratio", plain_property<&values::burst_rate_ratio>::get, set_ratio,
                      "How much faster than rate a stream that is behind may catch up; 1.05 by default. ValueError if "
                      "it is less than 1 or not finite.")
        .def_property_readonly(
            "burst_rate",
            [](const config &self)
            {
                auto hold = self.hold();
                return self.rate * self.burst_rate_ratio;
            },
            "Bytes a second when the stream catches up: rate * burst_rate_ratio.");
}

} // namespace heapwire::python
