// SPDX-License-Identifier: BSD-3-Clause
/// What a chunk_stream and its sources share. Private to this room.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>

#include "chunk_outlet.h"
#include "heapwire/recv/chunk_receiver.h"
#include "heapwire/recv/heap_stream.h"
#include "source_roster.h"

namespace heapwire::recv
{

/// Locks: the roster's, and between them packets_: the receiver, for a batch at a time; never held while a source, a
/// hook or another stream is called. The outlet's own locks come after it.
class chunk_core final : public packet_gate
{
public:
    chunk_core(options how, chunk_options where, std::shared_ptr<chunk_outlet> outlet);

    // packet_gate
    [[nodiscard]] taken take(std::span<const datagram> packets, bool more_follow) override;
    [[nodiscard]] taken take_stream(bytes_view bytes, std::int64_t time) override;
    [[nodiscard]] flow source_ended() override;
    void count_kernel_drops(std::uint64_t packets) noexcept override;
    [[nodiscard]] bool call_on_space(space_hook &hook) override;
    void cancel(space_hook &hook) noexcept override;
    [[nodiscard]] bool ended() const noexcept override { return roster_.ended(); }
    [[nodiscard]] const options &configuration() const noexcept override { return receiver_.configuration(); }

    void add(std::unique_ptr<source> s) { roster_.add(std::move(s)); }
    void start() { roster_.start(); }
    /// The user's: everybody who shares the outlet is stopped.
    void stop() noexcept;
    /// After outlet.stop().
    void stop_alone() noexcept;
    /// After stop(): sources and what connects to the supply go, on this thread.
    void let_go() noexcept;
    /// Releases chunks that the outlet wants to have, unless the stream is busy: then it does so itself, afterwards. No
    /// lock may be held.
    void serve_wanted_head() noexcept;

    [[nodiscard]] stats statistics() const;
    [[nodiscard]] const chunk_options &chunk_configuration() const noexcept { return receiver_.chunk_configuration(); }

private:
    template <typename Step>
    [[nodiscard]] taken step_through(const Step &step);
    [[nodiscard]] std::shared_ptr<chunk_outlet> outlet() const;
    void release_wanted();
    void after_step(flow state);
    void leave_once() noexcept;

    mutable std::mutex packets_;
    std::shared_ptr<chunk_outlet> outlet_; // under packets_; null after let_go()
    chunk_receiver receiver_;
    bool finishing_ = false; // under packets_

    source_roster roster_;
    std::atomic<bool> left_{false};
    std::atomic<bool> warned_blocked_{false};
};

} // namespace heapwire::recv
