// SPDX-License-Identifier: BSD-3-Clause
/// A pipe of packets inside the process.
#pragma once

#include <memory>
#include <vector>

#include "heapwire/recv/heap_stream.h"
#include "heapwire/transport/io_threads.h"
#include "heapwire/transport/send_stream.h"
#include "heapwire/transport/weather.h"

namespace heapwire::transport
{

/// Thread-safe. Unbounded by default; with a bound in bytes, senders wait for room (a packet larger than the bound
/// passes an empty queue). Packets count until a reader's stream has taken them. Several senders are fine; of several
/// readers each gets some of the packets.
class inproc_queue
{
public:
    explicit inproc_queue(std::size_t max_bytes = 0);
    /// For tests: packets that come in meet this weather. What is held back leaves at the latest at stop(), bound or
    /// not. Throws std::invalid_argument as weather::validate.
    inproc_queue(std::size_t max_bytes, const weather &how);
    ~inproc_queue();
    inproc_queue(const inproc_queue &) = delete;
    inproc_queue &operator=(const inproc_queue &) = delete;

    /// Copies one packet in. errc::stopped after stop(); errc::queue_full if bounded and full.
    [[nodiscard]] std::error_code add_packet(bytes_view packet);
    /// Later insertions fail; readers drain, then see the end.
    void stop() noexcept;
    [[nodiscard]] bool stopped() const noexcept;
    [[nodiscard]] std::size_t packets() const noexcept;
    /// What the weather has done so far; without any, all that came in has passed.
    [[nodiscard]] weather_report report() const noexcept;

    struct impl;
    [[nodiscard]] const std::shared_ptr<impl> &state() const noexcept { return impl_; }

private:
    std::shared_ptr<impl> impl_;
};

/// Who takes packets from the queue into the stream.
enum class delivery : bool
{
    by_io_thread,
    /// A sender that finds the reader idle carries what is little (one block of 64 KiB) on into the stream, on his own
    /// thread, and so does a consumer who makes room in a full ring: no thread is woken for it. More, and what comes
    /// meanwhile, is for an io thread. Only for a stream whose callbacks (allocator, copy function, chunks) may run
    /// inside a send and a pop, and never wait for either: as of a heap_stream that has none of its own.
    in_passing
};

/// Ends when the queue is stopped and empty. A reader that stops earlier leaves what it has not read to the next.
[[nodiscard]] std::unique_ptr<recv::source> make_inproc_source(io_ref io, std::shared_ptr<recv::packet_gate> gate,
                                                               std::shared_ptr<inproc_queue> queue,
                                                               delivery how = delivery::by_io_thread);
/// One queue a substream.
[[nodiscard]] std::unique_ptr<packet_sink> make_inproc_sink(io_ref io,
                                                            std::vector<std::shared_ptr<inproc_queue>> queues);

class inproc_sender : public send_stream
{
public:
    inproc_sender(io_ref io, std::vector<std::shared_ptr<inproc_queue>> to, send::options how = {})
        : send_stream(io, make_inproc_sink(io, std::move(to)), how)
    {
    }
};

} // namespace heapwire::transport
