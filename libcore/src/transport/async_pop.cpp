// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/transport/async_pop.h"

namespace heapwire::transport
{

namespace
{

// A duplicate, because the descriptor belongs to the ring.
int duplicate(recv::heap_stream &stream)
{
    const int fd = stream.ring().data_wake().fd();
    if (fd < 0)
        throw_bad_argument("ring_options::wake", std::string("futex"), "eventfd or pipe");
    const int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (copy < 0)
        throw_errno("cannot duplicate the descriptor of a ring");
    return copy;
}

} // namespace

heap_popper::heap_popper(boost::asio::any_io_executor executor, recv::heap_stream &stream)
    : state_(new state{boost::asio::posix::stream_descriptor(executor), &stream})
{
    state_->descriptor.assign(duplicate(stream));
}

heap_popper::~heap_popper()
{
    state_->cancelled = true;
    boost::system::error_code ignored;
    state_->descriptor.close(ignored);
}

void heap_popper::cancel() noexcept
{
    state_->cancelled = true;
    boost::system::error_code ignored;
    state_->descriptor.cancel(ignored);
}

recv::pop_status heap_popper::look(state &shared, heap &next)
{
    wake &data = shared.stream->ring().data_wake();
    data.drain();
    data.arm();
    return shared.stream->try_pop(next);
}

} // namespace heapwire::transport
