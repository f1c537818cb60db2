// SPDX-License-Identifier: BSD-3-Clause
/// recv.Stream without its Python face.
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
/// raise; what the parent's workers use is leaked then.
class receive_stream : public host::stoppable
{
public:
    /// Attached. Made with `make`, because the registry needs a shared_ptr.
    [[nodiscard]] static std::shared_ptr<receive_stream> make(std::shared_ptr<thread_pool> pool, stream_config config,
                                                              ring_stream_config ring);
    receive_stream(std::shared_ptr<thread_pool> pool, stream_config config, ring_stream_config ring);
    ~receive_stream() override;

    /// Throws std::system_error(errc::orphaned) in the child of a fork.
    [[nodiscard]] recv::heap_stream &core() const
    {
        born_.require_alive("Stream");
        return *core_;
    }
    [[nodiscard]] const std::shared_ptr<thread_pool> &pool() const noexcept { return pool_; }
    [[nodiscard]] const stream_config &config() const noexcept { return config_; }
    [[nodiscard]] const ring_stream_config &ring_config() const noexcept { return ring_config_; }

    /// Attached; lets the GIL go only to sleep. Complete or not: the heap says. Throws stopped_error, empty_error.
    [[nodiscard]] heap get();
    [[nodiscard]] heap get_nowait();

    /// Level-triggered: readable while a heap is queued, and for ever once stopped. From the first call on, popping
    /// keeps it so. The descriptor is the ring's.
    [[nodiscard]] int fd();

    /// start() was called although explicit_start was set: readers are refused from then on.
    [[nodiscard]] bool started() const noexcept { return started_.load(std::memory_order_relaxed); }
    /// Blocks: detached only.
    void start();
    void stop();
    void request_stop() noexcept override;
    bool join(steady_time deadline) override;

private:
    [[nodiscard]] bool wanted(const heap &h) const noexcept;
    void after_pop() noexcept;

    std::shared_ptr<thread_pool> pool_; // destroyed after core_, which needs its threads
    stream_config config_;
    ring_stream_config ring_config_;
    std::unique_ptr<recv::heap_stream> core_;
    std::atomic<bool> fd_used_{false};
    std::atomic<bool> started_{false};
    host::birth born_;
    host::stop_registry::registration registered_;
};

} // namespace heapwire::python
