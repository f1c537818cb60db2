// SPDX-License-Identifier: BSD-3-Clause
#include "chunk_ring.h"

#include "bridge/errors.h"
#include "bridge/gil_wait.h"

namespace heapwire::python
{

namespace
{

/// If it was not pushed, its Python object gets its contents back, whatever the reason.
class packed_chunk
{
public:
    explicit packed_chunk(const py::object &chunk) : packed(pack_chunk(chunk)) {}
    ~packed_chunk()
    {
        if (packed)
            (void)unpack_chunk(std::move(packed));
    }
    packed_chunk(const packed_chunk &) = delete;
    packed_chunk &operator=(const packed_chunk &) = delete;

    std::unique_ptr<recv::chunk> packed;
};

void check(push_result got)
{
    if (got == push_result::stopped)
        throw stopped_error("the ring was stopped");
    if (got == push_result::full)
        throw full_error("the ring is full");
}

} // namespace

chunk_ring::chunk_ring(std::size_t capacity)
    : core_(std::make_shared<recv::chunk_ring>(capacity, wake_kind::eventfd, wake_kind::eventfd)),
      data_(core_->data_wake()), space_(core_->space_wake())
{
}

chunk_ring::~chunk_ring()
{
    if (born_.orphaned())
        new std::shared_ptr<recv::chunk_ring>(std::move(core_)); // leaked: a thread of the parent may hold its locks
}

std::shared_ptr<chunk_ring> chunk_ring::make(std::size_t capacity)
{
    host::process_registry().require_open();
    std::shared_ptr<chunk_ring> made = make_detached<chunk_ring>(capacity);
    made->registered_ = host::process_registry().add(host::stop_kind::user, made);
    return made;
}

py::object chunk_ring::popped(pop_result got, std::unique_ptr<recv::chunk> out)
{
    data_.taken(has_data());
    if (got == pop_result::empty)
        throw empty_error("the ring is empty");
    if (got != pop_result::ok)
        throw stopped_error("the ring was stopped, and is empty");
    return unpack_chunk(std::move(out));
}

py::object chunk_ring::get()
{
    std::unique_ptr<recv::chunk> out;
    const pop_result got = core().pop(out, gil_wait());
    return popped(got, std::move(out));
}

py::object chunk_ring::get_nowait()
{
    std::unique_ptr<recv::chunk> out;
    const pop_result got = core().try_pop(out);
    return popped(got, std::move(out));
}

void chunk_ring::put(const py::object &chunk)
{
    packed_chunk mine(chunk);
    const push_result got = core().push(mine.packed, gil_wait());
    space_.taken(has_space());
    check(got);
}

void chunk_ring::put_nowait(const py::object &chunk)
{
    packed_chunk mine(chunk);
    const push_result got = core().try_push(mine.packed);
    space_.taken(has_space());
    check(got);
}

int chunk_ring::data_fd()
{
    (void)core();
    return data_.fd(has_data());
}

int chunk_ring::space_fd()
{
    (void)core();
    return space_.fd(has_space());
}

void chunk_ring::put_free(const py::object &chunk)
{
    recv::chunk_ring &ring = core();
    packed_chunk mine(chunk);
    recv::clear_present(*mine.packed);
    const push_result got = ring.try_push(mine.packed);
    space_.taken(has_space());
    if (got != push_result::stopped)
        return check(got);
    mine.packed.reset(); // nobody will need it
    return_dropped_leases();
}

} // namespace heapwire::python
