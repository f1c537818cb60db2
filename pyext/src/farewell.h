// SPDX-License-Identifier: BSD-3-Clause
/// What a send stream that goes leaves behind: heaps that are queued, and nobody who waits for them.
#pragma once

#include <chrono>
#include <memory>

#include "heapwire/transport/send_stream.h"
#include "thread_pool.h"

namespace heapwire::python
{

/// Sends what is queued in `stream`, then lets it go: at once if that is nothing, else on a thread of its own, because
/// who drops a stream may be an event loop, and the queue may last for minutes. The rest is dropped, with a warning, if
/// the pool is stopped, if the peer takes nothing for 20 s, or a second after the program has ended. Detached.
void send_the_rest(std::shared_ptr<thread_pool> pool, std::unique_ptr<transport::send_stream> stream) noexcept;

/// For tests: instead of 20 s.
void set_longest_stall(std::chrono::milliseconds length) noexcept;

} // namespace heapwire::python
