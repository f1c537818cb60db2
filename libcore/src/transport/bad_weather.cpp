// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/transport/bad_weather.h"

#include "heapwire/base/error.h"
#include "heapwire/base/log.h"
#include "storm.h"

namespace heapwire::transport
{

namespace
{

constexpr auto patience_at_close = std::chrono::seconds(5);

class bad_weather final : public packet_sink
{
public:
    bad_weather(std::unique_ptr<packet_sink> behind, const weather &how, weather_report *report)
        : behind_(std::move(behind)), report_(report ? *report : own_report_), storm_(how, report_)
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
    result pass(const send::packet &p) noexcept;
    bool drain() noexcept;

    std::unique_ptr<packet_sink> behind_;
    weather_report own_report_;
    weather_report &report_;
    storm storm_;
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
    while (!storm_.leaving().empty())
    {
        const copied_packet &p = storm_.leaving().front();
        bytes_view part(p.bytes);
        if (pass({{&part, 1}, static_cast<std::uint32_t>(part.size()), p.substream}).would_block)
            return false;
        storm_.leaving().pop_front();
    }
    return true;
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
            const bool passes = decided_ || storm_.spares(packets[done].parts, packets[done].substream);
            if (passes)
            {
                result r = pass(packets[done]);
                decided_ = r.would_block;
                if (r.would_block)
                    return {done, {}, true};
                if (r.error)
                    return {done + 1, r.error, false};
            }
            storm_.pass_on();
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
                HEAPWIRE_LOG(warning, "transport", "bad weather: ", storm_.waiting(),
                             " packets could not leave before the close");
                return behind_->close();
            }
        }
        storm_.release_all();
    }
    behind_->close();
}

} // namespace

std::unique_ptr<packet_sink> make_bad_weather(std::unique_ptr<packet_sink> behind, weather how, weather_report *report)
{
    if (!behind)
        throw_bad_argument("behind", "null", "a sink");
    how.validate();
    return std::make_unique<bad_weather>(std::move(behind), how, report);
}

} // namespace heapwire::transport
