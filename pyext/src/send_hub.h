// SPDX-License-Identifier: BSD-3-Clause
/// From workers to one event loop: which sends are done. One descriptor a loop, shared by all streams that are used
/// from it.
///
/// A worker never sees a future. It carries the number of a slot; the loop's side has the futures, in an object that
/// the garbage collector sees through: so a loop that was closed with sends in flight can be collected together with
/// the hub and the futures.
#pragma once

#include <pybind11/pybind11.h>

#include <atomic>
#include <chrono>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "heapwire/host/completion_hub.h"
#include "heapwire/host/fork.h"
#include "send_flight.h"

namespace heapwire::python
{

/// How far a stream has come; numbers of its asynchronous sends.
struct async_progress
{
    std::mutex submitting; ///< attached only; from the number to the queue, so that both have one order
    std::atomic<std::uint64_t> submitted{0};
    std::atomic<std::uint64_t> landed{0};   ///< the loop's side was told; several loops tell, it never falls
    std::atomic<std::uint64_t> last_hub{0}; ///< hub_posts::id of the last one that was submitted
};

class async_flight;
class send_stream;

/// The workers' side. No Python object inside.
class hub_posts : public std::enable_shared_from_this<hub_posts>
{
public:
    hub_posts();
    const std::uint64_t id; ///< no other hub of this process has or had it

    /// Any thread.
    void post(async_flight &done) noexcept;
    /// As long as it lives this thread's posts make no noise: it takes them all itself, afterwards.
    class quiet
    {
    public:
        explicit quiet(hub_posts &posts) noexcept : posts_(posts)
        {
            posts_.taker_.store(std::this_thread::get_id(), std::memory_order_relaxed);
        }
        ~quiet() { posts_.taker_.store({}, std::memory_order_relaxed); }
        quiet(const quiet &) = delete;
        quiet &operator=(const quiet &) = delete;

    private:
        hub_posts &posts_;
    };
    /// No loop will look any more: what is here and what still comes is destroyed soon.
    void abandon() noexcept;
    /// The loop's side: takes records, see completion_hub::drain.
    template <typename Use>
    std::size_t drain(Use &&use, std::size_t at_most);
    [[nodiscard]] int fd() const noexcept { return hub_.fd(); }

private:
    void bury_all() noexcept;

    host::completion_hub hub_;
    std::atomic<bool> abandoned_{false};
    std::atomic<std::thread::id> taker_{};
};

class async_flight : public flight
{
public:
    using flight::flight;

    std::shared_ptr<hub_posts> hub;
    std::shared_ptr<async_progress> progress;
    std::uint64_t number = 0; ///< of the stream
    std::uint32_t slot = 0;   ///< of the future, in the hub

    static void complete(void *context, std::uint64_t, const send::outcome &what) noexcept
    {
        auto *self = static_cast<async_flight *>(context);
        self->end(what);
        if (!self->meet())
            self->hub->post(*self);
    }
    /// By way of the hub, as if it had been sent.
    static void refuse(std::unique_ptr<async_flight> self, std::error_code why) noexcept
    {
        self->number = 0; // the stream never counted it
        self->end({why, 0});
        hub_posts &to = *self->hub;
        to.post(*self.release());
    }
    /// Before it is handed to the stream: whoever submits it will ask submitted_and_done().
    void is_awaited_by_submitter() noexcept { met_.store(false, std::memory_order_relaxed); }
    /// True: it has ended already, and is the caller's. False: it is the hub's, at some time.
    [[nodiscard]] bool submitted_and_done() noexcept { return !meet(); }
    [[nodiscard]] const host::completion &record() const noexcept { return record_; }

private:
    friend class hub_posts;
    void end(const send::outcome &what) noexcept
    {
        record_.status = what.error;
        record_.bytes = what.bytes;
        record_.object = reinterpret_cast<std::uint64_t>(this);
        land();
    }
    /// Of completion and submitter the second one gets false: the flight is his to pass on. The first one lets it go.
    [[nodiscard]] bool meet() noexcept { return !met_.exchange(true, std::memory_order_acq_rel); }

    host::completion record_;
    std::atomic<bool> met_{true};
};

template <typename Use>
std::size_t hub_posts::drain(Use &&use, std::size_t at_most)
{
    return hub_.drain([&](host::completion &record)
                      { use(std::unique_ptr<async_flight>(reinterpret_cast<async_flight *>(record.object))); },
                      at_most);
}

/// The loop's side: Python's LoopHub. On the loop's thread only, but for what is locked (a second thread is a mistake
/// of the user, and must not crash).
class loop_hub
{
public:
    explicit loop_hub(py::object loop);
    ~loop_hub();
    loop_hub(const loop_hub &) = delete;
    loop_hub &operator=(const loop_hub &) = delete;

    [[nodiscard]] int fd() const noexcept { return posts_->fd(); }
    [[nodiscard]] std::uint64_t id() const noexcept { return posts_->id; }
    [[nodiscard]] const std::shared_ptr<hub_posts> &posts() const noexcept { return posts_; }
    [[nodiscard]] py::object new_future() const;
    /// Whether `of` may send on this thread, now, and tell at once. Not if that would overtake what is under way; not
    /// for one of a burst, since a worker packs many into one system call: then the future before is still in
    /// somebody's hands. And not for ever, because who awaits what is done already does not let the loop have its turn.
    [[nodiscard]] bool may_finish_now(const async_progress &of);
    /// What submitted_and_done() gave back.
    void finish_now(std::unique_ptr<async_flight> done);
    /// Before `stream` holds a heap of `bytes`: `self`, which is this hub, asks its loop for a turn of send_held().
    void expect_held(const py::object &self, const std::shared_ptr<send_stream> &stream, std::size_t bytes);
    /// So much is held that it makes full system calls: let it go.
    [[nodiscard]] bool holds_enough() const noexcept
    {
        return held_bytes_.load(std::memory_order_relaxed) >= enough_held;
    }
    /// Sends what streams hold for this loop, on this thread, and resolves what is done.
    void send_held();
    /// The same as the loop's callback.
    void take_turn();

    /// Throws std::system_error(errc::orphaned) in the child of a fork.
    [[nodiscard]] std::uint32_t put(py::object future);
    [[nodiscard]] py::object take(std::uint32_t slot);
    /// Resolves what is done: at most 1024 at a time, for the sake of others in the loop. One future that refuses
    /// its result is reported to the loop, and the others go on. In the child of a fork: nothing.
    void process();
    /// A future for the moment when all that was submitted to `of` has landed; None if it has; False if that is not
    /// for this loop to know, because the last one was submitted from another.
    [[nodiscard]] py::object when_landed(const std::shared_ptr<async_progress> &of);
    [[nodiscard]] std::size_t outstanding() const;

    int traverse(visitproc visit, void *context) const;
    void clear();

private:
    struct flusher
    {
        std::shared_ptr<async_progress> of;
        std::uint64_t number;
        py::object future;
    };
    void finish(std::unique_ptr<async_flight> done);
    void resolve_landed();
    void tell_flushers(const async_progress &of);
    void guarded(const py::object &future, const std::error_code &error, py::object result);

    static constexpr std::size_t enough_held = 64 * 1024; // more does not fit into one message of UDP

    py::object loop_;
    std::shared_ptr<hub_posts> posts_ = std::make_shared<hub_posts>();
    host::birth born_;
    mutable std::mutex lock_; // no Python runs inside it; at a fork a thread of the parent may hold it
    std::vector<py::object> futures_;
    std::vector<std::uint32_t> free_;
    std::deque<flusher> flushers_;
    std::vector<std::weak_ptr<send_stream>> holding_; // each once
    std::atomic<std::size_t> held_bytes_{0};
    bool turn_is_due_ = false;          // the loop was asked
    std::atomic<bool> flushing_{false}; // there are some; what lands looks here, after it said so
    py::object finished_now_;           // the last one, if it went well
    std::atomic<int> finished_in_a_row_{0};
    std::chrono::steady_clock::time_point row_began_{};
};

/// Sets the result of a future, or an OSError, unless it is done already (cancelled).
void resolve_future(const py::object &future, const std::error_code &error, const py::object &result);

} // namespace heapwire::python
