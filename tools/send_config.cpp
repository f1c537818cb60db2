// SPDX-License-Identifier: BSD-3-Clause
#include "send_config.h"

#include <limits>

#include "socket_options.h"

namespace tools
{

using namespace heapwire;

namespace
{

constexpr double infinity = std::numeric_limits<double>::infinity();

void declare_data(arguments &args)
{
    args.section("What is sent");
    args.value("heaps", "N", "1", "heaps of data; 0: until Ctrl-C");
    args.value("heap-size", "BYTES", "4Mi", "payload of a heap");
    args.value("items", "N", "1", "items a heap; the payload is shared out evenly");
    args.value("flavour", "64-XX", "64-40", "bits of a heap address: 64-8, 64-16, … 64-56");
    args.value("bugs", "N", "0",
               "old bugs to imitate: 1 descriptor widths, 2 shape bit, 4 byte order, 7 PySPEAD 0.5.2");
    args.value("first-cnt", "N", "1", "cnt of the first heap");
    args.value("cnt-step", "N", "1", "from one heap's cnt to the next");
    args.flag("repeat-pointers", "all item pointers in every packet");
    args.flag("allow-immediate", "short items travel inside their pointers");
    args.flag("verify", "send a pattern that heapwire-recv --verify checks");
    args.flag("no-descriptors", "do not describe the items first");
    args.flag("no-stop", "do not end the stream with a stop heap");
    args.value("from-json", "FILE", "", "send the heaps that FILE (- for standard input) describes, one a line");
}

void declare_stream(arguments &args)
{
    args.section("How");
    args.value("packet-size", "BYTES", "1472", "largest packet, SPEAD header included");
    args.value("split", "HOW", "even", "even, full or exact: how a heap is cut into packets");
    args.value("payload-size", "BYTES", "0", "with --split exact: payload of each packet but the last");
    args.value("rate", "BYTES", "0", "bytes of packets a second, like 125M for 1 Gb/s; 0: as fast as can be");
    args.value("burst-size", "BYTES", "65536", "bytes that leave without a look at the clock");
    args.value("burst-rate-ratio", "X", "1.05", "how much faster than the rate to catch up");
    args.value("rate-method", "HOW", "automatic", "automatic, software or kernel");
    args.value("max-heaps", "N", "4", "heaps in flight");
    args.value("group", "N", "1", "heaps that are handed over together");
    args.value("group-mode", "HOW", "serial", "serial or round-robin: the order of a group's packets");
}

void declare_weather(arguments &args)
{
    args.section("Bad weather (for tests)");
    args.value("lose", "P", "0", "probability that a packet is lost");
    args.value("duplicate", "P", "0", "that it is sent twice");
    args.value("reorder", "P", "0", "that it is held back behind later ones");
    args.value("reorder-depth", "N", "8", "behind how many at most");
    args.value("corrupt", "P", "0", "that one of its bits is wrong");
    args.value("seed", "N", "1", "the same seed, the same weather");
}

void read_data(const arguments &args, send_config &out)
{
    out.flavour = parse_flavour(args.text("flavour"), static_cast<std::uint32_t>(args.number("bugs", 0, 7)));
    out.heaps = args.number("heaps");
    out.heap_size = args.size("heap-size");
    out.items = args.number("items", 1, 1 << 20);
    out.first_cnt = args.number("first-cnt", 0, out.flavour.max_address());
    out.cnt_step = args.number("cnt-step", 1);
    out.repeat_pointers = args.has("repeat-pointers");
    out.allow_immediate = args.has("allow-immediate");
    out.verify = args.has("verify");
    out.descriptors = !args.has("no-descriptors");
    out.stop = !args.has("no-stop");
    out.json_file = args.text("from-json");
    if (out.heap_size > out.flavour.max_address())
        refuse("--heap-size", args.text("heap-size"), "at most what flavour " + args.text("flavour") + " can address");
}

void read_stream(const arguments &args, send_config &out)
{
    send::options &s = out.stream;
    s.max_packet_size = args.size("packet-size");
    s.packets = args.choice<send::split>(
        "split", {{"even", send::split::even}, {"full", send::split::full}, {"exact", send::split::exact}});
    s.payload_size = args.size("payload-size");
    s.rate = static_cast<double>(args.size("rate"));
    s.burst_size = args.size("burst-size");
    s.burst_rate_ratio = args.real("burst-rate-ratio", 1, infinity);
    s.method = args.choice<send::rate_method>("rate-method", {{"automatic", send::rate_method::automatic},
                                                              {"software", send::rate_method::software},
                                                              {"kernel", send::rate_method::kernel}});
    s.max_heaps = args.number("max-heaps", 1, 1 << 20);
    out.group = args.number("group", 1, s.max_heaps);
    out.mode = args.choice<send::group_mode>(
        "group-mode", {{"serial", send::group_mode::serial}, {"round-robin", send::group_mode::round_robin}});
    s.validate();
}

void read_weather(const arguments &args, send_config &out)
{
    out.weather = {.seed = args.number("seed"),
                   .lose = args.real("lose", 0, 1),
                   .duplicate = args.real("duplicate", 0, 1),
                   .reorder = args.real("reorder", 0, 1),
                   .reorder_depth = args.number("reorder-depth", 1, 1 << 16),
                   .corrupt = args.real("corrupt", 0, 1)};
    const auto &w = out.weather;
    out.bad_weather = w.lose > 0 || w.duplicate > 0 || w.reorder > 0 || w.corrupt > 0;
}

void read_places(const arguments &args, send_config &out)
{
    out.places = parse_places(args.places());
    for (const place &p : out.places)
    {
        if (p.kind == place_kind::pcap)
            refuse("endpoint", "pcap:" + p.where, "captures can only be received");
        if (p.kind != place_kind::udp && out.places.size() > 1)
            throw usage_error("several endpoints: only udp:// can be given more than once");
        if (p.kind == place_kind::udp)
            out.udp.endpoints.push_back(transport::parse_endpoint(p.where));
        else if (p.kind == place_kind::tcp)
            out.tcp.endpoint = transport::parse_tcp_endpoint(p.where);
    }
    out.substreams = out.places.size();
}

} // namespace

bool parse_send(int argc, char **argv, send_config &out)
{
    arguments args("heapwire-send", "heapwire-send [options] udp://host:port... | tcp://host:port | file:FILE\n"
                                    "Sends SPEAD heaps, of its own making or described in JSON. Each UDP endpoint is a "
                                    "substream; heaps are\ndealt out to them in turn.\n");
    declare_data(args);
    declare_stream(args);
    declare_sending_sockets(args);
    declare_weather(args);
    declare_common(args);
    if (!args.parse(argc, argv))
        return false;
    read_data(args, out);
    read_stream(args, out);
    read_sockets(args, out.udp, out.tcp, out.patience);
    read_weather(args, out);
    read_places(args, out);
    out.program = read_common(args);
    return true;
}

} // namespace tools
