// SPDX-License-Identifier: BSD-3-Clause
// heapwire-send: sends heaps as fast as asked for, and says what became of them.
#include <condition_variable>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <mutex>

#include "arguments.h"
#include "heap_maker.h"
#include "heapwire/transport/memory_source.h"
#include "progress.h"

namespace
{

using namespace heapwire;
using namespace tools;
using namespace std::chrono_literals;

/// Heaps in flight: a fixed number of jobs, each a group of heaps with their memory, used again and again.
class dispatcher
{
public:
    dispatcher(transport::send_stream &stream, const send_config &how, progress &live)
        : stream_(stream), how_(how), live_(live), jobs_(how.stream.max_heaps / how.group)
    {
        for (std::size_t i = 0; i < jobs_.size(); i++)
        {
            jobs_[i].resize(how.group);
            free_.push_back(i);
        }
    }

    dispatcher(const dispatcher &) = delete;
    dispatcher &operator=(const dispatcher &) = delete;
    /// No completion comes after this.
    ~dispatcher() { stream_.stop(); }

    /// Sends all that `maker` has, until Ctrl-C (if `may_stop`) or an error.
    void send_all(heap_maker &maker, bool may_stop)
    {
        while (!(may_stop && interrupted()) && !error())
        {
            std::size_t job = take_free();
            if (job == none)
                continue;
            std::vector<send::heap_reference> heaps;
            while (heaps.size() < how_.group && maker.next(jobs_[job][heaps.size()]))
            {
                planned_heap &planned = jobs_[job][heaps.size()];
                heaps.push_back(planned.reference);
                heaps.back().heap = &planned.heap;
            }
            std::error_code refused =
                heaps.empty() ? std::error_code() : stream_.submit(heaps, how_.mode, {finished, this, job});
            if (heaps.empty() || refused)
                give_back(job, {refused, 0}, 0);
            if (heaps.size() < how_.group)
                return;
        }
    }

    /// Waits until nothing is in flight; after Ctrl-C not longer than a moment.
    void drain()
    {
        int patience = 20;
        std::unique_lock guard(lock_);
        while (free_.size() < jobs_.size() && patience > 0)
        {
            changed_.wait_for(guard, 100ms);
            patience -= interrupted() ? 1 : 0;
            show(guard);
        }
    }

    [[nodiscard]] std::error_code error()
    {
        std::lock_guard guard(lock_);
        return error_;
    }

private:
    static constexpr std::size_t none = ~std::size_t{0};

    static void finished(void *self, std::uint64_t job, const send::outcome &what) noexcept
    {
        auto *me = static_cast<dispatcher *>(self);
        me->give_back(job, what, me->how_.group);
    }

    void give_back(std::size_t job, const send::outcome &what, std::size_t heaps) noexcept
    {
        std::lock_guard guard(lock_);
        free_.push_back(job); // never allocates: it had room for all from the start
        bytes_ += what.bytes;
        heaps_ += heaps;
        if (what.error && !error_)
            error_ = what.error;
        changed_.notify_one();
    }

    std::size_t take_free()
    {
        std::unique_lock guard(lock_);
        changed_.wait_for(guard, 100ms, [&] { return !free_.empty(); });
        show(guard);
        if (free_.empty())
            return none;
        std::size_t job = free_.back();
        free_.pop_back();
        return job;
    }

    void show(std::unique_lock<std::mutex> &guard)
    {
        if (!live_.due())
            return;
        auto bytes = bytes_, heaps = heaps_;
        guard.unlock();
        live_.tick(bytes, heaps);
        guard.lock();
    }

    transport::send_stream &stream_;
    const send_config &how_;
    progress &live_;
    std::vector<std::vector<planned_heap>> jobs_;
    std::mutex lock_;
    std::condition_variable changed_;
    std::vector<std::size_t> free_;
    std::uint64_t bytes_ = 0, heaps_ = 0;
    std::error_code error_;
};

/// Where packets go; `file` is used for file: only, and must outlive the sink.
std::unique_ptr<transport::packet_sink> open_sink(transport::io_ref io, const send_config &how, std::filebuf &file,
                                                  transport::weather_report &report)
{
    std::unique_ptr<transport::packet_sink> sink;
    switch (how.places[0].kind)
    {
    case place_kind::udp:
        sink = transport::make_udp_sink(io, how.udp);
        break;
    case place_kind::tcp:
        sink = transport::make_tcp_sink(io, how.tcp, how.patience);
        break;
    default:
        if (!file.open(how.places[0].where, std::ios::out | std::ios::binary | std::ios::trunc))
            throw std::system_error(errno, std::generic_category(), "cannot write " + how.places[0].where);
        sink = transport::make_streambuf_sink(file);
    }
    return how.bad_weather ? transport::make_bad_weather(std::move(sink), how.weather, &report) : std::move(sink);
}

json to_json(const send::stats &s, double seconds)
{
    return {{"heaps", s.heaps},     {"heaps_failed", s.heaps_failed},     {"heaps_refused", s.heaps_refused},
            {"packets", s.packets}, {"packets_failed", s.packets_failed}, {"bytes", s.bytes},
            {"batches", s.batches}, {"max_batch", s.max_batch},           {"waits", s.waits},
            {"sleeps", s.sleeps},   {"achieved_rate", s.achieved_rate},   {"seconds", seconds}};
}

void report(const send_config &how, const send::stats &s, const transport::weather_report &weather, double seconds)
{
    if (!how.program.quiet)
        std::fprintf(stderr, "sent %llu heaps, %llu packets, %llu bytes in %.3f s: %s; failed: %llu heaps\n",
                     static_cast<unsigned long long>(s.heaps), static_cast<unsigned long long>(s.packets),
                     static_cast<unsigned long long>(s.bytes), seconds,
                     rate_text(static_cast<double>(s.bytes), seconds).c_str(),
                     static_cast<unsigned long long>(s.heaps_failed));
    if (!how.program.json)
        return;
    json line = to_json(s, seconds);
    if (how.bad_weather)
        line["weather"] = {{"passed", weather.passed},
                           {"lost", weather.lost},
                           {"duplicated", weather.duplicated},
                           {"reordered", weather.reordered},
                           {"corrupted", weather.corrupted}};
    std::cout << to_line(line) << std::endl;
}

std::unique_ptr<heap_maker> open_maker(const send_config &how, std::ifstream &file)
{
    if (how.json_file.empty())
        return make_generated(how);
    if (how.json_file == "-")
        return make_from_json(how, std::cin);
    file.open(how.json_file);
    if (!file)
        refuse("--from-json", how.json_file, "a file that can be read, or - for standard input");
    return make_from_json(how, file);
}

int send_everything(const send_config &how)
{
    std::ifstream json_file;
    std::filebuf out_file;
    transport::weather_report weather;
    auto maker = open_maker(how, json_file);
    transport::io_threads threads(how.program.threads, how.program.cores);
    transport::send_stream stream(threads, open_sink(threads, how, out_file, weather), how.stream);
    catch_signals();

    progress live(how.program.quiet);
    live.begin();
    dispatcher data(stream, how, live);
    data.send_all(*maker, true);
    data.drain();
    double seconds = live.seconds();
    send_config one_by_one = how;
    one_by_one.group = 1;
    dispatcher control(stream, one_by_one, live);
    if (how.stop && !data.error())
        control.send_all(*make_stops(how), false);
    control.drain();
    live.end();
    stream.stop(); // from here nothing refers to the dispatchers
    std::error_code error = data.error() ? data.error() : control.error();
    report(how, stream.statistics(), weather, seconds);
    if (error)
        std::cerr << "heapwire-send: " << error.message() << '\n';
    return error ? 1 : 0;
}

} // namespace

int main(int argc, char **argv)
{
    return guarded("heapwire-send",
                   [&]
                   {
                       send_config how;
                       return parse_send(argc, argv, how) ? send_everything(how) : 0;
                   });
}
