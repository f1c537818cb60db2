// SPDX-License-Identifier: BSD-3-Clause
/// recv.ChunkRingStream without its Python face.
#pragma once

#include <memory>

#include "chunk_config.h"
#include "chunk_ring.h"
#include "heapwire/recv/chunk_stream.h"
#include "stream_base.h"

namespace heapwire::python
{

/// recv.ChunkRingPair.
class chunk_ring_pair
{
public:
    chunk_ring_pair(std::shared_ptr<chunk_ring> data, std::shared_ptr<chunk_ring> free)
        : data_(std::move(data)), free_(std::move(free))
    {
    }
    virtual ~chunk_ring_pair() = default;
    [[nodiscard]] const std::shared_ptr<chunk_ring> &data_ring() const noexcept { return data_; }
    [[nodiscard]] const std::shared_ptr<chunk_ring> &free_ring() const noexcept { return free_; }

protected:
    void stop_rings() noexcept
    {
        data_->request_stop();
        free_->request_stop();
    }
    [[nodiscard]] std::shared_ptr<recv::chunk_supply> supply() const
    {
        return recv::make_ring_supply(data_->shared(), free_->shared());
    }

private:
    std::shared_ptr<chunk_ring> data_, free_;
};

/// What goes with one stream of the core, in the order in which it must be destroyed from the end.
struct chunk_stream_parts
{
    std::shared_ptr<thread_pool> pool;
    stream_config config;        ///< as Python sees it: with what chunk streams change in it
    std::shared_ptr<void> place; ///< keeps what the place callback needs
    std::shared_ptr<recv::chunk_stream> core;
};
/// All but `core`. Attached. Raises ValueError if the pool is null.
[[nodiscard]] chunk_stream_parts prepare_chunk_stream(std::shared_ptr<thread_pool> pool, stream_config config,
                                                      chunk_stream_config where);

/// A stream of its own, or a member of a group. Any thread.
class chunk_stream_base : public stream_base
{
public:
    [[nodiscard]] std::shared_ptr<recv::packet_gate> gate() override { return core().gate(); }
    [[nodiscard]] recv::stats statistics() const override { return core().statistics(); }
    [[nodiscard]] std::size_t detail_count() const noexcept override { return recv::chunk_stat_count - 2; }
    void add(std::unique_ptr<recv::source> from) override { core().add(std::move(from)); }
    void stop() override { core().stop(); }

protected:
    explicit chunk_stream_base(chunk_stream_parts parts)
        : stream_base(parts.pool, parts.config), parts_(std::move(parts))
    {
    }
    ~chunk_stream_base() override;
    void start_sources() override { core().start(); }
    [[nodiscard]] recv::chunk_stream &core() const
    {
        born_.require_alive("chunk stream");
        return *parts_.core;
    }

    chunk_stream_parts parts_;
    host::birth born_;
};

class chunk_ring_stream : public chunk_ring_pair, public chunk_stream_base
{
public:
    /// Attached. Throws std::invalid_argument (place is not set, a statistic's name is taken).
    [[nodiscard]] static std::shared_ptr<chunk_ring_stream> make(std::shared_ptr<thread_pool> pool,
                                                                 stream_config config, chunk_stream_config where,
                                                                 std::shared_ptr<chunk_ring> data,
                                                                 std::shared_ptr<chunk_ring> free);
    chunk_ring_stream(chunk_stream_parts parts, recv::options how, recv::chunk_options where,
                      std::shared_ptr<chunk_ring> data, std::shared_ptr<chunk_ring> free);

    void request_stop() noexcept override { stop_rings(); } // wakes who waits; what takes time is for join()
    bool join(steady_time) override
    {
        stop(); // waits for a handler that runs, never for a consumer
        return true;
    }

private:
    host::stop_registry::registration registered_;
};

} // namespace heapwire::python
