// SPDX-License-Identifier: BSD-3-Clause
/// Chunks for event loops and coroutines: co_await chunks.async_pop(use_awaitable).
#pragma once

#include "heapwire/recv/chunk.h"
#include "heapwire/transport/popper.h"

namespace heapwire::transport
{

struct chunks_of_ring
{
    using value_type = std::unique_ptr<recv::chunk>;
    [[nodiscard]] wake &data_wake() const noexcept { return ring->data_wake(); }
    [[nodiscard]] pop_result try_pop(value_type &out) const { return ring->try_pop(out); }
    std::shared_ptr<recv::chunk_ring> ring;
};

/// For a ring whose data wake has a descriptor (wake_kind::eventfd or pipe); else std::invalid_argument.
class chunk_popper : public popper<chunks_of_ring>
{
public:
    chunk_popper(const boost::asio::any_io_executor &executor, std::shared_ptr<recv::chunk_ring> ring)
        : popper(executor, {std::move(ring)}, "ring's wake_kind")
    {
    }
};

} // namespace heapwire::transport
