// SPDX-License-Identifier: BSD-3-Clause
/// Readers: from which doors packets come into a stream. Arguments are checked first; on a stream that has stopped
/// nothing is opened then, and nothing is an error.
#include "readers.h"
#include "receive_stream.h"

#include <boost/asio/ip/udp.hpp>
#include <sys/socket.h>

#include "bridge/address.h"
#include "bridge/buffer_lease.h"
#include "bridge/runtime.h"
#include "heapwire/base/error.h"
#include "heapwire/base/version.h"
#include "heapwire/transport/inproc.h"
#include "heapwire/transport/memory_source.h"
#include "heapwire/transport/pcap_source.h"
#include "heapwire/transport/tcp.h"
#include "heapwire/transport/udp.h"

namespace heapwire::python
{

namespace
{

namespace ip = boost::asio::ip;
namespace tr = heapwire::transport;

/// `make` opens the source; detached, because that can block.
template <typename Make>
void add_source(stream_base &self, Make &&make)
{
    std::shared_ptr<recv::packet_gate> gate = self.gate(); // an orphan has none
    tr::io_ref io = self.pool()->io();
    detached off;
    if (gate->ended() && !self.started())
        return;
    self.add(make(io, std::move(gate)));
}

void add_udp(stream_base &self, const tr::udp_receive_options &how)
{
    add_source(self, [&](tr::io_ref io, std::shared_ptr<recv::packet_gate> gate)
               { return tr::make_udp_source(io, std::move(gate), how); });
}

void add_buffer(stream_base &self, const py::object &buffer)
{
    leased_bytes what = lease(buffer);
    add_source(self, [&](tr::io_ref io, std::shared_ptr<recv::packet_gate> gate)
               { return tr::make_memory_source(io, std::move(gate), what.bytes, std::move(what.keep)); });
}

void add_udp_port(stream_base &self, std::uint16_t port, std::size_t max_size, std::size_t buffer_size,
                  const std::string &bind_hostname)
{
    tr::udp_receive_options how;
    {
        detached off;
        how.endpoint = {bind_hostname.empty() ? ip::address(ip::address_v4::any()) : resolve(bind_hostname, SOCK_DGRAM),
                        port};
    }
    how.max_packet_size = max_size;
    how.buffer_size = buffer_size;
    add_udp(self, how);
}

void add_udp_socket(stream_base &self, const socket_argument &socket, std::size_t max_size)
{
    tr::udp_receive_options how;
    how.socket = socket_of(socket.object, socket_kind::datagram);
    how.max_packet_size = max_size;
    how.buffer_size = 0; // the caller's socket, the caller's options
    add_udp(self, how);
}

void add_udp_multicast_v4(stream_base &self, const std::string &group, std::uint16_t port, std::size_t max_size,
                          std::size_t buffer_size, const std::string &interface_address)
{
    tr::udp_receive_options how;
    std::string interface = interface_address.empty() ? "0.0.0.0" : interface_address;
    ip::address on, to;
    {
        detached off;
        on = resolve(interface, SOCK_DGRAM);
        to = group.empty() ? on : resolve(group, SOCK_DGRAM);
    }
    if (!on.is_v4())
        throw_bad_argument("interface_address", interface_address, "an IPv4 address");
    if (!to.is_v4() || (!to.is_multicast() && to != on))
        throw_bad_argument("multicast_group", group, "an IPv4 multicast address, or the interface's own");
    how.endpoint = {to, port};
    if (!on.is_unspecified())
        how.interface_address = on.to_string();
    how.max_packet_size = max_size;
    how.buffer_size = buffer_size;
    add_udp(self, how);
}

void add_udp_multicast_v6(stream_base &self, const std::string &group, std::uint16_t port, std::size_t max_size,
                          std::size_t buffer_size, unsigned interface_index)
{
    tr::udp_receive_options how;
    ip::address to;
    {
        detached off;
        to = resolve(group, SOCK_DGRAM);
    }
    if (!to.is_v6() || !to.is_multicast())
        throw_bad_argument("multicast_group", group, "an IPv6 multicast address (interface_index is for IPv6)");
    how.endpoint = {to, port};
    how.interface_index = interface_index;
    how.max_packet_size = max_size;
    how.buffer_size = buffer_size;
    add_udp(self, how);
}

void add_tcp(stream_base &self, const tr::tcp_receive_options &how)
{
    add_source(self, [&](tr::io_ref io, std::shared_ptr<recv::packet_gate> gate)
               { return tr::make_tcp_source(io, std::move(gate), how); });
}

void add_tcp_port(stream_base &self, std::uint16_t port, std::size_t max_size, std::size_t buffer_size,
                  const std::string &bind_hostname)
{
    tr::tcp_receive_options how;
    {
        detached off;
        how.endpoint = {
            bind_hostname.empty() ? ip::address(ip::address_v4::any()) : resolve(bind_hostname, SOCK_STREAM), port};
    }
    how.max_packet_size = max_size;
    how.buffer_size = buffer_size;
    add_tcp(self, how);
}

void add_tcp_acceptor(stream_base &self, const socket_argument &acceptor, std::size_t max_size)
{
    tr::tcp_receive_options how;
    how.listening_socket = socket_of(acceptor.object, socket_kind::stream);
    how.max_packet_size = max_size;
    how.buffer_size = 0;
    add_tcp(self, how);
}

void add_inproc(stream_base &self, const std::shared_ptr<tr::inproc_queue> &queue)
{
    // A ring of heaps runs nothing of the user's when packets come; chunks do.
    const bool is_ring = dynamic_cast<const receive_stream *>(&self) != nullptr;
    const tr::delivery how = is_ring ? tr::delivery::in_passing : tr::delivery::by_io_thread;
    add_source(self, [&](tr::io_ref io, std::shared_ptr<recv::packet_gate> gate)
               { return tr::make_inproc_source(io, std::move(gate), queue, how); });
}

#if HEAPWIRE_HAS_PCAP
void add_pcap(stream_base &self, const std::string &filename, const std::string &filter, double speed)
{
    if (speed != 0 && !(speed >= 1e-6 && speed <= 1e9))
        throw_bad_argument("speed", speed, "0 (as fast as can be), or a factor from 1e-6 to 1e9 (1: as recorded)");
    tr::pcap_options how;
    how.file = filename;
    how.filter = filter;
    how.speed = speed;
    try
    {
        add_source(self, [&](tr::io_ref io, std::shared_ptr<recv::packet_gate> gate)
                   { return tr::make_pcap_source(io, std::move(gate), how); });
    }
    catch (const std::invalid_argument &failed) // a file or filter that is no good: RuntimeError, as for a missing file
    {
        throw std::runtime_error(failed.what());
    }
}
#endif

constexpr std::size_t udp_max_size = 9200, udp_buffer_size = 8 << 20, tcp_max_size = 65536, tcp_buffer_size = 208 << 10;

} // namespace

void def_readers(stream_base_class &type)
{
    type.attr("DEFAULT_UDP_MAX_SIZE") = udp_max_size;
    type.attr("DEFAULT_UDP_BUFFER_SIZE") = udp_buffer_size;
    type.attr("DEFAULT_TCP_MAX_SIZE") = tcp_max_size;
    type.attr("DEFAULT_TCP_BUFFER_SIZE") = tcp_buffer_size;
    type.def("add_buffer_reader", add_buffer, py::arg("buffer"),
             "Receive the packets in a buffer, one behind the other; the stream ends with them. The buffer is kept, "
             "and must not change, as long as the stream lives.")
        .def("add_udp_reader", add_udp_port, py::arg("port"), py::arg("max_size") = udp_max_size,
             py::arg("buffer_size") = udp_buffer_size, py::arg("bind_hostname") = "",
             "Receive datagrams on a port. bind_hostname: a name or address of this machine, empty (the default) for "
             "every IPv4 address; or a multicast address, which is joined on the default interface. max_size: bytes of "
             "the largest datagram; larger ones are dropped and counted. buffer_size: bytes that the kernel is asked "
             "to queue; 0 leaves its default, and less than asked is a warning. RuntimeError if the address is not to "
             "be had.")
        .def("add_udp_reader", add_udp_socket, py::arg("socket"), py::arg("max_size") = udp_max_size,
             "Receive from a socket of yours, bound, with options of your choice. It is duplicated: close yours when "
             "you like.")
        .def("add_udp_reader", add_udp_multicast_v4, py::arg("multicast_group"), py::arg("port"),
             py::arg("max_size") = udp_max_size, py::arg("buffer_size") = udp_buffer_size,
             py::arg("interface_address") = "0.0.0.0",
             "Receive from an IPv4 multicast group. interface_address: the IPv4 address of the interface that joins; "
             "0.0.0.0 (the default) lets the kernel choose. ValueError for other addresses.")
        .def("add_udp_reader", add_udp_multicast_v6, py::arg("multicast_group"), py::arg("port"),
             py::arg("max_size") = udp_max_size, py::arg("buffer_size") = udp_buffer_size,
             py::arg("interface_index") = 0U,
             "Receive from an IPv6 multicast group. interface_index: of the interface that joins "
             "(socket.if_nametoindex); 0 lets the kernel choose.")
        .def("add_tcp_reader", add_tcp_port, py::arg("port"), py::arg("max_size") = tcp_max_size,
             py::arg("buffer_size") = tcp_buffer_size, py::arg("bind_hostname") = "",
             "Listen on a port, take one connection, receive its packets; the stream ends with the connection. "
             "bind_hostname: a name or address of this machine, empty for every IPv4 address. max_size: bytes of the "
             "largest packet; larger ones are skipped and counted. buffer_size: bytes that the kernel is asked to "
             "queue, 0 for its default. RuntimeError if the address is not to be had.")
        .def("add_tcp_reader", add_tcp_acceptor, py::arg("acceptor"), py::arg("max_size") = tcp_max_size,
             "The same with a socket of yours that listens. It is duplicated: close yours when you like.")
        .def("add_inproc_reader", add_inproc, py::arg("queue").none(false),
             "Receive what is put into an InprocQueue; the stream ends when the queue is stopped and empty.");
#if HEAPWIRE_HAS_PCAP
    type.def("add_udp_pcap_file_reader", add_pcap, py::arg("filename"), py::arg("filter") = "", py::kw_only(),
             py::arg("speed") = 0.0,
             "Receive the UDP packets of a capture file; the stream ends with it. filter: an expression of pcap's. "
             "speed: 0 (the default) reads as fast as can be, 1 as it was recorded, 2 twice as fast. RuntimeError for "
             "a file or filter that is no good.");
#endif
}

} // namespace heapwire::python
