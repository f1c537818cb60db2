// SPDX-License-Identifier: BSD-3-Clause
// heapwire-recv: receives heaps, checks or prints them, and says what was lost and why.
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>

#include "arguments.h"
#include "heapwire/base/version.h"
#include "heapwire/recv/heap_stream.h"
#include "heapwire/transport/memory_source.h"
#include "json_heap.h"
#include "pattern.h"
#include "progress.h"
#include "recv_config.h"

namespace
{

using namespace heapwire;
using namespace tools;
using namespace std::chrono_literals;

constexpr std::uint64_t first_data_id = 0x1000; ///< smaller ones are not the pattern's

struct totals
{
    std::uint64_t heaps = 0, incomplete = 0, bytes = 0;
    std::uint64_t checked = 0, wrong_bytes = 0, wrong_heaps = 0; ///< `checked`: heaps with something to check
    double seconds = 0;
    bool timed_out = false;
};

template <typename Endpoint>
void say_ready(const recv_config &how, const char *kind, const Endpoint &local)
{
    if (how.ready_line)
        std::cout << "ready " << kind << ' ' << local << std::endl;
}

void add_udp(recv::heap_stream &stream, transport::io_ref io, const recv_config &how, const std::string &where)
{
    transport::udp_receive_options options = how.udp;
    options.endpoint = transport::parse_endpoint(where);
    transport::udp_facts facts;
    stream.add(transport::make_udp_source(io, stream, options, &facts));
    say_ready(how, "udp", facts.local);
}

void add_tcp(recv::heap_stream &stream, transport::io_ref io, const recv_config &how, const std::string &where)
{
    transport::tcp_receive_options options = how.tcp;
    options.endpoint = transport::parse_tcp_endpoint(where);
    boost::asio::ip::tcp::endpoint local;
    stream.add(transport::make_tcp_source(io, stream.gate(), options, &local));
    say_ready(how, "tcp", local);
}

void add_file(recv::heap_stream &stream, transport::io_ref io, const std::string &name)
{
    std::ifstream in(name, std::ios::binary);
    if (!in)
        throw std::system_error(errno, std::generic_category(), "cannot read " + name);
    auto bytes =
        std::make_shared<std::vector<char>>(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
    stream.add(transport::make_memory_source(io, stream.gate(), std::as_bytes(std::span(*bytes)), bytes));
}

void add_capture(recv::heap_stream &stream, transport::io_ref io, const recv_config &how, const std::string &name)
{
#if HEAPWIRE_HAS_PCAP
    transport::pcap_options options = how.pcap;
    options.file = name;
    stream.add(transport::make_pcap_source(io, stream.gate(), options));
#else
    (void)stream, (void)io, (void)how, (void)name; // refused when the command line was read
#endif
}

void add_sources(recv::heap_stream &stream, transport::io_ref io, const recv_config &how)
{
    for (const place &p : how.places)
        switch (p.kind)
        {
        case place_kind::udp:
            add_udp(stream, io, how, p.where);
            break;
        case place_kind::tcp:
            add_tcp(stream, io, how, p.where);
            break;
        case place_kind::pcap:
            add_capture(stream, io, how, p.where);
            break;
        case place_kind::file:
            add_file(stream, io, p.where);
            break;
        }
    if (how.stream.explicit_start)
        stream.start();
}

/// All that never became a delivered heap, by the groups that matter to somebody who watches.
std::string losses(const recv::stats &s)
{
    using recv::stat;
    auto given_up = s[stat::incomplete_heaps_evicted] + s[stat::incomplete_heaps_flushed];
    return "lost: " + std::to_string(given_up) + " heaps incomplete, " + std::to_string(s[stat::kernel_drops]) +
           " packets in the kernel, " + std::to_string(s.malformed()) + " malformed, " + std::to_string(s.refused()) +
           " refused";
}

void verify(const heap &h, totals &sum)
{
    std::uint64_t wrong = 0, items = 0;
    for (const item &one : h.items())
        if (one.id >= first_data_id && !one.is_immediate)
        {
            wrong += count_wrong(one.bytes, h.cnt(), one.id);
            items++;
        }
    sum.checked += items > 0;
    sum.wrong_bytes += wrong;
    sum.wrong_heaps += wrong > 0;
}

void use(const heap &h, const recv_config &how, totals &sum)
{
    sum.heaps++;
    sum.bytes += h.received_length();
    sum.incomplete += !h.is_contiguous();
    if (how.verify && h.is_contiguous())
        verify(h, sum);
    if (how.dump)
        std::cout << to_line(heap_to_json(h, how.hex_limit)) << '\n';
}

recv::pop_status next_heap(recv::heap_stream &stream, const recv_config &how, heap &out)
{
    if (how.ring.contiguous_only)
        return stream.pop_for(out, 100ms);
    plain_wait policy;
    return stream.pop_any(out, policy, std::chrono::steady_clock::now() + 100ms);
}

totals receive(recv::heap_stream &stream, const recv_config &how)
{
    totals sum;
    progress live(how.program.quiet);
    live.begin();
    auto last_heap = progress::clock::now();
    bool stopped = false;
    for (heap h;;)
    {
        recv::pop_status status = next_heap(stream, how, h);
        if (status == recv::pop_status::ended)
            break;
        auto now = progress::clock::now();
        if (status == recv::pop_status::ok)
        {
            last_heap = now;
            if (how.heaps == 0 || sum.heaps < how.heaps)
                use(h, how, sum);
            if (sum.heaps == 1)
                live.begin();
            sum.seconds = live.seconds();
            h = {}; // its memory goes back before the next wait
        }
        sum.timed_out = how.timeout > 0 && !stopped && now - last_heap > std::chrono::duration<double>(how.timeout);
        bool enough = interrupted() || sum.timed_out || (how.heaps != 0 && sum.heaps >= how.heaps);
        if (enough && !stopped)
        {
            stopped = true;
            stream.stop(); // what is in the ring can still be popped
            if (sum.timed_out)
                break;
        }
        if (live.due())
            live.tick(sum.bytes, sum.heaps, losses(stream.statistics()));
    }
    live.end();
    std::cout.flush();
    return sum;
}

void report(const recv_config &how, const totals &sum, const recv::stats &s)
{
    if (!how.program.quiet)
    {
        std::fprintf(stderr, "received %llu heaps, %llu bytes in %.3f s: %s; %s\n",
                     static_cast<unsigned long long>(sum.heaps), static_cast<unsigned long long>(sum.bytes),
                     sum.seconds, rate_text(static_cast<double>(sum.bytes), sum.seconds).c_str(), losses(s).c_str());
        if (how.verify)
            std::fprintf(stderr, "checked %llu heaps: %llu wrong bytes in %llu heaps\n",
                         static_cast<unsigned long long>(sum.checked), static_cast<unsigned long long>(sum.wrong_bytes),
                         static_cast<unsigned long long>(sum.wrong_heaps));
    }
    if (!how.program.json)
        return;
    json counters;
    for (std::size_t i = 0; i < s.size(); i++)
        counters[s.entry(i).name] = s.at(i);
    json line = {{"heaps", sum.heaps},
                 {"incomplete", sum.incomplete},
                 {"bytes", sum.bytes},
                 {"seconds", sum.seconds},
                 {"timed_out", sum.timed_out}};
    if (how.verify)
        line.update({{"checked", sum.checked}, {"wrong_bytes", sum.wrong_bytes}, {"wrong_heaps", sum.wrong_heaps}});
    line["statistics"] = counters;
    std::cout << to_line(line) << std::endl;
}

int receive_everything(const recv_config &how)
{
    catch_signals();
    transport::io_threads threads(how.program.threads, how.program.cores);
    recv::heap_stream stream(how.stream, how.ring);
    add_sources(stream, threads, how);
    totals sum = receive(stream, how);
    stream.stop();
    report(how, sum, stream.statistics());
    if (sum.timed_out)
        std::cerr << "heapwire-recv: no heap for " << how.timeout << " s\n";
    return sum.timed_out || sum.wrong_bytes > 0 ? 1 : 0;
}

} // namespace

int main(int argc, char **argv)
{
    return guarded("heapwire-recv",
                   [&]
                   {
                       recv_config how;
                       return parse_recv(argc, argv, how) ? receive_everything(how) : 0;
                   });
}
