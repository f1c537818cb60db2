// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/transport/pcap_source.h"

#include <algorithm>
#include <array>
#include <boost/asio/steady_timer.hpp>
#include <cmath>
#include <cstdio>
#include <pcap/pcap.h>
#include <vector>

#include "heapwire/base/error.h"
#include "heapwire/base/log.h"
#include "heapwire/transport/pcap_frame.h"
#include "source_base.h"

namespace heapwire::transport
{

namespace
{

using pcap_ptr = std::unique_ptr<pcap_t, decltype(&pcap_close)>;
using clock = std::chrono::steady_clock;

constexpr std::size_t batch_records = 64;
constexpr int most_read_errors = 3; ///< one after the other
// Files may say what they like. Times of 32 bits of seconds fit, and so does the difference of any two in nanoseconds.
constexpr std::int64_t most_seconds = 4'600'000'000;
constexpr double longest_wait = 1e18; ///< in nanoseconds; 31 years, and the clock can still tell when they are over

void set_filter(pcap_t *capture, const std::string &filter)
{
    if (filter.empty())
        return;
    bpf_program program{};
    if (pcap_compile(capture, &program, filter.c_str(), 1, PCAP_NETMASK_UNKNOWN) != 0)
        throw_bad_argument("filter", filter, std::string("a libpcap filter (") + pcap_geterr(capture) + ")");
    int failed = pcap_setfilter(capture, &program);
    pcap_freecode(&program);
    if (failed != 0)
        throw_bad_argument("filter", filter, std::string("a libpcap filter (") + pcap_geterr(capture) + ")");
}

pcap_ptr open_capture(const pcap_options &how)
{
    std::FILE *file = std::fopen(how.file.c_str(), "rbe"); // by hand, because libpcap gives no errno
    if (!file)
        throw_errno("open capture file", how.file);
    std::array<char, PCAP_ERRBUF_SIZE> text{};
    pcap_ptr capture(pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, text.data()),
                     &pcap_close);
    if (!capture)
    {
        std::fclose(file);
        throw std::system_error(std::make_error_code(std::errc::invalid_argument),
                                "read capture file " + how.file + ": " + text.data());
    }
    int link_type = pcap_datalink(capture.get());
    if (!is_known_link_type(link_type))
        throw_bad_argument("link type of " + how.file, link_type, "Ethernet, Linux cooked, raw IP or loopback");
    set_filter(capture.get(), how.filter);
    return capture;
}

class pcap_source final : public source_base
{
public:
    pcap_source(boost::asio::io_context &io, std::shared_ptr<recv::packet_gate> to, const pcap_options &how)
        : source_base(io, std::move(to)), file_(how.file), speed_(how.speed), capture_(open_capture(how)),
          link_type_(pcap_datalink(capture_.get())), timer_(io)
    {
    }

private:
    enum class step
    {
        one,
        none,
        end
    };

    /// A datagram in arena_.
    struct record
    {
        std::size_t offset, size;
        std::uint64_t source;
        std::int64_t time;
        bool cut;
    };

    void begin() override { run(); }
    void resume() override { hand_over(); }
    void close() noexcept override { timer_.cancel(); }
    void run();
    void hand_over();
    void fill();
    step read_one();
    [[nodiscard]] clock::time_point due(std::int64_t time);
    void wait_for_held();
    void report();

    std::string file_;
    double speed_;
    pcap_ptr capture_;
    int link_type_;
    boost::asio::steady_timer timer_;
    std::vector<std::byte> arena_; ///< libpcap's own buffer is good for one record only
    std::vector<record> records_;
    std::vector<recv::datagram> packets_;
    std::size_t due_records_ = 0; ///< so many records may go; one more may be waiting for its time
    std::size_t next_ = 0;        ///< the first that the stream has not taken
    bool at_end_ = false;
    int read_errors_ = 0;
    std::int64_t first_time_ = 0;
    clock::time_point first_at_{}; ///< when the first record was replayed
    std::array<std::uint64_t, frame_kind_count> kinds_{};
};

void pcap_source::run()
{
    fill();
    hand_over();
}

pcap_source::step pcap_source::read_one()
{
    pcap_pkthdr *header = nullptr;
    const u_char *data = nullptr;
    int result = pcap_next_ex(capture_.get(), &header, &data);
    if (result == PCAP_ERROR_BREAK)
        return step::end;
    if (result != 1)
    {
        HEAPWIRE_LOG(warning, "transport", "capture file ", file_, ": ", pcap_geterr(capture_.get()));
        return ++read_errors_ < most_read_errors ? step::none : step::end;
    }
    read_errors_ = 0;
    bytes_view bytes = std::as_bytes(std::span(data, header->caplen));
    frame f = decode_frame(link_type_, bytes, header->len);
    if (f.kind == frame_kind::udp && header->caplen < header->len)
        f.kind = frame_kind::cut; // as the rule has it: such a frame is not to be trusted
    ++kinds_[static_cast<std::size_t>(f.kind)];
    if (f.kind != frame_kind::udp && f.kind != frame_kind::cut)
        return step::none;
    // With nanosecond precision libpcap puts nanoseconds where the type says microseconds.
    const std::int64_t seconds = std::clamp<std::int64_t>(header->ts.tv_sec, -most_seconds, most_seconds);
    std::int64_t time = seconds * 1'000'000'000 + header->ts.tv_usec;
    records_.push_back({arena_.size(), f.payload.size(), f.source, time, f.kind == frame_kind::cut});
    arena_.insert(arena_.end(), f.payload.begin(), f.payload.end());
    return step::one;
}

clock::time_point pcap_source::due(std::int64_t time)
{
    if (first_at_ == clock::time_point{})
    {
        first_time_ = time;
        first_at_ = clock::now();
    }
    const double after = static_cast<double>(time - first_time_) / speed_;
    return first_at_ + std::chrono::nanoseconds(std::llround(std::clamp(after, -longest_wait, longest_wait)));
}

/// Reads one batch, up to the first record whose time has not come.
void pcap_source::fill()
{
    arena_.clear();
    records_.clear();
    packets_.clear();
    next_ = 0;
    due_records_ = 0;
    for (std::size_t i = 0; i < batch_records && !at_end_; ++i)
    {
        step s = read_one();
        at_end_ = s == step::end;
        if (s != step::one)
            continue;
        if (speed_ > 0 && due(records_.back().time) > clock::now())
            break;
        due_records_ = records_.size();
    }
    for (const record &r : records_)
        packets_.push_back({bytes_view(arena_).subspan(r.offset, r.size), r.source, r.time, r.cut});
}

void pcap_source::hand_over()
{
    bool through =
        due_records_ == 0 || offer(
                                 [this]
                                 {
                                     recv::taken t = gate().take(
                                         std::span<const recv::datagram>(packets_).first(due_records_).subspan(next_));
                                     next_ += t.used;
                                     return t.state;
                                 });
    if (!through)
        return;
    if (due_records_ < records_.size())
        return wait_for_held();
    if (at_end_)
    {
        report();
        return end_of_data();
    }
    later([this] { run(); });
}

void pcap_source::wait_for_held()
{
    timer_.expires_at(due(records_.back().time));
    timer_.async_wait(guarded(
        [this](boost::system::error_code error)
        {
            if (error)
                return;
            due_records_ = records_.size();
            hand_over();
        }));
}

void pcap_source::report()
{
    auto n = [this](frame_kind k) { return kinds_[static_cast<std::size_t>(k)]; };
    if (n(frame_kind::cut) + n(frame_kind::bad_ip) + n(frame_kind::bad_udp) + n(frame_kind::fragment) == 0)
        return;
    HEAPWIRE_LOG(warning, "transport", "capture file ", file_, ": skipped ", n(frame_kind::cut),
                 " datagrams that were not captured whole, ", n(frame_kind::fragment), " fragments, ",
                 n(frame_kind::bad_ip), " bad IP and ", n(frame_kind::bad_udp), " bad UDP headers");
}

} // namespace

std::unique_ptr<recv::source> make_pcap_source(io_ref io, std::shared_ptr<recv::packet_gate> gate,
                                               const pcap_options &how)
{
    if (!(how.speed >= 0) || std::isinf(how.speed))
        throw_bad_argument("speed", how.speed, "0 (as fast as can be) or a positive factor");
    auto work = std::make_shared<pcap_source>(io.context(), std::move(gate), how);
    return std::make_unique<source_handle>(std::move(io), std::move(work), false);
}

} // namespace heapwire::transport
