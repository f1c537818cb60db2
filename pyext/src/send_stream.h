// SPDX-License-Identifier: BSD-3-Clause
/// The send streams without their Python face.
#pragma once

#include <functional>
#include <span>

#include "heapwire/host/stop_registry.h"
#include "heapwire/transport/send_stream.h"
#include "send_config.h"
#include "send_flight.h"
#include "thread_pool.h"

namespace heapwire::python
{

/// Any thread. No Python object inside: the registry may be the last to hold it.
class send_stream : public host::stoppable
{
public:
    using make_sink = std::function<std::unique_ptr<transport::packet_sink>(transport::io_ref)>;

    /// `sink` is called in the constructor, and may block: detached. Then register_at_exit().
    send_stream(std::shared_ptr<thread_pool> pool, const send_stream_config &config, const make_sink &sink,
                send::split packets);
    /// What is queued is still sent: see farewell.h. Detached.
    ~send_stream() override;

    /// Throws std::system_error(errc::orphaned) in the child of a fork.
    [[nodiscard]] transport::send_stream &core() const
    {
        born_.require_alive("Stream");
        return *core_;
    }

    /// Attached; lets go of the GIL only to sleep, or for much work. Answers the bytes of all packets. Raises OSError
    /// (refused, with a warning in the log; or not sent), ValueError for what no packet can hold. Ctrl-C ends the
    /// call, not the sending.
    [[nodiscard]] std::uint64_t send(std::span<const planned_heap> heaps, send::group_mode mode, blocking_flight *as);
    /// See transport::send_stream.
    void send_held() noexcept { core_->send_held(); }
    /// The same checks that come before anything is queued: ValueError if packets are too small.
    void require_packets() const;
    /// Blocks, detached, until what was queued before has completed.
    void flush();

    void request_stop() noexcept override {}
    bool join(steady_time deadline) override;
    void register_at_exit(const std::shared_ptr<send_stream> &self);

private:
    std::shared_ptr<thread_pool> pool_;
    std::size_t max_packet_size_;
    bool packets_too_small_;
    std::unique_ptr<transport::send_stream> core_;
    host::birth born_;
    host::stop_registry::registration registered_;
};

/// Raises what a refused push means, and logs it: attached only.
[[noreturn]] void throw_refusal(std::error_code why, std::size_t heaps);
/// The refusals that are ValueError and not OSError.
[[nodiscard]] bool is_bad_value(std::error_code why) noexcept;
void log_refusal(std::error_code why, std::size_t heaps) noexcept;

/// More than this is packed and written without the GIL.
inline constexpr std::size_t much_work = 32 * 1024;

} // namespace heapwire::python
