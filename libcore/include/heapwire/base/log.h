// SPDX-License-Identifier: BSD-3-Clause
/// Log levels and the user's sink. The caller is never blocked, and below the level nothing is formatted.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>

namespace heapwire
{

enum class log_level : std::uint8_t
{
    off = 0,
    warning = 1, ///< data or performance is being lost
    info = 2,    ///< refused packets, sources that come and go
    debug = 3,   ///< the normal case, told in full
};

/// One event. The views are valid for the length of log_sink::write only.
struct log_record
{
    log_level level;
    std::string_view room; ///< "recv", "send", "transport", …
    std::string_view text; ///< bytes from the network may be in it: not always valid UTF-8
    const char *file;
    int line;
    std::chrono::system_clock::time_point time;
    std::uint64_t thread; ///< the kernel's thread id
};

/// Where records go. write() may be called by several threads at once; it must not block, and must not log.
class log_sink
{
public:
    virtual ~log_sink() = default;
    virtual void write(const log_record &record) noexcept = 0;
    /// Asked before the text of a record is made. True: write() would drop it now; it is counted as dropped, and not
    /// made. Called with a lock held: it must be short, and neither log nor replace the sink.
    [[nodiscard]] virtual bool refuses() noexcept { return false; }
};

/// Replaces the sink of the process and returns the old one; null restores the default, which writes a line to
/// standard error if that can be done without waiting, else counts it (see log_dropped). Safe at any time and
/// from any thread: the old sink is alive as long as a writer is inside it.
std::shared_ptr<log_sink> set_log_sink(std::shared_ptr<log_sink> sink);

/// Highest level that is passed on; the default is warning. Thread-safe.
void set_log_level(log_level level) noexcept;
[[nodiscard]] log_level current_log_level() noexcept;

/// Lines that the default sink could not write without waiting.
[[nodiscard]] std::uint64_t log_dropped() noexcept;

namespace detail
{
extern std::atomic<log_level> level_now;
[[nodiscard]] bool log_refused() noexcept;
void log_text(log_level level, std::string_view room, const std::string &text, const char *file, int line) noexcept;

template <typename... Parts>
void log_parts(log_level level, std::string_view room, const char *file, int line, const Parts &...parts) noexcept
{
    if (log_refused())
        return;
    try
    {
        std::ostringstream text;
        (text << ... << parts);
        log_text(level, room, text.str(), file, line);
    }
    catch (...) // out of memory: a log line is not worth more
    {
    }
}
} // namespace detail
} // namespace heapwire

/// HEAPWIRE_LOG(warning, "recv", "ring full, ", n, " heaps wait"): the parts are evaluated only if the level is on.
#define HEAPWIRE_LOG(LEVEL, ROOM, ...)                                                                                 \
    do                                                                                                                 \
    {                                                                                                                  \
        if (::heapwire::detail::level_now.load(std::memory_order_relaxed) >= ::heapwire::log_level::LEVEL)             \
            ::heapwire::detail::log_parts(::heapwire::log_level::LEVEL, ROOM, __FILE__, __LINE__, __VA_ARGS__);        \
    } while (false)
