// SPDX-License-Identifier: BSD-3-Clause
#include "bridge/buffer_lease.h"

#include <atomic>

#include "bridge/log_thread.h"
#include "heapwire/host/completion_hub.h"
#include "heapwire/host/slot_table.h"

namespace heapwire::python
{

namespace
{

/// Only an attached thread destroys one.
struct open_export
{
    Py_buffer view;
};

struct leases
{
    host::slot_table<std::unique_ptr<open_export>> open;
    host::completion_hub dropped;
};

std::atomic<leases *> current{nullptr};

leases &the_leases()
{
    leases *now = current.load(std::memory_order_acquire);
    if (now)
        return *now;
    auto *made = new leases; // leaked: workers may drop a lease until the process is gone
    if (current.compare_exchange_strong(now, made, std::memory_order_acq_rel))
        return *made;
    delete made;
    return *now;
}

void release(std::unique_ptr<open_export> done) { PyBuffer_Release(&done->view); }

/// What the core holds: a token, and the record with which to hand it back.
class keeper
{
public:
    keeper(leases &in, std::unique_ptr<open_export> what) : in_(in)
    {
        record_.kind = host::completion_kind::release;
        record_.which = in.open.put(std::move(what));
        record_.object = reinterpret_cast<std::uint64_t>(this);
    }
    /// On any thread, attached or not. Posts rather than releases even when attached: the last reference may be
    /// dropped with a lock held that the exporter's release callback would need.
    static void drop(keeper *mine) noexcept
    {
        mine->in_.dropped.post(mine->record_);
        log_thread::poke();
    }
    static void bury(host::completion &record);

private:
    leases &in_;
    host::completion record_;
};

void keeper::bury(host::completion &record)
{
    // The record is its owner's member; the object field has the way back.
    if (record.which == 0) // no token: not a keeper
    {
        delete reinterpret_cast<attached_only *>(record.object);
        return;
    }
    auto *mine = reinterpret_cast<keeper *>(record.object);
    std::optional<std::unique_ptr<open_export>> found = mine->in_.open.take(record.which);
    delete mine;
    if (found)
        release(std::move(*found));
}

int flags_of(access how) { return how == access::write ? PyBUF_C_CONTIGUOUS | PyBUF_WRITABLE : PyBUF_C_CONTIGUOUS; }

} // namespace

leased_bytes lease(py::handle from, access how)
{
    return_dropped_leases();
    auto view = std::make_unique<open_export>();
    if (PyObject_GetBuffer(from.ptr(), &view->view, flags_of(how)) != 0)
        throw py::error_already_set();
    leased_bytes out;
    out.bytes = {static_cast<const std::byte *>(view->view.buf), static_cast<std::size_t>(view->view.len)};
    out.keep = std::shared_ptr<keeper>(new keeper(the_leases(), std::move(view)), keeper::drop);
    return out;
}

void attached_only::destroy_soon() noexcept
{
    burial_.kind = host::completion_kind::release;
    burial_.which = 0;
    burial_.object = reinterpret_cast<std::uint64_t>(this);
    the_leases().dropped.post(burial_);
    log_thread::poke();
}

void return_dropped_leases()
{
    leases *now = current.load(std::memory_order_acquire);
    if (now)
        now->dropped.drain(keeper::bury, 4096);
}

void begin_leases() { (void)the_leases(); }

void abandon_leases()
{
    current.store(nullptr, std::memory_order_release);
    try
    {
        begin_leases();
    }
    catch (const std::exception &) // no descriptor to be had: made when somebody needs it
    {
    }
}

std::size_t open_leases()
{
    leases *now = current.load(std::memory_order_acquire);
    return now ? now->open.size() : 0;
}

borrowed_bytes::borrowed_bytes(py::handle from, access how)
{
    if (PyObject_GetBuffer(from.ptr(), &view_, flags_of(how)) != 0)
        throw py::error_already_set();
}

} // namespace heapwire::python
