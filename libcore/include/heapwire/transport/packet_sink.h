// SPDX-License-Identifier: BSD-3-Clause
/// The far end of a send stream; each transport implements one.
#pragma once

#include <functional>
#include <span>
#include <system_error>

#include "heapwire/queue/wait_policy.h"
#include "heapwire/send/sender.h"

namespace heapwire::transport
{

/// Called by one thread at a time.
class packet_sink
{
public:
    struct result
    {
        std::size_t count;     ///< packets that are done, from the front; at least 1 if there is an error
        std::error_code error; ///< of the last of these
        bool would_block;      ///< the next is not done: call when_writable
    };
    using ready_function = std::function<void()>;

    virtual ~packet_sink() = default;
    /// Neither blocks nor calls back.
    [[nodiscard]] virtual result write(std::span<const send::packet> packets) noexcept = 0;
    /// Calls `ready` once when writing may go on, on a thread of the io_context; after close() it calls or drops it.
    /// `ready` keeps its stream alive, so drop it after the call. It only posts: it may be called with a lock held,
    /// and inside when_writable. If when_writable is called again before that, calling the newer one is enough.
    virtual void when_writable(ready_function ready) = 0;
    /// For a caller's own thread: sleeps until writable, at most to the deadline. False on timeout.
    virtual bool wait_writable(steady_time deadline) noexcept = 0;
    /// Idempotent; write is not called any more afterwards.
    virtual void close() noexcept = 0;
    [[nodiscard]] virtual std::size_t substreams() const noexcept = 0;
    /// True if the kernel paces at `bytes_per_second`; the pacer is then left out.
    [[nodiscard]] virtual bool pace(double bytes_per_second) noexcept
    {
        (void)bytes_per_second;
        return false;
    }
};

} // namespace heapwire::transport
