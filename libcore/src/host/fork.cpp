// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/host/fork.h"

#include <atomic>
#include <system_error>
#include <unistd.h>

#include "heapwire/base/error.h"

namespace heapwire::host
{

namespace
{
std::atomic<std::uint32_t> generation{0};
std::atomic<pid_t> owner{::getpid()};
} // namespace

std::uint32_t process_generation() noexcept { return generation.load(std::memory_order_acquire); }

void after_fork_in_child() noexcept
{
    owner.store(::getpid(), std::memory_order_relaxed);
    generation.fetch_add(1, std::memory_order_acq_rel);
}

bool noticed_unannounced_fork() noexcept
{
    pid_t known = owner.load(std::memory_order_relaxed);
    pid_t now = ::getpid();
    if (known == now)
        return false;
    // Several threads of the child may notice at once; one of them starts the generation.
    if (owner.compare_exchange_strong(known, now, std::memory_order_acq_rel))
        generation.fetch_add(1, std::memory_order_acq_rel);
    return true;
}

void birth::require_alive(const char *what) const
{
    if (orphaned())
        throw std::system_error(make_error_code(errc::orphaned), what);
}

} // namespace heapwire::host
