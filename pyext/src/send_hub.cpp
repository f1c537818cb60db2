// SPDX-License-Identifier: BSD-3-Clause
#include "send_hub.h"

#include "bridge/errors.h"
#include "bridge/runtime.h"
#include "native_type.h"
#include "send_stream.h"

namespace heapwire::python
{

namespace
{

std::atomic<std::uint64_t> last_id{0};

// A loop gets its turn at least so often; an iteration of it costs several times what a heap does.
constexpr int most_in_a_row = 32;
constexpr std::chrono::microseconds longest_row{200};

} // namespace

hub_posts::hub_posts() : id(last_id.fetch_add(1, std::memory_order_relaxed) + 1) {}

void hub_posts::post(async_flight &done) noexcept
{
    std::shared_ptr<hub_posts> alive = shared_from_this(); // the loop may take and destroy `done` at once
    if (taker_.load(std::memory_order_relaxed) == std::this_thread::get_id())
        hub_.post_to_taker(done.record_);
    else
        hub_.post(done.record_);
    if (abandoned_.load(std::memory_order_seq_cst))
        bury_all();
}

void hub_posts::abandon() noexcept
{
    abandoned_.store(true, std::memory_order_seq_cst);
    bury_all();
}

void hub_posts::bury_all() noexcept
{
    std::size_t n;
    do
        n = drain([](std::unique_ptr<async_flight> done) { done.release()->destroy_soon(); }, 1024);
    while (n == 1024);
}

loop_hub::loop_hub(py::object loop) : loop_(std::move(loop)) {}

loop_hub::~loop_hub()
{
    if (born_.orphaned())
    {
        (void)new std::shared_ptr<hub_posts>(std::move(posts_)); // leaked: the parent's, and perhaps locked
        return;
    }
    posts_->abandon();
    return_dropped_leases();
}

py::object loop_hub::new_future() const
{
    PyObject *const made = PyObject_CallMethodNoArgs(loop_.ptr(), interned<"create_future">());
    if (!made)
        throw py::error_already_set();
    return py::reinterpret_steal<py::object>(made);
}

bool loop_hub::may_finish_now(const async_progress &of)
{
    const py::object before = std::move(finished_now_); // goes on the way out, if it is ours alone
    if (before && before.ref_count() > 1)
        return false;
    if (of.landed.load(std::memory_order_acquire) < of.submitted.load(std::memory_order_relaxed))
        return false;
    const auto now = std::chrono::steady_clock::now();
    const int row = finished_in_a_row_.load(std::memory_order_relaxed);
    if (row == 0)
        row_began_ = now;
    else if (row >= most_in_a_row || now - row_began_ > longest_row)
        return false;
    finished_in_a_row_.store(row + 1, std::memory_order_relaxed);
    return true;
}

void loop_hub::finish_now(std::unique_ptr<async_flight> done)
{
    const bool well = !done->record().status;
    {
        std::lock_guard hold(lock_);
        if (well && done->slot < futures_.size())
            finished_now_ = futures_[done->slot];
    }
    finish(std::move(done));
}

std::uint32_t loop_hub::put(py::object future)
{
    born_.require_alive("event loop");
    std::lock_guard hold(lock_);
    if (free_.empty())
    {
        free_.reserve(futures_.size() + 1); // take() must not fail
        futures_.emplace_back();
        free_.push_back(static_cast<std::uint32_t>(futures_.size() - 1));
    }
    std::uint32_t slot = free_.back();
    free_.pop_back();
    futures_[slot] = std::move(future);
    return slot;
}

py::object loop_hub::take(std::uint32_t slot)
{
    std::lock_guard hold(lock_);
    if (slot >= futures_.size()) // cleared
        return {};
    free_.push_back(slot);
    return std::move(futures_[slot]);
}

std::size_t loop_hub::outstanding() const
{
    if (born_.orphaned())
        return 0;
    std::lock_guard hold(lock_);
    return futures_.size() - free_.size();
}

void resolve_future(const py::object &future, const std::error_code &error, const py::object &result)
{
    const auto is_done = [&] { return future.attr("done")().cast<bool>(); };
    if (!error)
    {
        PyObject *const done = PyObject_CallMethodOneArg(future.ptr(), interned<"set_result">(), result.ptr());
        Py_XDECREF(done);
        if (done)
            return;
        py::error_already_set refused;
        if (is_done()) // cancelled: it raised InvalidStateError
            return;
        throw refused;
    }
    if (is_done())
        return;
    try
    {
        throw_os_error(error, "sending a heap");
    }
    catch (py::error_already_set &made)
    {
        future.attr("set_exception")(made.value());
    }
}

void loop_hub::guarded(const py::object &future, const std::error_code &error, py::object result)
{
    try
    {
        resolve_future(future, error, result);
    }
    catch (py::error_already_set &failed)
    {
        if (!failed.matches(PyExc_Exception))
            throw;
        py::dict context;
        context["message"] = "heapwire: a future did not take its result";
        context["exception"] = failed.value();
        context["future"] = future;
        loop_.attr("call_exception_handler")(context);
    }
}

void loop_hub::finish(std::unique_ptr<async_flight> done)
{
    py::object future = take(done->slot);
    std::shared_ptr<async_progress> progress = done->progress;
    const host::completion record = done->record();
    std::uint64_t before = progress->landed.load(std::memory_order_relaxed);
    while (before < done->number && !progress->landed.compare_exchange_weak(before, done->number))
        ;
    done.reset(); // buffers go back before anybody hears of it
    if (future)
        guarded(future, record.status, py::int_(record.bytes));
    if (flushing_.load())
        tell_flushers(*progress);
}

void loop_hub::tell_flushers(const async_progress &of)
{
    const std::uint64_t landed = of.landed.load();
    std::vector<py::object> due;
    {
        std::lock_guard hold(lock_);
        for (std::size_t i = flushers_.size(); i-- > 0;)
        {
            flusher entry = std::move(flushers_.front());
            flushers_.pop_front();
            if (entry.of.get() == &of && entry.number <= landed)
                due.push_back(std::move(entry.future));
            else
                flushers_.push_back(std::move(entry));
        }
        flushing_.store(!flushers_.empty());
    }
    for (const py::object &future : due)
        guarded(future, {}, py::none());
}

void loop_hub::expect_held(const py::object &self, const std::shared_ptr<send_stream> &stream, std::size_t bytes)
{
    bool ask = false;
    {
        std::lock_guard hold(lock_);
        const auto is_it = [&](const std::weak_ptr<send_stream> &one)
        { return !one.owner_before(stream) && !stream.owner_before(one); };
        if (std::none_of(holding_.begin(), holding_.end(), is_it))
            holding_.push_back(stream);
        held_bytes_.fetch_add(bytes, std::memory_order_relaxed);
        ask = !std::exchange(turn_is_due_, true);
    }
    if (ask)
        loop_.attr(interned<"call_soon">())(self.attr(interned<"_take_turn">()));
}

void loop_hub::take_turn()
{
    if (born_.orphaned())
        return;
    {
        std::lock_guard hold(lock_);
        turn_is_due_ = false;
    }
    finished_in_a_row_.store(0, std::memory_order_relaxed);
    send_held();
}

void loop_hub::send_held()
{
    std::vector<std::shared_ptr<send_stream>> streams; // if the user has let go of one meanwhile it goes here, attached
    std::size_t bytes = 0;
    {
        std::lock_guard hold(lock_);
        for (const std::weak_ptr<send_stream> &one : std::exchange(holding_, {}))
            if (std::shared_ptr<send_stream> stream = one.lock())
                streams.push_back(std::move(stream));
        bytes = held_bytes_.exchange(0, std::memory_order_relaxed);
    }
    {
        const hub_posts::quiet mine(*posts_);
        std::optional<detached> off;
        if (bytes > much_work)
            off.emplace();
        for (const std::shared_ptr<send_stream> &stream : streams)
            stream->send_held();
    }
    resolve_landed();
}

void loop_hub::process()
{
    if (born_.orphaned())
        return;
    finished_in_a_row_.store(0, std::memory_order_relaxed);
    resolve_landed();
}

void loop_hub::resolve_landed()
{
    posts_->drain([this](std::unique_ptr<async_flight> done) { finish(std::move(done)); }, 1024);
}

py::object loop_hub::when_landed(const std::shared_ptr<async_progress> &of)
{
    const std::uint64_t number = of->submitted.load(std::memory_order_acquire);
    if (of->landed.load(std::memory_order_acquire) >= number)
        return py::none();
    if (of->last_hub.load(std::memory_order_relaxed) != posts_->id)
        return py::bool_(false);
    py::object future = new_future();
    {
        std::lock_guard hold(lock_);
        flushers_.push_back({of, number, future});
        flushing_.store(true);
    }
    tell_flushers(*of); // process() on another thread may just have looked
    return future;
}

int loop_hub::traverse(visitproc visit, void *arg) const
{
    Py_VISIT(loop_.ptr());
    Py_VISIT(finished_now_.ptr());
    for (const py::object &future : futures_)
        Py_VISIT(future.ptr());
    for (const flusher &entry : flushers_)
        Py_VISIT(entry.future.ptr());
    return 0;
}

void loop_hub::clear()
{
    if (born_.orphaned())
        return;
    // Swapped out first: what is destroyed may come back here.
    py::object loop = std::move(loop_), finished_now = std::move(finished_now_);
    std::vector<py::object> futures;
    std::deque<flusher> flushers;
    {
        std::lock_guard hold(lock_);
        futures.swap(futures_);
        free_.clear();
        flushers.swap(flushers_);
    }
}

} // namespace heapwire::python
