// SPDX-License-Identifier: BSD-3-Clause
/// How a send stream behaves, and what became of a heap.
#pragma once

#include <cstdint>
#include <system_error>

namespace heapwire::send
{

enum class rate_method : std::uint8_t
{
    automatic, ///< software
    software,
    kernel, ///< SO_MAX_PACING_RATE where the transport and the queueing discipline serve, else software
};

enum class split : std::uint8_t
{
    even, ///< near-equal packets of at most max_packet_size: GSO runs stay long
    full, ///< every packet as large as allowed, the last takes the rest (as the incumbent does)
    exact ///< every packet but the last carries exactly payload_size bytes of payload
};

struct options
{
    std::size_t max_packet_size = 1472; ///< bytes of UDP payload; rounded down to a multiple of 8; at least 56
    split packets = split::even;
    std::size_t payload_size = 0;   ///< with split::exact: a multiple of 8 that fits max_packet_size
    double rate = 0;                ///< bytes of SPEAD packets a second; 0: as fast as can be
    std::size_t burst_size = 65536; ///< bytes that leave without a look at the clock, but one packet at least
    double burst_rate_ratio = 1.05; ///< how much faster than `rate` to catch up; >= 1
    std::size_t max_heaps = 4;      ///< heaps in the queue, those being sent included
    send::rate_method method = rate_method::automatic;

    /// Throws std::invalid_argument naming the field.
    void validate() const;
};

/// Of one heap, or of a group: the sum of bytes and the first error.
struct outcome
{
    std::error_code error;
    std::uint64_t bytes = 0; ///< whole SPEAD packets, headers included
};

/// Called once for each accepted push, in order of acceptance, never two of one stream at a time.
struct completion
{
    void (*call)(void *context, std::uint64_t token, const outcome &what) noexcept = nullptr;
    void *context = nullptr;
    std::uint64_t token = 0;
};

enum class group_mode : std::uint8_t
{
    serial,
    round_robin ///< one packet of each heap in turn
};

struct stats
{
    std::uint64_t heaps = 0; ///< completed, with or without error
    std::uint64_t heaps_failed = 0;
    std::uint64_t heaps_refused = 0; ///< queue full
    std::uint64_t packets = 0;       ///< given to the transport
    std::uint64_t packets_failed = 0;
    std::uint64_t bytes = 0;
    std::uint64_t batches = 0;   ///< calls of the transport's write
    std::uint64_t max_batch = 0; ///< most packets in one
    std::uint64_t waits = 0;     ///< times the transport was not writable
    std::uint64_t sleeps = 0;    ///< times the pacer made it wait
    double achieved_rate = 0;    ///< bytes a second while there was something to send
};

} // namespace heapwire::send
