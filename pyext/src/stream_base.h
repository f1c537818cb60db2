// SPDX-License-Identifier: BSD-3-Clause
/// What every receive stream is to Python (recv._Stream): it has readers and counts, it starts and stops.
#pragma once

#include <atomic>
#include <memory>

#include "heapwire/host/stop_registry.h"
#include "heapwire/recv/heap_stream.h"
#include "recv_config.h"
#include "thread_pool.h"

namespace heapwire::python
{

/// Any thread. No Python object inside: the registry may be the last to hold it. What it does after a fork is to
/// raise (std::system_error(errc::orphaned)).
class stream_base : public host::stoppable
{
public:
    [[nodiscard]] const std::shared_ptr<thread_pool> &pool() const noexcept { return pool_; }
    [[nodiscard]] const stream_config &config() const noexcept { return config_; }

    [[nodiscard]] virtual std::shared_ptr<recv::packet_gate> gate() = 0;
    [[nodiscard]] virtual recv::stats statistics() const = 0;
    /// How many of them, at their end, StreamStats has among its details only.
    [[nodiscard]] virtual std::size_t detail_count() const noexcept { return 0; }
    // These block: detached only.
    virtual void add(std::unique_ptr<recv::source> from) = 0;
    virtual void stop() = 0;
    /// Nothing happens without explicit_start, a second time, or after stop(): that is no mistake.
    void start();
    /// start() was called although explicit_start was set: readers are refused from then on.
    [[nodiscard]] bool started() const noexcept { return started_.load(std::memory_order_relaxed); }

protected:
    stream_base(std::shared_ptr<thread_pool> pool, stream_config config)
        : pool_(std::move(pool)), config_(std::move(config))
    {
    }
    virtual void start_sources() = 0;

private:
    std::shared_ptr<thread_pool> pool_; // destroyed after what needs its threads: that is in derived classes
    stream_config config_;
    std::atomic<bool> started_{false};
};

} // namespace heapwire::python
