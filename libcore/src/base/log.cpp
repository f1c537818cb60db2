// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/base/log.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include <poll.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace heapwire
{

namespace
{

// A pipe that poll() calls writable takes this much without waiting (PIPE_BUF of Linux), and takes it in one piece.
constexpr std::size_t longest_line = 4096;

std::atomic<std::uint64_t> dropped{0};

const char *name_of(log_level level) noexcept
{
    switch (level)
    {
    case log_level::warning:
        return "warning";
    case log_level::info:
        return "info";
    case log_level::debug:
        return "debug";
    case log_level::off:
        break;
    }
    return "off";
}

// Text may come from the network: a terminal must not obey it, and one record stays one line.
void append_harmless(std::string &line, std::string_view text)
{
    static constexpr char digits[] = "0123456789abcdef";
    for (const char c : text)
    {
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x20 && byte != 0x7f)
            line += c;
        else
            line.append("\\x").append(1, digits[byte >> 4]).append(1, digits[byte & 15]);
    }
}

class standard_error final : public log_sink
{
public:
    void write(const log_record &record) noexcept override
    {
        try
        {
            std::string line("heapwire ");
            line.append(name_of(record.level)).append(" [").append(record.room).append("] ");
            append_harmless(line, record.text);
            if (line.size() >= longest_line)
                line.resize(longest_line - 1);
            line += '\n';
            if (!put(line))
                dropped.fetch_add(1, std::memory_order_relaxed);
        }
        catch (...)
        {
            dropped.fetch_add(1, std::memory_order_relaxed);
        }
    }

private:
    // One thread at a time between poll() and write(), or two could share the room for one line.
    bool put(const std::string &line)
    {
        const std::lock_guard lock(one_writer);
        pollfd entry{STDERR_FILENO, POLLOUT, 0};
        // A pipe without a reader is writable too, and answers with SIGPIPE.
        if (poll(&entry, 1, 0) != 1 || (entry.revents & POLLOUT) == 0 || (entry.revents & (POLLERR | POLLNVAL)) != 0)
            return false;
        return ::write(STDERR_FILENO, line.data(), line.size()) == static_cast<ssize_t>(line.size());
    }

public:
    std::mutex one_writer;
};

struct sinks
{
    std::mutex lock;
    std::shared_ptr<standard_error> fallback = std::make_shared<standard_error>();
    std::shared_ptr<log_sink> current = fallback;

    void hold()
    {
        lock.lock();
        fallback->one_writer.lock();
    }
    void let_go()
    {
        fallback->one_writer.unlock();
        lock.unlock();
    }
};

// Never destroyed: threads may log until the process is gone.
sinks &all_sinks()
{
    static auto *const made = []
    {
        auto *const all = new sinks;
        // Nobody may be inside a lock at the moment of a fork: in the child it would be held for ever.
        ::pthread_atfork([] { all_sinks().hold(); }, [] { all_sinks().let_go(); }, [] { all_sinks().let_go(); });
        return all;
    }();
    return *made;
}

} // namespace

namespace detail
{

std::atomic<log_level> level_now{log_level::warning};

bool log_refused() noexcept
{
    try
    {
        sinks &all = all_sinks();
        const std::lock_guard lock(all.lock);
        return all.current->refuses();
    }
    catch (...) // log_text() will count it
    {
        return false;
    }
}

void log_text(log_level level, std::string_view room, const std::string &text, const char *file, int line) noexcept
{
    try
    {
        sinks &all = all_sinks();
        std::shared_ptr<log_sink> sink;
        {
            const std::lock_guard lock(all.lock);
            sink = all.current;
        }
        // (A thread-local id would save the call, but in the child of a fork its first use may wait for the loader's
        // lock.)
        sink->write({level, room, text, file, line, std::chrono::system_clock::now(),
                     static_cast<std::uint64_t>(::syscall(SYS_gettid))});
    }
    catch (...)
    {
        dropped.fetch_add(1, std::memory_order_relaxed);
    }
}

} // namespace detail

std::shared_ptr<log_sink> set_log_sink(std::shared_ptr<log_sink> sink)
{
    sinks &all = all_sinks();
    const std::lock_guard lock(all.lock);
    return std::exchange(all.current, sink ? std::move(sink) : all.fallback);
}

void set_log_level(log_level level) noexcept { detail::level_now.store(level, std::memory_order_relaxed); }

log_level current_log_level() noexcept { return detail::level_now.load(std::memory_order_relaxed); }

std::uint64_t log_dropped() noexcept { return dropped.load(std::memory_order_relaxed); }

} // namespace heapwire
