// SPDX-License-Identifier: BSD-3-Clause
/// recv.Stream without its Python face.
#pragma once

#include "stream_base.h"

namespace heapwire::python
{

/// Any thread. What the parent's workers use is leaked in the child of a fork.
class receive_stream : public stream_base
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
    [[nodiscard]] const ring_stream_config &ring_config() const noexcept { return ring_config_; }

    /// Attached; lets the GIL go only to sleep. Complete or not: the heap says. Throws stopped_error, empty_error.
    [[nodiscard]] heap get();
    /// The same; false, and no exception, at the end.
    [[nodiscard]] bool get(heap &out);
    [[nodiscard]] heap get_nowait();
    /// The same; false if there is none now, whatever the reason.
    [[nodiscard]] bool get_nowait(heap &out);

    /// Level-triggered: readable while a heap is queued, and for ever once stopped. From the first call on, popping
    /// keeps it so. The descriptor is the ring's.
    [[nodiscard]] int fd();

    [[nodiscard]] std::shared_ptr<recv::packet_gate> gate() override { return core().gate(); }
    [[nodiscard]] recv::stats statistics() const override { return core().statistics(); }
    void add(std::unique_ptr<recv::source> from) override { core().add(std::move(from)); }
    void stop() override { core().stop(); }
    void request_stop() noexcept override;
    bool join(steady_time deadline) override;

private:
    void start_sources() override;
    [[nodiscard]] bool wanted(const heap &h) const noexcept;
    [[nodiscard]] recv::pop_status try_get(heap &out);
    void after_pop() noexcept;

    ring_stream_config ring_config_;
    std::unique_ptr<recv::heap_stream> core_;
    std::atomic<bool> fd_used_{false};
    host::birth born_;
    host::stop_registry::registration registered_;
};

} // namespace heapwire::python
