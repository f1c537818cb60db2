// SPDX-License-Identifier: BSD-3-Clause
/// recv.ChunkStreamRingGroup and recv.ChunkStreamGroupMember without their Python faces.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "chunk_stream.h"
#include "heapwire/recv/chunk_group.h"

namespace heapwire::python
{

class chunk_member;

/// Any thread.
class chunk_group : public chunk_ring_pair, public host::stoppable, public std::enable_shared_from_this<chunk_group>
{
public:
    /// Attached.
    [[nodiscard]] static std::shared_ptr<chunk_group>
    make(const chunk_group_config &config, std::shared_ptr<chunk_ring> data, std::shared_ptr<chunk_ring> free);
    chunk_group(const chunk_group_config &config, std::shared_ptr<chunk_ring> data, std::shared_ptr<chunk_ring> free);
    ~chunk_group() override;

    [[nodiscard]] const chunk_group_config &config() const noexcept { return config_; }
    /// Attached. Throws std::invalid_argument; std::logic_error once data was received.
    [[nodiscard]] std::shared_ptr<chunk_member> emplace_back(std::shared_ptr<thread_pool> pool, stream_config config,
                                                             chunk_stream_config where);
    /// For each member the same object as long as Python has it.
    [[nodiscard]] std::vector<std::shared_ptr<chunk_member>> members();
    /// Blocks: detached only.
    void stop() { core().stop(); }

    void request_stop() noexcept override { stop_rings(); }
    bool join(steady_time) override
    {
        stop();
        return true;
    }

private:
    struct member
    {
        chunk_stream_parts parts;
        std::weak_ptr<chunk_member> face;
    };
    [[nodiscard]] recv::chunk_group &core() const
    {
        born_.require_alive("ChunkStreamRingGroup");
        return *core_;
    }
    std::shared_ptr<chunk_member> face_of(member &one);

    chunk_group_config config_;
    std::mutex lock_; // of members_; nothing is made or destroyed while it is held
    std::vector<member> members_;
    std::unique_ptr<recv::chunk_group> core_;
    host::birth born_;
    host::stop_registry::registration registered_;
};

/// Keeps its group, which knows it weakly. The group stops it at the end of the program.
class chunk_member : public chunk_stream_base
{
public:
    chunk_member(std::shared_ptr<chunk_group> group, chunk_stream_parts parts)
        : chunk_stream_base(std::move(parts)), group_(std::move(group))
    {
    }
    void request_stop() noexcept override {}
    bool join(steady_time) override { return true; }

private:
    std::shared_ptr<chunk_group> group_;
};

} // namespace heapwire::python
