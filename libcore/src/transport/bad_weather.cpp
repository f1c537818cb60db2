// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/transport/bad_weather.h"

#include <algorithm>
#include <deque>
#include <vector>

#include "heapwire/base/error.h"
#include "heapwire/base/log.h"

namespace heapwire::transport
{

namespace
{

constexpr auto patience_at_close = std::chrono::seconds(5);

/// splitmix64. The distributions of <random> differ between libraries; the weather must not.
class dice
{
public:
    explicit dice(std::uint64_t seed) : state_(seed) {}
    std::uint64_t number() noexcept
    {
        std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
        z = (z ^ z >> 27) * 0x94d049bb133111eb;
        return z ^ z >> 31;
    }
    bool falls(double probability) noexcept { return static_cast<double>(number() >> 11) * 0x1p-53 < probability; }

private:
    std::uint64_t state_;
};

/// What will become of one packet. Always the same number of throws, so that one probability does not change what
/// the others do.
struct fate
{
    fate(dice &d, const weather &how)
        : lose(d.falls(how.lose)), duplicate(d.falls(how.duplicate)), hold(d.falls(how.reorder)),
          corrupt(d.falls(how.corrupt)), delay(1 + d.number() % how.reorder_depth), bit(d.number())
    {
    }
    bool lose, duplicate, hold, corrupt;
    std::uint64_t delay; ///< in packets
    std::uint64_t bit;
};

/// A packet that outlives the call it came with.
struct copied_packet
{
    copied_packet(const send::packet &p, std::uint64_t due_at) : substream(p.substream), due(due_at)
    {
        bytes.reserve(p.size);
        for (bytes_view part : p.parts)
            bytes.insert(bytes.end(), part.begin(), part.end());
    }
    std::vector<std::byte> bytes;
    std::uint32_t substream;
    std::uint64_t due; ///< leaves when so many packets have come
};

class bad_weather final : public packet_sink
{
public:
    bad_weather(std::unique_ptr<packet_sink> behind, weather how, weather_report *report)
        : behind_(std::move(behind)), how_(how), dice_(how.seed), report_(report ? *report : own_report_)
    {
    }
    ~bad_weather() override { close(); }

    result write(std::span<const send::packet> packets) noexcept override;
    void when_writable(ready_function ready) override { behind_->when_writable(std::move(ready)); }
    bool wait_writable(steady_time deadline) noexcept override { return behind_->wait_writable(deadline); }
    void close() noexcept override;
    [[nodiscard]] std::size_t substreams() const noexcept override { return behind_->substreams(); }
    [[nodiscard]] bool pace(double bytes_per_second) noexcept override { return behind_->pace(bytes_per_second); }

private:
    void befall(const send::packet &p, const fate &f);
    void release_held();
    result pass(const send::packet &p) noexcept;
    bool drain() noexcept;

    std::unique_ptr<packet_sink> behind_;
    weather how_;
    dice dice_;
    weather_report own_report_;
    weather_report &report_;
    std::uint64_t seen_ = 0;
    std::deque<copied_packet> held_;    ///< by order of arrival
    std::deque<copied_packet> leaving_; ///< must leave before the next packet
    bool closed_ = false;
    bool decided_ = false; ///< the first packet of the next write() has met its fate and waits for the sink behind
};

packet_sink::result bad_weather::pass(const send::packet &p) noexcept
{
    result r = behind_->write({&p, 1});
    if (!r.would_block)
        ++report_.passed;
    return r;
}

/// False: the sink behind is not writable. Its errors are dropped here: these packets count as sent already, and the
/// next one will meet the same error.
bool bad_weather::drain() noexcept
{
    while (!leaving_.empty())
    {
        const copied_packet &p = leaving_.front();
        bytes_view part(p.bytes);
        if (pass({{&part, 1}, static_cast<std::uint32_t>(part.size()), p.substream}).would_block)
            return false;
        leaving_.pop_front();
    }
    return true;
}

/// For a packet that does not simply pass.
void bad_weather::befall(const send::packet &p, const fate &f)
{
    if (f.lose)
    {
        ++report_.lost;
        return;
    }
    copied_packet copy(p, seen_ + f.delay);
    if (f.corrupt && !copy.bytes.empty())
    {
        std::uint64_t bit = f.bit % (copy.bytes.size() * 8);
        copy.bytes[bit / 8] ^= std::byte{1} << (bit % 8);
        ++report_.corrupted;
    }
    if (f.duplicate)
    {
        ++report_.duplicated;
        leaving_.push_back(copy);
    }
    if (f.hold)
        ++report_.reordered;
    (f.hold ? held_ : leaving_).push_back(std::move(copy));
}

void bad_weather::release_held()
{
    for (auto p = held_.begin(); p != held_.end();)
    {
        if (p->due > seen_)
        {
            ++p;
            continue;
        }
        leaving_.push_back(std::move(*p));
        p = held_.erase(p);
    }
}

packet_sink::result bad_weather::write(std::span<const send::packet> packets) noexcept
{
    std::size_t done = 0;
    try
    {
        for (; done < packets.size(); ++done)
        {
            if (!drain())
                return {done, {}, true};
            bool passes = true;
            if (!decided_)
            {
                fate f(dice_, how_);
                passes = !(f.lose || f.duplicate || f.hold || f.corrupt);
                if (!passes)
                    befall(packets[done], f);
            }
            if (passes)
            {
                result r = pass(packets[done]);
                decided_ = r.would_block;
                if (r.would_block)
                    return {done, {}, true};
                if (r.error)
                    return {done + 1, r.error, false};
            }
            ++seen_;
            release_held();
        }
    }
    catch (const std::bad_alloc &)
    {
        return {done + 1, std::make_error_code(std::errc::not_enough_memory), false};
    }
    static_cast<void>(drain()); // what does not get out now leaves before the next packet
    return {done, {}, false};
}

void bad_weather::close() noexcept
{
    if (closed_)
        return;
    closed_ = true;
    auto deadline = std::chrono::steady_clock::now() + patience_at_close;
    for (int half = 0; half < 2; ++half)
    {
        while (!drain())
        {
            if (!behind_->wait_writable(deadline))
            {
                HEAPWIRE_LOG(warning, "transport", "bad weather: ", leaving_.size() + held_.size(),
                             " packets could not leave before the close");
                return behind_->close();
            }
        }
        leaving_.swap(held_);
    }
    behind_->close();
}

void check_probability(const char *name, double p)
{
    if (!(p >= 0 && p <= 1))
        throw_bad_argument(name, p, "0 to 1");
}

} // namespace

std::unique_ptr<packet_sink> make_bad_weather(std::unique_ptr<packet_sink> behind, weather how, weather_report *report)
{
    if (!behind)
        throw_bad_argument("behind", "null", "a sink");
    check_probability("lose", how.lose);
    check_probability("duplicate", how.duplicate);
    check_probability("reorder", how.reorder);
    check_probability("corrupt", how.corrupt);
    if (how.reorder_depth == 0)
        throw_bad_argument("reorder_depth", how.reorder_depth, "1 packet or more");
    return std::make_unique<bad_weather>(std::move(behind), how, report);
}

} // namespace heapwire::transport
