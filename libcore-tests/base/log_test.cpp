// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/base/log.h"

#include <mutex>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace heapwire
{
namespace
{

struct line
{
    log_level level;
    std::string room;
    std::string text;
    std::uint64_t thread;
};

class collecting_sink final : public log_sink
{
public:
    void write(const log_record &record) noexcept override
    {
        const std::lock_guard lock(lock_);
        lines_.push_back({record.level, std::string(record.room), std::string(record.text), record.thread});
    }
    std::vector<line> lines()
    {
        const std::lock_guard lock(lock_);
        return lines_;
    }

private:
    std::mutex lock_;
    std::vector<line> lines_;
};

class Log : public testing::Test
{
protected:
    ~Log() override
    {
        set_log_sink(nullptr);
        set_log_level(log_level::warning);
    }
    std::shared_ptr<collecting_sink> sink_ = std::make_shared<collecting_sink>();
};

/// Standard error is a pipe for the life of this: it takes so many bytes, and no more until they are read.
class error_pipe
{
public:
    error_pipe() : saved_(dup(STDERR_FILENO))
    {
        if (pipe2(ends_, O_CLOEXEC) != 0 || dup2(ends_[1], STDERR_FILENO) < 0)
            std::abort();
    }
    ~error_pipe()
    {
        dup2(saved_, STDERR_FILENO);
        close(saved_);
        close(ends_[0]);
        close(ends_[1]);
    }
    void fill()
    {
        const int flags = fcntl(ends_[1], F_GETFL);
        fcntl(ends_[1], F_SETFL, flags | O_NONBLOCK);
        const std::vector<char> much(4096, 'x');
        while (::write(ends_[1], much.data(), much.size()) > 0)
        {
        }
        fcntl(ends_[1], F_SETFL, flags);
    }
    std::string read_all()
    {
        fcntl(ends_[0], F_SETFL, O_NONBLOCK);
        std::string out;
        char some[4096];
        for (ssize_t got; (got = ::read(ends_[0], some, sizeof some)) > 0;)
            out.append(some, static_cast<std::size_t>(got));
        return out;
    }

private:
    int saved_;
    int ends_[2];
};

TEST_F(Log, PassesOnWhatIsAtOrBelowTheLevel)
{
    set_log_sink(sink_);
    EXPECT_EQ(current_log_level(), log_level::warning);
    HEAPWIRE_LOG(info, "recv", "not this");
    HEAPWIRE_LOG(warning, "recv", "but ", 1, " of ", 2.5);
    set_log_level(log_level::debug);
    HEAPWIRE_LOG(debug, "send", "and this");
    set_log_level(log_level::off);
    HEAPWIRE_LOG(warning, "recv", "nothing at all");
    const auto lines = sink_->lines();
    ASSERT_EQ(lines.size(), 2u);
    EXPECT_EQ(lines[0].text, "but 1 of 2.5");
    EXPECT_EQ(lines[0].room, "recv");
    EXPECT_EQ(lines[0].level, log_level::warning);
    EXPECT_EQ(lines[0].thread, static_cast<std::uint64_t>(syscall(SYS_gettid)));
    EXPECT_EQ(lines[1].text, "and this");
}

TEST_F(Log, EvaluatesNothingBelowTheLevel)
{
    set_log_sink(sink_);
    int evaluated = 0;
    HEAPWIRE_LOG(debug, "recv", ++evaluated);
    EXPECT_EQ(evaluated, 0);
    HEAPWIRE_LOG(warning, "recv", ++evaluated);
    EXPECT_EQ(evaluated, 1);
}

/// Counts how often it was made text of.
struct costly
{
    int *formatted;
    friend std::ostream &operator<<(std::ostream &out, const costly &what)
    {
        ++*what.formatted;
        return out << "text";
    }
};

TEST_F(Log, MakesNoTextForASinkThatRefuses)
{
    struct full_sink final : log_sink
    {
        void write(const log_record &) noexcept override { ++written; }
        bool refuses() noexcept override { return full && ++refused > 0; }
        bool full = true;
        int refused = 0, written = 0;
    };
    const auto sink = std::make_shared<full_sink>();
    set_log_sink(sink);
    int formatted = 0;
    HEAPWIRE_LOG(warning, "recv", costly{&formatted});
    EXPECT_EQ(formatted, 0);
    EXPECT_EQ(sink->refused, 1);
    EXPECT_EQ(sink->written, 0);
    sink->full = false;
    HEAPWIRE_LOG(warning, "recv", costly{&formatted});
    EXPECT_EQ(formatted, 1);
    EXPECT_EQ(sink->written, 1);
}

TEST_F(Log, TellsTheThreadOfEachEventAlsoInTheChildOfAFork)
{
    set_log_sink(sink_);
    HEAPWIRE_LOG(warning, "recv", "first");
    HEAPWIRE_LOG(warning, "recv", "again");
    std::uint64_t other = 0;
    std::thread(
        [&]
        {
            other = static_cast<std::uint64_t>(syscall(SYS_gettid));
            HEAPWIRE_LOG(warning, "recv", "another thread's");
        })
        .join();
    const auto lines = sink_->lines();
    ASSERT_EQ(lines.size(), 3u);
    EXPECT_EQ(lines[0].thread, static_cast<std::uint64_t>(syscall(SYS_gettid)));
    EXPECT_EQ(lines[1].thread, lines[0].thread);
    EXPECT_EQ(lines[2].thread, other);
    const pid_t child = fork();
    if (child == 0)
    {
        HEAPWIRE_LOG(warning, "recv", "the child's");
        _exit(sink_->lines().back().thread == static_cast<std::uint64_t>(syscall(SYS_gettid)) ? 0 : 1);
    }
    int status = -1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
}

TEST_F(Log, HandsBackTheSinkBefore)
{
    const auto fallback = set_log_sink(sink_);
    EXPECT_NE(fallback, nullptr);
    EXPECT_EQ(set_log_sink(nullptr), sink_);
    EXPECT_EQ(set_log_sink(sink_), fallback);
}

TEST_F(Log, SinksMayBeChangedWhileOthersWrite)
{
    set_log_sink(sink_);
    const auto other = std::make_shared<collecting_sink>();
    std::thread writer(
        []
        {
            for (int i = 0; i < 500; ++i)
                HEAPWIRE_LOG(warning, "recv", i);
        });
    for (int i = 0; i < 200; ++i)
        set_log_sink(i % 2 == 0 ? other : sink_);
    writer.join();
    EXPECT_EQ(sink_->lines().size() + other->lines().size(), 500u);
}

TEST_F(Log, TheDefaultSinkWritesOneHarmlessLineToStandardError)
{
    error_pipe pipe;
    HEAPWIRE_LOG(warning, "wire", "name \x1b[31m\nsecond");
    EXPECT_EQ(pipe.read_all(), "heapwire warning [wire] name \\x1b[31m\\x0asecond\n");
}

TEST_F(Log, TheDefaultSinkCutsLongLines)
{
    error_pipe pipe;
    HEAPWIRE_LOG(warning, "wire", std::string(10000, 'a'));
    const std::string text = pipe.read_all();
    EXPECT_EQ(text.size(), 4096u);
    EXPECT_EQ(text.back(), '\n');
}

TEST_F(Log, TheDefaultSinkCountsWhatItCannotWriteWithoutWaiting)
{
    error_pipe pipe;
    pipe.fill();
    const auto before = log_dropped();
    HEAPWIRE_LOG(warning, "recv", "lost");
    EXPECT_EQ(log_dropped(), before + 1);
    pipe.read_all();
    HEAPWIRE_LOG(warning, "recv", "kept");
    EXPECT_EQ(log_dropped(), before + 1);
    EXPECT_EQ(pipe.read_all(), "heapwire warning [recv] kept\n");
}

} // namespace
} // namespace heapwire
