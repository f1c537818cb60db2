// SPDX-License-Identifier: BSD-3-Clause
#include "progress.h"

#include <atomic>
#include <csignal>
#include <cstdio>
#include <unistd.h>

namespace tools
{

namespace
{

std::atomic<bool> asked_to_stop{false};
static_assert(std::atomic<bool>::is_always_lock_free, "set by a signal handler");

void on_signal(int) noexcept { asked_to_stop.store(true); }

} // namespace

void catch_signals()
{
    struct sigaction action = {};
    action.sa_handler = on_signal;
    action.sa_flags = static_cast<int>(SA_RESETHAND);
    sigaction(SIGINT, &action, nullptr);
    sigaction(SIGTERM, &action, nullptr);
    std::signal(SIGPIPE, SIG_IGN); // a reader that went away is an error of the write
}

bool interrupted() noexcept { return asked_to_stop.load(); }

progress::progress(bool quiet)
    : live_(!quiet && isatty(STDERR_FILENO) == 1), start_(clock::now()), next_(start_ + std::chrono::seconds(1)),
      last_(start_)
{
}

void progress::begin() noexcept
{
    start_ = last_ = clock::now();
    next_ = start_ + std::chrono::seconds(1);
}

double progress::seconds() const noexcept { return std::chrono::duration<double>(clock::now() - start_).count(); }

void progress::tick(std::uint64_t bytes, std::uint64_t heaps, const std::string &tail)
{
    if (!due())
        return;
    auto now = clock::now();
    double since = std::chrono::duration<double>(now - last_).count();
    std::fprintf(stderr, "\r\033[K%7.1f s  %s  %llu heaps%s%s", seconds(),
                 rate_text(static_cast<double>(bytes - last_bytes_), since).c_str(),
                 static_cast<unsigned long long>(heaps), tail.empty() ? "" : "  ", tail.c_str());
    std::fflush(stderr);
    shown_ = true;
    last_bytes_ = bytes;
    last_ = now;
    next_ = now + std::chrono::seconds(1);
}

void progress::end()
{
    if (shown_)
        std::fputc('\n', stderr);
    shown_ = live_ = false;
}

std::string rate_text(double bytes, double seconds)
{
    char text[32];
    std::snprintf(text, sizeof(text), "%.3f Gb/s", seconds > 0 ? bytes * 8e-9 / seconds : 0.0);
    return text;
}

} // namespace tools
