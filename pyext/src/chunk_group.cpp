// SPDX-License-Identifier: BSD-3-Clause
#include "chunk_group.h"

namespace heapwire::python
{

chunk_group::chunk_group(const chunk_group_config &config, std::shared_ptr<chunk_ring> data,
                         std::shared_ptr<chunk_ring> free)
    : chunk_ring_pair(std::move(data), std::move(free)), config_(config),
      core_(std::make_unique<recv::chunk_group>(config.core, supply()))
{
}

chunk_group::~chunk_group()
{
    if (!born_.orphaned())
        return;
    (void)core_.release(); // leaked: sources belong to threads of the parent
    new std::vector<member>(std::move(members_));
}

std::shared_ptr<chunk_group> chunk_group::make(const chunk_group_config &config, std::shared_ptr<chunk_ring> data,
                                               std::shared_ptr<chunk_ring> free)
{
    host::process_registry().require_open();
    std::shared_ptr<chunk_group> made = make_detached<chunk_group>(config, std::move(data), std::move(free));
    made->registered_ = host::process_registry().add(host::stop_kind::user, made);
    return made;
}

std::shared_ptr<chunk_member> chunk_group::emplace_back(std::shared_ptr<thread_pool> pool, stream_config config,
                                                        chunk_stream_config where)
{
    recv::chunk_group &group = core();
    member made{prepare_chunk_stream(std::move(pool), config, where), {}};
    const recv::options how = config.options();
    const recv::chunk_options placed = where.options();
    detached off;
    made.parts.core = group.emplace_back(how, placed);
    std::shared_ptr<chunk_member> face = face_of(made);
    std::lock_guard hold(lock_);
    members_.push_back(std::move(made));
    return face;
}

std::vector<std::shared_ptr<chunk_member>> chunk_group::members()
{
    (void)core();
    std::vector<std::shared_ptr<chunk_member>> out;
    std::lock_guard hold(lock_);
    out.reserve(members_.size());
    for (member &one : members_)
        out.push_back(face_of(one));
    return out;
}

std::shared_ptr<chunk_member> chunk_group::face_of(member &one)
{
    std::shared_ptr<chunk_member> face = one.face.lock();
    if (!face)
    {
        face.reset(new chunk_member(shared_from_this(), one.parts),
                   delete_detached<chunk_member>); // the last may go with it
        one.face = face;
    }
    return face;
}

} // namespace heapwire::python
