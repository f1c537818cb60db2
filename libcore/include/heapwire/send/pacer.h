// SPDX-License-Identifier: BSD-3-Clause
/// When the next packet may leave. Knows no clock: time is an argument.
#pragma once

#include <chrono>
#include <cstdint>

namespace heapwire::send
{

using time_point = std::chrono::steady_clock::time_point;

/// Packets leave in bursts, and the clock is looked at between bursts only. Two bounds hold the next burst back, the
/// later one counts:
///   the average bound: the moment the burst before was due, plus its duration at the nominal rate, whatever really
///     happened: a late wake-up is made good, so the average is exact;
///   the burst bound: the moment the burst before really began, plus its duration at `ratio` times the rate: what is
///     made good is made good at that speed and no faster.
/// Not thread-safe.
class pacer
{
public:
    /// `rate` in bytes a second, 0 is unlimited. Required: valid as options::validate says.
    pacer(double rate, std::size_t burst_size, double ratio) noexcept;

    /// The burst is complete: the next packet has to wait for due(). Another packet like the last would make it larger
    /// than the burst size; so a burst is never a GSO run and one packet more, which costs as much as the run.
    [[nodiscard]] bool burst_complete() const noexcept { return bytes_ != 0 && bytes_ + last_size_ > burst_size_; }
    /// When the next burst may begin, rounded up to a whole nanosecond. Required: burst_complete().
    [[nodiscard]] time_point due() const noexcept;
    /// The next burst begins now. Required: burst_complete() and now >= due().
    void start_burst(time_point now) noexcept;

    /// A packet of `size` bytes joins the burst. `rate` is its heap's: negative for the stream's, 0 for unlimited.
    void count(std::uint64_t size, double rate) noexcept;

    /// There is nothing to send from `now` on / there is again something to send. The time between is neither lag to
    /// be made good nor credit.
    void rest(time_point now) noexcept;
    void resume(time_point now) noexcept;

private:
    // Nanoseconds since the clock's epoch: whole ones, and a part in [0, 1). The same rounding would be repeated with
    // every burst: 65536 bytes at 40 Gb/s are 13107.2 ns.
    struct exact_time
    {
        std::int64_t whole = 0;
        double part = 0;
        void add(double nanoseconds) noexcept;
        friend bool operator<(const exact_time &a, const exact_time &b) noexcept
        {
            return a.whole != b.whole ? a.whole < b.whole : a.part < b.part;
        }
    };
    static exact_time from(time_point when) noexcept;

    double ns_per_byte_;
    std::uint64_t burst_size_;
    double ratio_;

    bool started_ = false;
    bool resting_ = true;
    exact_time average_;          // when the present burst was due
    exact_time began_;            // when it really began
    double duration_ = 0;         // of the packets in it, nanoseconds
    std::uint64_t bytes_ = 0;     // of the packets in it that have a rate
    std::uint64_t last_size_ = 0; // of the last of them
    double lag_ = 0;              // when the rest began, nanoseconds
};

} // namespace heapwire::send
