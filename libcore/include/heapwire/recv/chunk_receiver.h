// SPDX-License-Identifier: BSD-3-Clause
/// The receiving hall for chunks: packets in, payload straight to its place. No sockets, no threads, no clock.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "heapwire/recv/chunk_options.h"
#include "heapwire/recv/chunk_window.h"
#include "heapwire/recv/receiver.h"

namespace heapwire::recv
{

/// The same rules of joining as `receiver`, but a heap in flight keeps only where it is and what has arrived: its items
/// are seen by placement, in the first packet, and forgotten. One thread at a time. Never throws for what is in
/// packets.
class chunk_receiver
{
public:
    /// Throws std::invalid_argument. The port must outlive it.
    chunk_receiver(options how, chunk_options where, chunk_port &port);
    ~chunk_receiver();
    chunk_receiver(const chunk_receiver &) = delete;
    chunk_receiver &operator=(const chunk_receiver &) = delete;

    /// As receiver's. `full`: a chunk is missing, or a finished one finds no room. Placement is asked once a heap, even
    /// if its packet has to be offered again.
    [[nodiscard]] taken take(std::span<const datagram> packets);
    [[nodiscard]] taken take_stream(bytes_view bytes, std::int64_t time = 0);
    /// No more data: gives up heaps in flight and hands out all chunks.
    [[nodiscard]] flow finish();
    [[nodiscard]] flow retry();
    /// Hands out chunks below `id`, whatever is still missing in them. False: some could not be handed out yet.
    bool release_before(std::int64_t id);

    [[nodiscard]] bool ended() const noexcept;
    void count_kernel_drops(std::uint64_t packets) noexcept;
    /// Built-in, then custom, then chunk statistics (see chunk_stat).
    [[nodiscard]] const stats &statistics() const noexcept;
    [[nodiscard]] const options &configuration() const noexcept;
    [[nodiscard]] const chunk_options &chunk_configuration() const noexcept;
    [[nodiscard]] const chunk_window &window() const noexcept;

private:
    struct impl;
    std::unique_ptr<impl> impl_;
};

} // namespace heapwire::recv
