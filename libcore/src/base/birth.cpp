// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/base/birth.h"

#include <atomic>
#include <system_error>

#include "heapwire/base/error.h"

namespace heapwire
{

namespace
{
std::atomic<std::uint32_t> generation{0};
} // namespace

std::uint32_t process_generation() noexcept { return generation.load(std::memory_order_acquire); }

void detail::begin_generation() noexcept { generation.fetch_add(1, std::memory_order_acq_rel); }

void birth::require_alive(const char *what) const
{
    if (orphaned())
        throw std::system_error(make_error_code(errc::orphaned), what);
}

} // namespace heapwire
