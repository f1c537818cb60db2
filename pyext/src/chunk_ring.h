// SPDX-License-Identifier: BSD-3-Clause
/// recv.ChunkRingbuffer without its Python face.
#pragma once

#include <atomic>
#include <memory>

#include "bridge/runtime.h"
#include "chunk_object.h"
#include "heapwire/host/stop_registry.h"
#include "heapwire/recv/chunk.h"

namespace heapwire::python
{

/// A wake's descriptor that is readable while there is something, for who never reads it. Any thread.
class level_descriptor
{
public:
    explicit level_descriptor(wake &of) : of_(of) {}
    /// `promising` looks whether it must be readable.
    template <typename Look>
    [[nodiscard]] int fd(const Look &promising)
    {
        if (!used_.exchange(true))
        {
            of_.arm();
            if (promising())
                of_.notify_all();
        }
        return of_.fd();
    }
    /// After each try to take: it may have been the last.
    template <typename Look>
    void taken(const Look &promising) noexcept
    {
        // Clear, arm, look: whatever comes after the look finds it armed.
        if (!used_.load(std::memory_order_relaxed) || promising())
            return;
        of_.drain();
        of_.arm();
        if (promising())
            of_.notify_all();
    }

private:
    wake &of_;
    std::atomic<bool> used_{false};
};

/// Any thread. Streams hold the core's ring. Every method raises std::system_error(errc::orphaned) in the child of a
/// fork.
class chunk_ring : public host::stoppable
{
public:
    /// Attached. `capacity` < 1: std::invalid_argument.
    [[nodiscard]] static std::shared_ptr<chunk_ring> make(std::size_t capacity);
    explicit chunk_ring(std::size_t capacity);
    ~chunk_ring() override;

    [[nodiscard]] recv::chunk_ring &core() const
    {
        born_.require_alive("ChunkRingbuffer");
        return *core_;
    }
    [[nodiscard]] const std::shared_ptr<recv::chunk_ring> &shared() const
    {
        (void)core();
        return core_;
    }

    // Attached; they let the GIL go only to sleep. Throw stopped_error, empty_error, full_error. What was not put keeps
    // its contents.
    [[nodiscard]] py::object get();
    [[nodiscard]] py::object get_nowait();
    void put(const py::object &chunk);
    void put_nowait(const py::object &chunk);
    /// For a ring of free chunks: zeroes `present`; a stopped ring takes the chunk and drops it.
    void put_free(const py::object &chunk);

    [[nodiscard]] int data_fd();
    [[nodiscard]] int space_fd();
    void request_stop() noexcept override { (void)core_->stop(); }
    bool join(steady_time) override { return true; }

private:
    [[nodiscard]] auto has_data() const noexcept
    {
        return [this] { return core_->size() > 0 || core_->stopped(); };
    }
    [[nodiscard]] auto has_space() const noexcept
    {
        return [this] { return core_->size() < core_->capacity() || core_->stopped(); };
    }
    py::object popped(pop_result got, std::unique_ptr<recv::chunk> out);
    void pushed(push_result got, std::unique_ptr<recv::chunk> left);

    std::shared_ptr<recv::chunk_ring> core_;
    level_descriptor data_, space_;
    host::birth born_;
    host::stop_registry::registration registered_;
};

} // namespace heapwire::python
