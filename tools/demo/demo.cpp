// SPDX-License-Identifier: BSD-3-Clause
// heapwire-demo: a telescope streams spectra over loopback UDP; the other side checks every byte and finds the pulsar.
#include <atomic>
#include <cstdio>
#include <netinet/in.h>
#include <semaphore>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

#include "arguments.h"
#include "heapwire/recv/heap_stream.h"
#include "heapwire/transport/udp.h"
#include "picture.h"
#include "progress.h"

namespace
{

using namespace heapwire;
using namespace demo;
using namespace std::chrono_literals;

constexpr std::uint64_t spectra_id = 0x1000, number_id = 0x1001;
constexpr std::ptrdiff_t in_flight = 8;
constexpr std::size_t packet_size = 8972; // a jumbo frame, as on telescope networks
constexpr double slowest_rate = 5e6;      // bytes a second; below this a lost heap is taken for a fault
constexpr int kernel_buffer = 32 << 20;   // asked for; a tenth of a second or more

struct plan
{
    double rate = 0; ///< bytes a second
    std::uint64_t heaps = 0;
    std::chrono::duration<double> seconds{}; ///< at most: a slow machine sends fewer heaps
    std::uint64_t seed = 0;
    bool quiet = false;
    std::string png;
};

struct outcome
{
    std::uint64_t sent = 0, received = 0, wrong_bytes = 0, kernel_drops = 0;
    double seconds = 0;
    [[nodiscard]] std::uint64_t lost() const { return sent - received; }
};

/// The far side: makes spectra and sends them, until all are sent or `give_up` is set.
class antenna
{
public:
    antenna(transport::io_ref io, const telescope &scope, const plan &how, boost::asio::ip::udp::endpoint to)
        : scope_(scope), how_(how), memory_(in_flight, std::vector<std::byte>(heap_bytes)), heaps_(in_flight),
          sender_(io, {.endpoints = {to}},
                  {.max_packet_size = packet_size, .rate = how.rate, .max_heaps = in_flight + 1})
    {
    }

    /// Answers how many heaps were sent.
    std::uint64_t run(const std::atomic<bool> &give_up)
    {
        describe();
        std::uint64_t number = 0;
        auto end_of_time = std::chrono::steady_clock::now() + how_.seconds;
        auto go_on = [&] { return !give_up && !failed_ && std::chrono::steady_clock::now() < end_of_time; };
        for (; number < how_.heaps && go_on(); number++)
        {
            free_.acquire(); // completions come in order: the oldest slot is the free one
            std::size_t slot = number % in_flight;
            scope_.observe(number, memory_[slot]);
            heaps_[slot] = outgoing_heap();
            (void)heaps_[slot].add_item(spectra_id, bytes_view(memory_[slot]));
            (void)heaps_[slot].add_immediate(number_id, number);
            send::heap_reference reference{.heap = &heaps_[slot], .cnt = static_cast<std::int64_t>(number + 1)};
            if (sender_.submit(reference, {done, this, 0}))
                break;
        }
        sender_.flush();
        outgoing_heap end;
        end.add_end();
        (void)sender_.send_heap({.heap = &end, .cnt = static_cast<std::int64_t>(number + 1)});
        sender_.stop();
        return number;
    }

private:
    static void done(void *self, std::uint64_t, const send::outcome &what) noexcept
    {
        auto *me = static_cast<antenna *>(self);
        if (what.error)
            me->failed_ = true;
        me->free_.release();
    }

    void describe()
    {
        wire::descriptor d;
        d.id = spectra_id;
        d.name = "spectra";
        d.description = "power, channel by channel, a byte a sample";
        d.shape = {channels, samples};
        d.numpy_header = "{'descr': '|u1', 'fortran_order': False, 'shape': (" + std::to_string(channels) + ", " +
                         std::to_string(samples) + ")}";
        outgoing_heap first;
        first.add_start();
        (void)first.add_descriptor(d);
        (void)sender_.send_heap({.heap = &first, .cnt = static_cast<std::int64_t>(how_.heaps + 2)});
    }

    const telescope &scope_;
    const plan &how_;
    std::vector<std::vector<std::byte>> memory_;
    std::vector<outgoing_heap> heaps_;
    std::counting_semaphore<in_flight> free_{in_flight};
    std::atomic<bool> failed_{false};
    transport::udp_sender sender_; // last: stopped before what it refers to goes
};

std::string losses(const recv::stats &s)
{
    auto given_up = s[recv::stat::incomplete_heaps_evicted] + s[recv::stat::incomplete_heaps_flushed];
    return "lost: " + std::to_string(given_up) + " heaps, " + std::to_string(s[recv::stat::kernel_drops]) +
           " packets in the kernel";
}

/// A live line on a terminal, plain lines elsewhere.
void show(const plan &how, double seconds, double bytes, const outcome &so_far, const recv::stats &s)
{
    static const bool terminal = isatty(STDOUT_FILENO) == 1;
    if (how.quiet)
        return;
    std::printf("%s%6.1f s  %s  %llu heaps, every byte checked, %llu wrong; %s%s", terminal ? "\r\033[K" : "", seconds,
                tools::rate_text(bytes, 1).c_str(), static_cast<unsigned long long>(so_far.received),
                static_cast<unsigned long long>(so_far.wrong_bytes), losses(s).c_str(), terminal ? "" : "\n");
    std::fflush(stdout);
}

/// The near side: takes heaps until the stream ends, checks and folds them.
void receive(recv::heap_stream &stream, const telescope &scope, const plan &how, observation &folded, outcome &result,
             std::atomic<bool> &give_up, const std::atomic<bool> &all_sent)
{
    using clock = std::chrono::steady_clock;
    auto start = clock::now(), shown = start, last = start;
    std::uint64_t shown_heaps = 0;
    for (heap h;;)
    {
        recv::pop_status status = stream.pop_for(h, 100ms);
        auto now = clock::now();
        if (status == recv::pop_status::ended)
            break;
        if (status == recv::pop_status::ok)
            last = now;
        else if (all_sent && now - last > 3s)
            break; // the stop heap itself was lost
        const item *spectra = status == recv::pop_status::ok ? h.find(spectra_id) : nullptr;
        const item *number = spectra ? h.find(number_id) : nullptr;
        if (number)
        {
            std::uint64_t wrong = scope.count_wrong(number->immediate_value, spectra->bytes);
            result.wrong_bytes += wrong;
            result.received++;
            if (wrong == 0)
                folded.add(number->immediate_value, spectra->bytes);
        }
        h = {};
        double since = std::chrono::duration<double>(now - shown).count();
        if (since >= 1)
        {
            recv::stats s = stream.statistics();
            show(how, std::chrono::duration<double>(now - start).count(),
                 static_cast<double>(result.received - shown_heaps) * heap_bytes / since, result, s);
            shown = now;
            shown_heaps = result.received;
            if (s[recv::stat::incomplete_heaps_evicted] > 0 || tools::interrupted())
                give_up = true;
        }
    }
    result.seconds = std::chrono::duration<double>(last - start).count();
}

/// A socket of our own on a port of the kernel's choice, because root may have a larger buffer than the system allows
/// to everybody, and the library does not ask for that.
int open_socket()
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || bind(fd, reinterpret_cast<const sockaddr *>(&address), sizeof(address)) != 0)
        throw std::system_error(errno, std::generic_category(), "cannot bind to 127.0.0.1");
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &kernel_buffer, sizeof(kernel_buffer)) != 0)
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &kernel_buffer, sizeof(kernel_buffer));
    return fd;
}

outcome stream_once(const telescope &scope, const plan &how, observation &folded)
{
    transport::io_threads near(1), far(1);
    recv::heap_stream stream({.max_heaps = 2}, {.heaps = 64});
    transport::udp_facts facts;
    transport::udp_receive_options options;
    options.socket = open_socket();
    options.buffer_size = 0; // as it is
    stream.add(transport::make_udp_source(near, stream, options, &facts));
    close(*options.socket); // the source has a duplicate
    std::printf("%.2f Gb/s over UDP, %s: %zu channels, heaps of %zu KiB, packets of %zu bytes; kernel buffer %zu KiB\n",
                how.rate * 8e-9, "127.0.0.1", channels, heap_bytes / 1024, packet_size, facts.buffer_size / 1024);

    outcome result;
    std::atomic<bool> give_up{false}, all_sent{false};
    std::thread sending(
        [&]
        {
            antenna source(far, scope, how, facts.local);
            result.sent = source.run(give_up);
            all_sent = true;
        });
    receive(stream, scope, how, folded, result, give_up, all_sent);
    give_up = true;
    sending.join();
    stream.stop();
    recv::stats s = stream.statistics();
    result.kernel_drops = s[recv::stat::kernel_drops];
    show(how, result.seconds, static_cast<double>(result.received) * heap_bytes / std::max(result.seconds, 1e-3),
         result, s);
    std::printf("\n");
    return result;
}

void tell(const observation &folded, const plan &how)
{
    profile straight = add_up(folded.folded(true)), slanted = add_up(folded.folded(false));
    std::printf(
        "\nThe pulsar, folded over %llu heaps, with the dispersion undone (signal to noise %.0f; without: %.0f):\n\n%s",
        static_cast<unsigned long long>(folded.heaps()), straight.signal_to_noise, slanted.signal_to_noise,
        plot(straight, 75, 10).c_str());
    if (!how.png.empty())
    {
        write_picture(folded, how.png);
        std::printf("\npicture: %s\n", how.png.c_str());
    }
}

int observe(plan how)
{
    tools::catch_signals();
    telescope scope(how.seed);
    for (;;)
    {
        observation folded;
        outcome result = stream_once(scope, how, folded);
        std::printf("sent %llu heaps, received %llu, lost %llu, wrong bytes %llu\n",
                    static_cast<unsigned long long>(result.sent), static_cast<unsigned long long>(result.received),
                    static_cast<unsigned long long>(result.lost()),
                    static_cast<unsigned long long>(result.wrong_bytes));
        bool slower =
            result.lost() > 0 && result.wrong_bytes == 0 && how.rate / 2 >= slowest_rate && !tools::interrupted();
        if (slower)
        {
            how.rate /= 2;
            how.heaps /= 2; // as long as before
            std::printf("this machine cannot keep up with that now; once more at half the rate\n");
            continue;
        }
        if (result.received > 0)
            tell(folded, how);
        return result.lost() > 0 || result.wrong_bytes > 0 || result.received == 0 ? 1 : 0;
    }
}

} // namespace

int main(int argc, char **argv)
{
    return tools::guarded("heapwire-demo",
                          [&]
                          {
                              tools::arguments args("heapwire-demo",
                                                    "heapwire-demo [options]\nA pulsar over loopback UDP.\n");
                              args.section("Options");
                              args.value("rate", "BYTES", "150M", "bytes a second, like 125M for 1 Gb/s");
                              args.value("seconds", "N", "20", "how long");
                              args.value("seed", "N", "1967", "of the sky");
                              args.value("png", "FILE", "pulsar.png", "the picture");
                              args.flag("quiet", "no live rate");
                              if (!args.parse(argc, argv))
                                  return 0;
                              plan how;
                              how.rate = static_cast<double>(args.size("rate", 1'000'000));
                              how.seconds = std::chrono::duration<double>(args.real("seconds", 0.1, 3600));
                              how.heaps = static_cast<std::uint64_t>(how.rate * how.seconds.count() / heap_bytes) + 1;
                              how.seed = args.number("seed");
                              how.quiet = args.has("quiet");
                              how.png = args.text("png");
                              return observe(how);
                          });
}
