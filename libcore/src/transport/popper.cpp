// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/transport/popper.h"

#include <fcntl.h>

namespace heapwire::transport
{
namespace
{

// A duplicate, because the descriptor belongs to the ring.
int duplicate(const wake &of, const char *argument)
{
    const int fd = of.fd();
    if (fd < 0)
        throw_bad_argument(argument, std::string("futex"), "eventfd or pipe");
    const int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (copy < 0)
        throw_errno("cannot duplicate the descriptor of a ring");
    return copy;
}

} // namespace

watched_wake::watched_wake(const boost::asio::any_io_executor &executor, wake &of, const char *argument)
    : data(of), descriptor(executor)
{
    descriptor.assign(duplicate(of, argument));
}

void watched_wake::cancel() noexcept
{
    cancelled = true;
    boost::system::error_code ignored;
    descriptor.cancel(ignored);
}

void watched_wake::close() noexcept
{
    cancelled = true;
    boost::system::error_code ignored;
    descriptor.close(ignored);
}

void watched_wake::clear() noexcept
{
    data.drain();
    data.arm();
}

} // namespace heapwire::transport
