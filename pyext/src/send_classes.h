// SPDX-License-Identifier: BSD-3-Clause
/// The classes of streams: by transport and by manner. They differ in their constructors alone, which are the same in
/// both manners.
#pragma once

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <streambuf>

#include "bridge/runtime.h"
#include "heapwire/transport/inproc.h"
#include "send_endpoints.h"
#include "send_hub.h"
#include "send_references.h"
#include "send_stream.h"

namespace heapwire::python
{

enum class manner : bool
{
    blocking,
    asynchronous
};

/// With what an asynchronous stream has besides.
class async_stream : public send_stream, public std::enable_shared_from_this<async_stream>
{
public:
    using send_stream::send_stream;
    const std::shared_ptr<async_progress> progress = std::make_shared<async_progress>();
};

template <manner M>
using stream_of = std::conditional_t<M == manner::blocking, send_stream, async_stream>;

template <manner M>
struct udp_stream : stream_of<M>
{
    using stream_of<M>::stream_of;
};

template <manner M>
struct tcp_stream : stream_of<M>
{
    using stream_of<M>::stream_of;
};

template <manner M>
struct inproc_stream : stream_of<M>
{
    using stream_of<M>::stream_of;
    std::vector<std::shared_ptr<transport::inproc_queue>> queues;
};

/// Bytes that a stream writes and Python reads, at the same time.
class written_bytes : public std::streambuf
{
public:
    [[nodiscard]] std::string copy() const
    {
        std::lock_guard hold(lock_);
        return bytes_;
    }

protected:
    std::streamsize xsputn(const char *from, std::streamsize size) override
    {
        std::lock_guard hold(lock_);
        bytes_.append(from, static_cast<std::size_t>(size));
        return size;
    }
    int_type overflow(int_type c) override
    {
        char byte = traits_type::to_char_type(c);
        return xsputn(&byte, 1) == 1 ? c : traits_type::eof();
    }

private:
    mutable std::mutex lock_;
    std::string bytes_;
};
[[nodiscard]] std::unique_ptr<transport::packet_sink> make_written_sink(const std::shared_ptr<written_bytes> &to);

struct bytes_stream : send_stream
{
    using send_stream::send_stream;
    std::shared_ptr<written_bytes> written; // the sink holds it too
};

template <typename T>
using stream_class = py::class_<T, std::conditional_t<std::is_base_of_v<async_stream, T>, async_stream, send_stream>,
                                std::shared_ptr<T>>;

/// Attached. `sink` is made detached.
template <typename T>
[[nodiscard]] std::shared_ptr<T> make_stream(std::shared_ptr<thread_pool> pool, const send_stream_config &config,
                                             const send_stream::make_sink &sink,
                                             send::split packets = send::split::even)
{
    host::process_registry().require_open();
    const send_stream_config now(config);
    std::shared_ptr<T> made = make_detached<T>(std::move(pool), now, sink, packets);
    made->register_at_exit(made);
    return made;
}

[[nodiscard]] send_stream::make_sink udp_sink_maker(udp_wish wish);
/// `fd` is duplicated; closed afterwards if it is `owned`.
[[nodiscard]] send_stream::make_sink tcp_sink_maker(int fd, bool owned);
[[nodiscard]] send_stream::make_sink
inproc_sink_maker(const std::vector<std::shared_ptr<transport::inproc_queue>> &queues);

inline constexpr std::size_t udp_send_buffer = 524288;
inline constexpr std::size_t tcp_send_buffer = 212992;

template <typename Type>
void def_udp(Type &type)
{
    using T = typename Type::type;
    using pool = std::shared_ptr<thread_pool>;
    using config = send_stream_config;
    auto pool_arg = [] { return py::arg("thread_pool").none(false); };
    auto config_arg = [] { return py::arg_v("config", send_stream_config()); };
    auto size_arg = [] { return py::arg_v("buffer_size", udp_send_buffer); };
    type.def_property_readonly_static(
        "DEFAULT_BUFFER_SIZE", [](const py::object &) { return udp_send_buffer; },
        "Bytes that the kernel is asked to queue, if not given.");
    type.def(py::init(
                 [](pool p, endpoint_list to, const config &c, std::size_t size, std::string interface) {
                     return make_stream<T>(p, c, udp_sink_maker({to, size, interface, {}, {}, {}}));
                 }),
             pool_arg(), py::arg("endpoints"), config_arg(), size_arg(), py::arg("interface_address") = "",
             "endpoints: a list of (host, port), one for each substream; hosts may be multicast groups. buffer_size: "
             "bytes that the kernel is asked to queue; 0 leaves its default, and less than asked is a warning. "
             "interface_address: the address to send from; empty lets the kernel choose. ValueError for no endpoints "
             "or both versions of IP, RuntimeError for a host that is not found.")
        .def(py::init(
                 [](pool p, endpoint_list to, const config &c, std::size_t size, int ttl) {
                     return make_stream<T>(p, c, udp_sink_maker({to, size, {}, ttl, {}, {}}));
                 }),
             pool_arg(), py::arg("endpoints"), config_arg(), size_arg(), py::arg("ttl"),
             "For multicast: ttl is how many routers packets may pass, from 0 to 255.")
        .def(py::init(
                 [](pool p, endpoint_list to, const config &c, std::size_t size, int ttl, std::string interface) {
                     return make_stream<T>(p, c, udp_sink_maker({to, size, interface, ttl, {}, {}}));
                 }),
             pool_arg(), py::arg("endpoints"), config_arg(), size_arg(), py::arg("ttl"), py::arg("interface_address"),
             "For IPv4 multicast, out of the interface with that address.")
        .def(py::init(
                 [](pool p, endpoint_list to, const config &c, std::size_t size, int ttl, unsigned interface) {
                     return make_stream<T>(p, c, udp_sink_maker({to, size, {}, ttl, interface, {}}));
                 }),
             pool_arg(), py::arg("endpoints"), config_arg(), size_arg(), py::arg("ttl"), py::arg("interface_index"),
             "For IPv6 multicast, out of the interface with that index (socket.if_nametoindex).")
        .def(py::init(
                 [](pool p, const socket_argument &socket, endpoint_list to, const config &c)
                 {
                     int fd = socket_of(socket.object, socket_kind::datagram);
                     return make_stream<T>(p, c, udp_sink_maker({to, 0, {}, {}, {}, fd}));
                 }),
             pool_arg(), py::arg("socket"), py::arg("endpoints"), config_arg(),
             "Through a datagram socket of yours, not connected, with options of your choice. It is duplicated: close "
             "yours when you like.");
}

template <typename Type>
void def_tcp(Type &type)
{
    using T = typename Type::type;
    type.def_property_readonly_static(
        "DEFAULT_BUFFER_SIZE", [](const py::object &) { return tcp_send_buffer; },
        "Bytes that the kernel is asked to queue, if not given.");
    type.def(py::init(
                 [](std::shared_ptr<thread_pool> pool, const socket_argument &socket, const send_stream_config &config)
                 {
                     int fd = socket_of(socket.object, socket_kind::stream);
                     return make_stream<T>(std::move(pool), config, tcp_sink_maker(fd, false));
                 }),
             py::arg("thread_pool").none(false), py::arg("socket"), py::arg("config") = send_stream_config(),
             "Over a connected socket of yours. It is duplicated: close yours when you like.");
}

template <typename Type>
void def_tcp_connecting(Type &type)
{
    using T = typename Type::type;
    type.def(py::init(
                 [](std::shared_ptr<thread_pool> pool, const endpoint_list &endpoints, const send_stream_config &config,
                    std::size_t buffer_size, const std::string &interface_address)
                 {
                     int fd = connect_tcp(endpoints, buffer_size, interface_address);
                     return make_stream<T>(std::move(pool), config, tcp_sink_maker(fd, true));
                 }),
             py::arg("thread_pool").none(false), py::arg("endpoints"), py::arg("config") = send_stream_config(),
             py::arg("buffer_size") = tcp_send_buffer, py::arg("interface_address") = "",
             "Connect to the one (host, port) in endpoints, and wait for that. buffer_size: bytes that the kernel is "
             "asked to queue, 0 for its default. interface_address: the address to connect from. OSError if nobody "
             "listens there.");
}

template <typename Type>
void def_inproc(Type &type)
{
    using T = typename Type::type;
    type.def(py::init(
                 [](std::shared_ptr<thread_pool> pool, std::vector<std::shared_ptr<transport::inproc_queue>> queues,
                    const send_stream_config &config)
                 {
                     auto made = make_stream<T>(std::move(pool), config, inproc_sink_maker(queues));
                     made->queues = std::move(queues);
                     return made;
                 }),
             py::arg("thread_pool").none(false), py::arg("queues"), py::arg("config") = send_stream_config(),
             "queues: a list of InprocQueue, one for each substream. They are not stopped when the stream goes.")
        .def_property_readonly(
            "queues", [](const T &self) { return self.queues; }, "A list of the queues.");
}

} // namespace heapwire::python
