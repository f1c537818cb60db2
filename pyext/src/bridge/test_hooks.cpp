// SPDX-License-Identifier: BSD-3-Clause
#include "bridge/test_hooks.h"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "bridge/gil_wait.h"
#include "bridge/runtime.h"
#include "farewell.h"
#include "heapwire/base/log.h"
#include "heapwire/host/completion_hub.h"
#include "thread_pool.h"

namespace heapwire::python
{

namespace
{

using std::chrono::steady_clock;
using pool_handle = std::shared_ptr<thread_pool>;

/// A worker that does nothing else until it is let go (or ten minutes have passed: a test that failed must end).
class held_worker
{
public:
    explicit held_worker(const thread_pool &pool)
    {
        boost::asio::post(pool.io().context(), [s = state_] { s->hold(); });
    }
    bool held() const
    {
        std::lock_guard lock(state_->lock);
        return state_->held;
    }
    void release()
    {
        std::lock_guard lock(state_->lock);
        state_->released = true;
        state_->change.notify_all();
    }

private:
    struct state
    {
        std::mutex lock;
        std::condition_variable change;
        bool held = false, released = false;

        void hold()
        {
            std::unique_lock mine(lock);
            held = true;
            (void)change.wait_for(mine, std::chrono::minutes(10), [this] { return released; });
            held = false;
        }
    };
    std::shared_ptr<state> state_ = std::make_shared<state>();
};

/// Times of single steps, in nanoseconds. Written by one worker, read when `done`.
struct step_times
{
    std::vector<std::uint32_t> ns;
    double seconds = 0; ///< for all of them, the steps that were not timed too
    std::atomic<bool> done{false};

    template <typename Step>
    void add(Step &&step)
    {
        steady_clock::time_point before = steady_clock::now();
        step();
        ns.push_back(static_cast<std::uint32_t>((steady_clock::now() - before).count()));
    }
    /// Median, 99th per cent, longest.
    py::tuple summary()
    {
        if (!done.load(std::memory_order_acquire) || ns.empty())
            throw std::runtime_error("the worker is not done");
        std::sort(ns.begin(), ns.end());
        auto at = [&](double part) { return ns[static_cast<std::size_t>(part * static_cast<double>(ns.size() - 1))]; };
        return py::make_tuple(at(0.5), at(0.99), ns.back());
    }
};

/// A worker that logs `count` times; each `every`-th record is timed, for looking at the clock costs as much as
/// logging.
std::shared_ptr<step_times> log_from_worker(const thread_pool &pool, std::size_t count, std::size_t every)
{
    if (every == 0)
        throw std::invalid_argument("every = 0: at least 1");
    auto times = std::make_shared<step_times>();
    times->ns.reserve(count / every + 1);
    boost::asio::post(pool.io().context(),
                      [times, count, every]
                      {
                          steady_clock::time_point before = steady_clock::now();
                          for (std::size_t i = 0; i < count; ++i)
                          {
                              auto log = [i] { HEAPWIRE_LOG(info, "python", "record ", i, " of a storm"); };
                              if (i % every == 0)
                                  times->add(log);
                              else
                                  log();
                          }
                          times->seconds = std::chrono::duration<double>(steady_clock::now() - before).count();
                          times->done.store(true, std::memory_order_release);
                      });
    return times;
}

/// Completions of nothing, from a worker to whoever watches `fd`: the price of posting without the price of sending.
class posted_completions
{
public:
    posted_completions(const thread_pool &pool, std::size_t count, std::chrono::microseconds pause)
        : io_(pool.io()), records_(count), timer_(io_.context()), pause_(pause)
    {
        times_->ns.reserve(count);
    }
    static void begin(const std::shared_ptr<posted_completions> &self)
    {
        self->timer_.expires_after(self->pause_);
        self->timer_.async_wait([self](boost::system::error_code) { self->post_next(self); });
    }
    int fd() const noexcept { return hub_.fd(); }
    std::size_t drain()
    {
        return hub_.drain([](host::completion &) {}, 1024);
    }
    const std::shared_ptr<step_times> &times() const noexcept { return times_; }

private:
    void post_next(const std::shared_ptr<posted_completions> &self)
    {
        times_->add([this] { hub_.post(records_[next_]); });
        if (++next_ < records_.size())
            begin(self);
        else
            times_->done.store(true, std::memory_order_release);
    }

    transport::io_ref io_;
    host::completion_hub hub_;
    std::vector<host::completion> records_;
    boost::asio::steady_timer timer_;
    std::chrono::microseconds pause_;
    std::size_t next_ = 0;
    std::shared_ptr<step_times> times_ = std::make_shared<step_times>();
};

/// How long a pool's worker was away from its loop at most, looked at every millisecond.
class gap_watch : public std::enable_shared_from_this<gap_watch>
{
public:
    explicit gap_watch(const thread_pool &pool) : io_(pool.io()), timer_(io_.context()) {}
    void begin()
    {
        last_ = steady_clock::now();
        again();
    }
    double longest() const noexcept { return std::chrono::duration<double>(longest_.load()).count(); }
    void forget() noexcept { longest_.store(steady_clock::duration::zero()); }
    void end() noexcept { over_.store(true); }

private:
    void again()
    {
        timer_.expires_after(std::chrono::milliseconds(1));
        timer_.async_wait(
            [self = shared_from_this()](boost::system::error_code)
            {
                steady_clock::time_point now = steady_clock::now();
                self->longest_.store(std::max(self->longest_.load(), now - std::exchange(self->last_, now)));
                if (!self->over_.load())
                    self->again();
            });
    }

    transport::io_ref io_;
    boost::asio::steady_timer timer_;
    steady_clock::time_point last_;
    std::atomic<steady_clock::duration> longest_{steady_clock::duration::zero()};
    std::atomic<bool> over_{false};
};

/// As a destructor runs Python code.
void call_noexcept(const py::function &what) noexcept { what(); }

} // namespace

void register_test_hooks(py::module_ &m)
{
    py::module_ testing = m.def_submodule("_testing");
    testing.def("set_gap", set_test_gap, py::arg("milliseconds"));
    testing.def(
        "set_longest_stall",
        [](double seconds) { set_longest_stall(std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1e3))); },
        py::arg("seconds"));
    testing.def(
        "sleep_detached",
        [](double seconds) // as if a resolver did not answer
        {
            detached off;
            std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
        },
        py::arg("seconds"));
    testing.def("call_noexcept", call_noexcept, py::arg("what"));

    py::class_<held_worker>(testing, "HeldWorker")
        .def(py::init([](const pool_handle &pool) { return std::make_unique<held_worker>(*pool); }))
        .def_property_readonly("held", &held_worker::held)
        .def("release", &held_worker::release);

    py::class_<step_times, std::shared_ptr<step_times>>(testing, "StepTimes")
        .def_property_readonly("done", [](const step_times &self) { return self.done.load(std::memory_order_acquire); })
        .def_property_readonly("seconds", [](const step_times &self) { return self.done.load() ? self.seconds : 0; })
        .def("summary", &step_times::summary);
    testing.def(
        "log_from_worker",
        [](const pool_handle &pool, std::size_t count, std::size_t every)
        { return log_from_worker(*pool, count, every); },
        py::arg("pool"), py::arg("count"), py::arg("every") = 1);

    py::class_<posted_completions, std::shared_ptr<posted_completions>>(testing, "PostedCompletions")
        .def(py::init(
                 [](const pool_handle &pool, std::size_t count, double pause)
                 {
                     auto made = std::make_shared<posted_completions>(
                         *pool, count, std::chrono::microseconds(static_cast<std::int64_t>(pause * 1e6)));
                     posted_completions::begin(made);
                     return made;
                 }),
             py::arg("pool"), py::arg("count"), py::arg("pause"))
        .def_property_readonly("fd", &posted_completions::fd)
        .def_property_readonly("times", &posted_completions::times)
        .def("drain", &posted_completions::drain);

    py::class_<gap_watch, std::shared_ptr<gap_watch>>(testing, "GapWatch")
        .def(py::init(
            [](const pool_handle &pool)
            {
                auto made = std::make_shared<gap_watch>(*pool);
                made->begin();
                return made;
            }))
        .def_property_readonly("longest", &gap_watch::longest)
        .def("forget", &gap_watch::forget)
        .def("end", &gap_watch::end);
}

} // namespace heapwire::python
