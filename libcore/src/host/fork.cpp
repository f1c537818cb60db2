// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/host/fork.h"

#include <atomic>
#include <unistd.h>

namespace heapwire::host
{

namespace
{
std::atomic<pid_t> owner{::getpid()};
} // namespace

void after_fork_in_child() noexcept
{
    owner.store(::getpid(), std::memory_order_relaxed);
    heapwire::detail::begin_generation();
}

bool noticed_unannounced_fork() noexcept
{
    pid_t known = owner.load(std::memory_order_relaxed);
    pid_t now = ::getpid();
    if (known == now)
        return false;
    // Several threads of the child may notice at once; one of them starts the generation.
    if (owner.compare_exchange_strong(known, now, std::memory_order_acq_rel))
        heapwire::detail::begin_generation();
    return true;
}

} // namespace heapwire::host
