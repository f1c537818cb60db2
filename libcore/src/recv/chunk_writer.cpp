// SPDX-License-Identifier: BSD-3-Clause
#include "chunk_writer.h"

#include <utility>

namespace heapwire::recv
{
namespace
{

copy_function unfenced() noexcept { return nontemporal_copies().front().unfenced; }

copy_function null_if_plain(copy_function wanted) noexcept
{
    if (wanted == copy_nontemporal)
        return unfenced();
    return wanted == copy_plain || wanted == copy_automatic ? nullptr : wanted;
}

} // namespace

// Half of the cache: what is read and what other programs do need some of it too.
chunk_writer::chunk_writer(copy_function wanted) noexcept
    : automatic_(wanted == copy_automatic), copy_(null_if_plain(wanted)), fences_(wanted == copy_nontemporal),
      meter_(largest_cache_bytes() / 2)
{
}

void chunk_writer::note(const chunk &fresh) noexcept
{
    if (!automatic_)
        return;
    meter_.note(fresh.data.data(), fresh.data.size());
    copy_ = meter_.beyond_limit() ? unfenced() : nullptr;
    fences_ = fences_ || copy_;
}

std::uint64_t chunk_writer::raise_flags() noexcept
{
    std::uint64_t repeated = 0;
    for (std::size_t i = 0; i < n_flags_; ++i)
        repeated += std::exchange(*flags_[i], std::byte{1}) != std::byte{0} ? 1 : 0;
    n_flags_ = 0;
    return repeated;
}

} // namespace heapwire::recv
