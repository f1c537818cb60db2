// SPDX-License-Identifier: BSD-3-Clause
#include "socket_options.h"

#include <cstring>

namespace tools
{

using namespace heapwire::transport;

namespace
{

struct socket_option
{
    const char *section;
    const char *name;
    const char *hint; // null: a flag
    const char *by_default;
    const char *receiving; // what it means there; null: it is no option of that tool
    const char *sending;
};

constexpr const char *no = nullptr;
constexpr const char *udp = "UDP", *tcp = "TCP", *both = "UDP and TCP";

constexpr socket_option table[] = {
    {udp, "interface", "ADDRESS", "", "IPv4: the interface on which to join a multicast group",
     "IPv4: the interface for multicast, or the source address"},
    {udp, "interface-index", "N", "0", "the same by index (IPv6)", "IPv6: the interface for multicast"},
    {udp, "source", "ADDRESS", "", "join for this source only", no},
    {udp, "ttl", "N", "", no, "of multicast, 0 to 255"},
    {udp, "multicast-loop", "yes|no", "", no, "whether this machine hears it too"},
    {udp, "dscp", "N", "", no, "0 to 63"},
    {udp, "bind-to-device", "NAME", "", "use this device only", "use this device only"},
    {udp, "reuse-address", no, no, "share the port", no},
    {udp, "gro", "detect|off", "detect", "the kernel's receive offload", no},
    {udp, "recvmmsg", "detect|off", "detect", "many packets a system call", no},
    {udp, "gso", "detect|off", "detect", no, "the kernel's segmentation offload"},
    {udp, "sendmmsg", "detect|off", "detect", no, "many packets a system call"},
    {tcp, "source-address", "ADDRESS", "", no, "bind to it before connecting"},
    {tcp, "no-delay", "yes|no", "yes", no, "TCP_NODELAY"},
    {tcp, "connect-timeout", "SECONDS", "30", no, "how long to wait for the connection"},
    {both, "max-packet-size", "BYTES", "", "larger packets are refused", no},
    {both, "buffer-size", "BYTES", "", "the kernel's receive buffer; 0: the system's default",
     "the kernel's send buffer; 0: the system's default"},
};

void declare(arguments &args, const char *socket_option::*meaning)
{
    const char *section = "";
    for (const socket_option &o : table)
    {
        if (!(o.*meaning))
            continue;
        if (std::strcmp(section, o.section) != 0)
            args.section(section = o.section);
        if (o.hint)
            args.value(o.name, o.hint, o.by_default, o.*meaning);
        else
            args.flag(o.name, o.*meaning);
    }
}

offload offload_of(const arguments &args, const char *name)
{
    return args.choice<offload>(name, {{"detect", offload::detect}, {"off", offload::off}});
}

template <typename Udp, typename Tcp>
void read_what_both_have(const arguments &args, Udp &udp_options, Tcp &tcp_options)
{
    udp_options.interface_address = args.text("interface");
    udp_options.interface_index = static_cast<unsigned>(args.number("interface-index", 0, 0x7fffffff));
    udp_options.bind_to_device = args.text("bind-to-device");
    if (args.has("buffer-size"))
        udp_options.buffer_size = tcp_options.buffer_size = args.size("buffer-size");
}

} // namespace

void declare_receiving_sockets(arguments &args) { declare(args, &socket_option::receiving); }
void declare_sending_sockets(arguments &args) { declare(args, &socket_option::sending); }

void read_sockets(const arguments &args, udp_receive_options &u, tcp_receive_options &t)
{
    read_what_both_have(args, u, t);
    if (args.has("source"))
    {
        boost::system::error_code error;
        u.source_address = boost::asio::ip::make_address(args.text("source"), error);
        if (error)
            refuse("--source", args.text("source"), "an IPv4 or IPv6 address");
    }
    u.reuse_address = args.has("reuse-address");
    u.gro = offload_of(args, "gro");
    u.recvmmsg = offload_of(args, "recvmmsg");
    if (args.has("max-packet-size"))
        u.max_packet_size = t.max_packet_size = args.size("max-packet-size");
}

void read_sockets(const arguments &args, udp_send_options &u, tcp_send_options &t, std::chrono::milliseconds &patience)
{
    read_what_both_have(args, u, t);
    if (args.has("ttl"))
        u.ttl = static_cast<int>(args.number("ttl", 0, 255));
    if (args.has("multicast-loop"))
        u.multicast_loop = args.yes_or_no("multicast-loop");
    if (args.has("dscp"))
        u.dscp = static_cast<int>(args.number("dscp", 0, 63));
    u.gso = offload_of(args, "gso");
    u.sendmmsg = offload_of(args, "sendmmsg");
    t.source_address = args.text("source-address");
    t.no_delay = args.yes_or_no("no-delay");
    patience = std::chrono::milliseconds(static_cast<long long>(1000 * args.real("connect-timeout", 0, 86400)));
}

} // namespace tools
