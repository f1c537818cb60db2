// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/transport/async_chunk.h"

#include <fcntl.h>

namespace heapwire::transport
{
namespace
{

// A duplicate, because the descriptor belongs to the ring.
int duplicate(recv::chunk_ring &ring)
{
    const int fd = ring.data_wake().fd();
    if (fd < 0)
        throw_bad_argument("ring", std::string("a ring with a futex"),
                           "a ring whose data wake is an eventfd or a pipe");
    const int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (copy < 0)
        throw_errno("cannot duplicate the descriptor of a ring");
    return copy;
}

} // namespace

chunk_popper::chunk_popper(boost::asio::any_io_executor executor, std::shared_ptr<recv::chunk_ring> ring)
    : state_(new state{boost::asio::posix::stream_descriptor(executor), std::move(ring)})
{
    state_->descriptor.assign(duplicate(*state_->ring));
}

chunk_popper::~chunk_popper()
{
    state_->cancelled = true;
    boost::system::error_code ignored;
    state_->descriptor.close(ignored);
}

void chunk_popper::cancel() noexcept
{
    state_->cancelled = true;
    boost::system::error_code ignored;
    state_->descriptor.cancel(ignored);
}

pop_result chunk_popper::look(state &shared, std::unique_ptr<recv::chunk> &next)
{
    wake &data = shared.ring->data_wake();
    data.drain();
    data.arm();
    return shared.ring->try_pop(next);
}

} // namespace heapwire::transport
