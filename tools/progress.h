// SPDX-License-Identifier: BSD-3-Clause
/// A line on the terminal once a second, and Ctrl-C.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace tools
{

/// From now on SIGINT and SIGTERM only set a flag; a second one ends the process as usual.
void catch_signals();
[[nodiscard]] bool interrupted() noexcept;

class progress
{
public:
    using clock = std::chrono::steady_clock;

    /// Writes to standard error, and only if that is a terminal.
    explicit progress(bool quiet);
    /// Shows rate since the last line and totals, at most once a second. `tail` is written behind.
    void tick(std::uint64_t bytes, std::uint64_t heaps, const std::string &tail = {});
    [[nodiscard]] bool due() const noexcept { return live_ && clock::now() >= next_; }
    /// Leaves the live line.
    void end();
    /// Seconds since the first byte was seen (see begin), or 0.
    [[nodiscard]] double seconds() const noexcept;
    /// Restarts the clock: the first heap came, or the first is being sent.
    void begin() noexcept;

private:
    bool live_;
    bool shown_ = false;
    clock::time_point start_, next_, last_;
    std::uint64_t last_bytes_ = 0;
};

/// "9.87 Gb/s".
[[nodiscard]] std::string rate_text(double bytes, double seconds);

} // namespace tools
