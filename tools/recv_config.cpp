// SPDX-License-Identifier: BSD-3-Clause
#include "recv_config.h"

#include <limits>

#include "arguments.h"
#include "heapwire/base/version.h"
#include "heapwire/memory/memory_pool.h"
#include "socket_options.h"

namespace tools
{

using namespace heapwire;

namespace
{

constexpr double infinity = std::numeric_limits<double>::infinity();

void declare_data(arguments &args)
{
    args.section("What is done with heaps");
    args.value("heaps", "N", "0", "stop after so many; 0: when the stream ends");
    args.value("timeout", "SECONDS", "0", "give up (status 1) after so long without a heap; 0: never");
    args.flag("verify", "check each byte of what heapwire-send --verify sent; status 1 if one is wrong");
    args.flag("dump", "print each heap as a line of JSON on standard output");
    args.value("hex-limit", "BYTES", "4096", "with --dump: longer items are told by their SHA-256");
    args.flag("ready-line", "print 'ready udp 127.0.0.1:8888' for each socket as soon as it is open");
}

void declare_stream(arguments &args)
{
    args.section("Stream");
    args.value("max-heaps", "N", "4", "heaps in flight per substream");
    args.value("substreams", "N", "1", "heap cnts are dealt out to so many substreams");
    args.value("bugs", "N", "0", "old bugs to expect: 1 descriptor widths, 2 shape bit, 4 byte order");
    args.flag("any-order", "accept packets of a heap in any order");
    args.flag("ignore-stop", "a stop item does not end the stream");
    args.flag("no-unsized", "refuse heaps whose length is not announced");
    args.value("max-heap-size", "BYTES", "1Gi", "refuse larger heaps");
    args.value("max-item-pointers", "N", "65536", "distinct item pointers a heap");
    args.flag("key-by-source", "heaps of the same cnt from different senders are different heaps");
    args.flag("timestamps", "note the kernel's receive time");
    args.flag("explicit-start", "open all endpoints first, then read");
    args.value("end", "WHEN", "any", "any or last: which endpoint's end is the stream's");
    args.value("stream-id", "N", "0", "a number of yours, for logs");
    args.value("ring-heaps", "N", "4", "finished heaps that wait");
    args.flag("incomplete", "show incomplete heaps too");
    args.value("wake", "HOW", "futex", "futex, eventfd or pipe: how the reader is woken");
    args.value("allocator", "KIND", "aligned", "aligned, mmap, huge (huge pages if there are any) or huge-only");
    args.value("pool", "BYTES", "0", "keep freed payloads of at most this size for later heaps; 0: no pool");
    args.value("copy", "HOW", "automatic", "automatic, plain or nontemporal");
}

void declare_captures(arguments &args)
{
    args.section("Captures");
    args.value("filter", "TEXT", "", "a libpcap filter");
    args.value("speed", "X", "0", "1: at the recorded times; 2: twice as fast; 0: as fast as can be");
}

std::shared_ptr<allocator> read_memory(const arguments &args)
{
    enum class kind
    {
        aligned,
        mmap,
        huge,
        huge_only
    };
    auto chosen = args.choice<kind>(
        "allocator",
        {{"aligned", kind::aligned}, {"mmap", kind::mmap}, {"huge", kind::huge}, {"huge-only", kind::huge_only}});
    std::shared_ptr<allocator> base = chosen == kind::aligned
                                          ? make_aligned_allocator()
                                          : make_mmap_allocator(chosen == kind::mmap   ? huge_pages::no
                                                                : chosen == kind::huge ? huge_pages::prefer
                                                                                       : huge_pages::require);
    std::size_t pooled = args.size("pool");
    if (pooled == 0)
        return base;
    memory_pool_options pool;
    pool.upper = pooled;
    pool.base = base;
    pool.warn_on_empty = false;
    return std::make_shared<memory_pool>(pool);
}

void read_stream(const arguments &args, recv_config &out)
{
    recv::options &s = out.stream;
    s.max_heaps = args.number("max-heaps");
    s.substreams = args.number("substreams");
    s.bug_compat = static_cast<std::uint32_t>(args.number("bugs", 0, 7));
    s.order = args.has("any-order") ? ordering::any_order : ordering::in_order;
    s.stop_on_stop_item = !args.has("ignore-stop");
    s.allow_unsized_heaps = !args.has("no-unsized");
    s.max_heap_size = args.size("max-heap-size");
    s.max_item_pointers = static_cast<std::uint32_t>(args.number("max-item-pointers", 1, 0xffffffff));
    s.key_by_source = args.has("key-by-source");
    s.timestamps = args.has("timestamps");
    s.explicit_start = args.has("explicit-start");
    s.end = args.choice<recv::end_when>("end",
                                        {{"any", recv::end_when::any_source}, {"last", recv::end_when::last_source}});
    s.stream_id = args.number("stream-id");
    s.memory = read_memory(args);
    s.copy = args.choice<copy_function>(
        "copy", {{"automatic", copy_automatic}, {"plain", copy_plain}, {"nontemporal", copy_nontemporal}});
    s.validate();
    out.ring.heaps = args.number("ring-heaps");
    out.ring.contiguous_only = !args.has("incomplete");
    out.ring.wake = args.choice<wake_kind>(
        "wake", {{"futex", wake_kind::futex}, {"eventfd", wake_kind::eventfd}, {"pipe", wake_kind::pipe}});
    out.ring.validate();
}

void read_places(const arguments &args, recv_config &out)
{
    out.places = parse_places(args.places());
    for (const place &p : out.places)
        if (p.kind == place_kind::pcap && !HEAPWIRE_HAS_PCAP)
            refuse("endpoint", "pcap:" + p.where, "this program was built without libpcap");
}

} // namespace

bool parse_recv(int argc, char **argv, recv_config &out)
{
    arguments args("heapwire-recv",
                   "heapwire-recv [options] udp://[host]:port | tcp://[host]:port | pcap:FILE | file:FILE ...\n"
                   "Receives SPEAD heaps; several endpoints feed one stream.\n");
    declare_data(args);
    declare_stream(args);
    declare_receiving_sockets(args);
    declare_captures(args);
    declare_common(args);
    if (!args.parse(argc, argv))
        return false;
    out.heaps = args.number("heaps");
    out.timeout = args.real("timeout", 0, infinity);
    out.verify = args.has("verify");
    out.dump = args.has("dump");
    out.hex_limit = args.size("hex-limit");
    out.ready_line = args.has("ready-line");
    read_stream(args, out);
    read_sockets(args, out.udp, out.tcp);
    out.pcap.filter = args.text("filter");
    out.pcap.speed = args.real("speed", 0, infinity);
    read_places(args, out);
    out.program = read_common(args);
    return true;
}

} // namespace tools
