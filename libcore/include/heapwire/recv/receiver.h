// SPDX-License-Identifier: BSD-3-Clause
/// The receiving hall: packets in, finished heaps out. No sockets, no threads, no clock.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "heapwire/recv/options.h"
#include "heapwire/recv/stats.h"

namespace heapwire::recv
{

/// One packet as a transport got it.
struct datagram
{
    bytes_view bytes{};
    std::uint64_t source = 0; ///< who sent it; looked at only with options::key_by_source
    std::int64_t time = 0;    ///< kernel's receive time, ns since 1970, or 0
    bool truncated = false;   ///< the datagram was longer than the buffer
};

enum class flow : std::uint8_t
{
    go_on, ///< all was used
    full,  ///< the sink has no room: the transport stops reading and, when there is room, calls again with the rest;
           ///< with an empty one if all was used, since finished heaps wait inside
    ended, ///< the stream is over; the rest is of no use
};

struct taken
{
    std::size_t used; ///< datagrams, or bytes for take_stream
    flow state;
};

/// Where finished heaps go. accept() is called with the stream's lock held: it must neither block nor give packets.
class heap_sink
{
public:
    virtual ~heap_sink() = default;
    /// False: no room; `finished` is untouched and will be offered again.
    virtual bool accept(std::unique_ptr<heap_builder> &finished) = 0;
};

/// One thread at a time. Never throws for what is in packets.
class receiver
{
public:
    /// Throws std::invalid_argument (see options::validate).
    receiver(options how, heap_sink &sink);
    ~receiver();
    receiver(const receiver &) = delete;
    receiver &operator=(const receiver &) = delete;

    /// After the end everything is still parsed and counted (as after_stop), and answered with `ended`.
    [[nodiscard]] taken take(std::span<const datagram> packets);
    /// Packets back to back in memory; the last may be cut off (see taken::used). The first undecodable packet ends
    /// the stream, because there is no way to find the next.
    [[nodiscard]] taken take_stream(bytes_view bytes, std::int64_t time = 0);
    /// No more data: gives up every heap in flight. May answer `full`: call again when the sink has room.
    [[nodiscard]] flow finish();
    /// Offers again what the sink had no room for.
    [[nodiscard]] flow retry();

    [[nodiscard]] bool ended() const noexcept;
    void count_kernel_drops(std::uint64_t packets) noexcept;
    void count(stat s, std::uint64_t n) noexcept;
    [[nodiscard]] const stats &statistics() const noexcept;
    /// The slots of options::custom_stats, in their order, to be written by what the receiver calls (allocator, copy
    /// function, sink) and by the thread that drives it. Stays where it is.
    [[nodiscard]] std::span<std::uint64_t> custom_values() noexcept;
    [[nodiscard]] const options &configuration() const noexcept;

private:
    struct impl;
    std::unique_ptr<impl> impl_;
};

} // namespace heapwire::recv
