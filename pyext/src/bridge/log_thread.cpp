// SPDX-License-Identifier: BSD-3-Clause
#define PY_SSIZE_T_CLEAN
#include "bridge/log_thread.h"

#include <csignal>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <pthread.h>
#include <thread>
#include <unistd.h>
#include <utility>

#include "bridge/buffer_lease.h"
#include "bridge/runtime.h"

namespace heapwire::python
{

namespace
{

constexpr std::ptrdiff_t ring_capacity = 1024;
// A level that was changed in Python is followed within this time.
constexpr std::chrono::milliseconds level_check{500};

std::atomic<host::log_ring *> ring_now{nullptr};
std::mutex receiver_lock;     // no Python runs inside
PyObject *receiver = nullptr; // of the main interpreter; see forget_receiver()

PyObject *exchange_receiver(PyObject *with) noexcept
{
    std::lock_guard hold(receiver_lock);
    return std::exchange(receiver, with);
}

/// A new reference, or null.
PyObject *receiver_now() noexcept
{
    std::lock_guard hold(receiver_lock);
    Py_XINCREF(receiver);
    return receiver;
}

struct running_thread
{
    std::mutex lock; // never held while anything waits
    std::shared_ptr<log_thread> thread;
    host::stop_registry::registration registered;
};
std::atomic<running_thread *> running{new running_thread};

host::log_ring &ring()
{
    if (host::log_ring *now = ring_now.load(std::memory_order_acquire))
        return *now;
    auto *made = new host::log_ring(ring_capacity);
    host::log_ring *before = nullptr;
    if (ring_now.compare_exchange_strong(before, made, std::memory_order_acq_rel))
    {
        set_log_sink(std::shared_ptr<log_sink>(made, [](log_sink *) {})); // leaked, with the thread's view of it
        return *made;
    }
    delete made;
    return *before;
}

log_level level_of(long python_level) noexcept
{
    if (python_level <= 10)
        return log_level::debug;
    if (python_level <= 20)
        return log_level::info;
    return python_level <= 30 ? log_level::warning : log_level::off;
}

int python_level(log_level level) noexcept
{
    switch (level)
    {
    case log_level::debug:
        return 10;
    case log_level::info:
        return 20;
    default:
        return 30;
    }
}

// From here on plain C calls, and no C++ object with a destructor on the stack while Python code runs: up to 3.13.7
// an interpreter that finalizes ends this thread by unwinding it, and no reference may be touched then.

PyObject *tuple_of(const host::log_entry &e)
{
    double time = std::chrono::duration<double>(e.time.time_since_epoch()).count();
    return Py_BuildValue("(iy#siy#dKy#O)", python_level(e.level), e.room_bytes, Py_ssize_t{e.room_size}, e.file, e.line,
                         e.text_bytes, Py_ssize_t{e.text_size}, time, static_cast<unsigned long long>(e.thread),
                         e.thread_name_bytes, Py_ssize_t{e.thread_name_size}, e.truncated ? Py_True : Py_False);
}

std::atomic<std::ptrdiff_t> left_in_this_pass{0}; // none once the exit has given up

/// The next record, or None. Each leaves the ring when the handlers have done with the one before, and not sooner:
/// join() sees from the count whether they get on, and what it calls undelivered no handler has seen.
PyObject *next_record(PyObject *, PyObject *)
{
    host::log_entry entry;
    host::log_ring *now = ring_now.load(std::memory_order_acquire);
    while (left_in_this_pass.fetch_sub(1, std::memory_order_relaxed) > 0 &&
           now->drain([&entry](const host::log_entry &e) { entry = e; }, 1) == 1)
    {
        if (PyObject *record = tuple_of(entry))
            return record;
        PyErr_Clear();
    }
    Py_RETURN_NONE;
}
PyMethodDef next_record_method{"next_record", next_record, METH_NOARGS, nullptr};

/// `at_most` records: whoever logs without end must not keep this thread attached, nor the exit waiting.
void deliver(std::ptrdiff_t at_most, std::uint64_t drops, double seconds)
{
    left_in_this_pass.store(at_most, std::memory_order_relaxed);
    PyObject *call = receiver_now();
    PyObject *next = call ? PyCFunction_New(&next_record_method, nullptr) : nullptr;
    PyObject *records = next ? PyCallIter_New(next, Py_None) : nullptr;
    Py_XDECREF(next);
    if (records)
    {
        PyObject *level = PyObject_CallFunction(call, "OKd", records, static_cast<unsigned long long>(drops), seconds);
        if (level && PyLong_Check(level))
            set_log_level(level_of(PyLong_AsLong(level)));
        else
            PyErr_WriteUnraisable(call);
        Py_XDECREF(level);
        Py_DECREF(records);
    }
    else
        PyErr_Clear();
    Py_XDECREF(call);
}

void tell_of_undelivered(const char *why, const host::log_counts &counts) noexcept
{
    char line[128];
    int size = std::snprintf(line, sizeof(line), "heapwire: %s; %llu records were not delivered\n", why,
                             static_cast<unsigned long long>(counts.produced - counts.delivered - counts.dropped));
    (void)!::write(STDERR_FILENO, line, static_cast<std::size_t>(size));
}

void name_and_shield_this_thread() noexcept
{
    pthread_setname_np(pthread_self(), "heapwire-log");
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, nullptr);
}

} // namespace

void log_thread::set_receiver(py::object deliver)
{
    (void)py::reinterpret_steal<py::object>(exchange_receiver(deliver.release().ptr()));
}

void log_thread::forget_receiver() noexcept
{
    // Threads that outlive us have nobody to tell, least of all standard error: who saw the level before finds the
    // ring.
    set_log_level(log_level::off);
    PyObject *before = exchange_receiver(nullptr);
    if (the_runtime().attach.inside() == 0) // else a handler blocks in it, and it is left alone
        py::reinterpret_steal<py::object>(before);
}

void log_thread::ensure()
{
    running_thread &r = *running.load(std::memory_order_acquire);
    std::lock_guard hold(r.lock);
    if (r.thread && !r.thread->done_.load(std::memory_order_acquire))
        return;
    auto made = std::make_shared<log_thread>(ring());
    auto registered = host::process_registry().add(host::stop_kind::log, made);
    std::thread(
        [made]
        {
            name_and_shield_this_thread();
            made->run();
        })
        .detach(); // join() waits for done_, not for the thread: a handler that blocks for ever must not keep the
                   // process
    r.thread = std::move(made);
    r.registered = std::move(registered);
}

void log_thread::poke() noexcept
{
    if (host::log_ring *now = ring_now.load(std::memory_order_acquire))
        now->wake_reader();
}

host::log_counts log_thread::counts() noexcept
{
    host::log_ring *now = ring_now.load(std::memory_order_acquire);
    return now ? now->counts() : host::log_counts{};
}

void log_thread::abandon() noexcept
{
    running.store(new running_thread, std::memory_order_release);
    ring_now.store(nullptr, std::memory_order_release);
    (void)ring();
}

void log_thread::attach_and_deliver(bool last)
{
    host::passage through(the_runtime().attach);
    if (!through)
        return;
    std::chrono::steady_clock::time_point now = std::chrono::steady_clock::now();
    // One state for the life of the thread: Python makes it under a lock of its own, without the GIL, and the child of
    // a fork that comes in between waits for that lock for ever.
    if (state_)
        PyEval_RestoreThread(state_);
    else
        (void)PyGILState_Ensure();
    if (!ring_.empty())
        deliver(ring_capacity, 0, 0);
    double since = std::chrono::duration<double>(now - last_report_).count();
    if (since >= 0.4 || over_.load(std::memory_order_acquire)) // drops are told together, and the level is asked for
    {
        deliver(0, ring_.take_drops(), since);
        last_report_ = now;
    }
    return_dropped_leases();
    if (last)
        PyGILState_Release(PyGILState_UNLOCKED);
    else
        state_ = PyEval_SaveThread();
}

void log_thread::run()
{
    for (;;)
    {
        ring_.wait(std::chrono::steady_clock::now() + level_check);
        bool last = over_.load(std::memory_order_acquire);
        attach_and_deliver(last);
        if (last)
            break;
    }
    done_.store(true, std::memory_order_release);
    ended_.notify_all();
}

bool log_thread::join(steady_time deadline)
{
    over_.store(true, std::memory_order_release);
    ring_.wake_reader();
    // A handler that works, however slowly, is waited for until the deadline; one that blocks is not.
    constexpr std::chrono::seconds patience{1};
    std::uint64_t delivered = ring_.counts().delivered;
    steady_time until = std::min(deadline, std::chrono::steady_clock::now() + patience);
    for (;;)
    {
        wake::ticket ticket = ended_.prepare();
        if (done_.load(std::memory_order_acquire))
        {
            ended_.cancel(ticket);
            return true;
        }
        if (std::chrono::steady_clock::now() >= until)
        {
            const std::uint64_t before = std::exchange(delivered, ring_.counts().delivered);
            const bool works = delivered != before;
            const steady_time now = std::chrono::steady_clock::now();
            if (!works || now >= deadline)
            {
                ended_.cancel(ticket);
                left_in_this_pass.store(0, std::memory_order_relaxed); // who is late ends with the record he is at
                tell_of_undelivered(works ? "the log handlers are slow" : "a log handler blocks", ring_.counts());
                return false;
            }
            until = std::min(deadline, now + patience);
        }
        (void)ended_.wait_once(ticket, until);
    }
}

} // namespace heapwire::python
