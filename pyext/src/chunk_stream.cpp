// SPDX-License-Identifier: BSD-3-Clause
#include "chunk_stream.h"

namespace heapwire::python
{

namespace
{

/// As reading the configuration of a chunk stream shows it. Further statistics are in StreamStats.details.
stream_config as_shown(stream_config config)
{
    config.core.allow_unsized_heaps = false;
    const std::vector<recv::custom_stat> all = recv::with_chunk_stats(config.core.custom_stats);
    config.core.custom_stats.assign(all.begin(), all.end() - (recv::chunk_stat_count - 2));
    return config;
}

} // namespace

chunk_stream_parts prepare_chunk_stream(std::shared_ptr<thread_pool> pool, stream_config config,
                                        chunk_stream_config where)
{
    if (!pool)
        throw py::value_error("thread_pool: must not be None");
    host::process_registry().require_open();
    (void)pool->io(); // an orphan is no pool
    return {std::move(pool), as_shown(config), keep_for_workers(where.place), nullptr};
}

chunk_stream_base::~chunk_stream_base()
{
    if (born_.orphaned())
        new chunk_stream_parts(std::move(parts_)); // leaked: its sources belong to threads of the parent
}

chunk_ring_stream::chunk_ring_stream(chunk_stream_parts parts, recv::options how, recv::chunk_options where,
                                     std::shared_ptr<chunk_ring> data, std::shared_ptr<chunk_ring> free)
    : chunk_ring_pair(std::move(data), std::move(free)), chunk_stream_base(std::move(parts))
{
    parts_.core = std::make_shared<recv::chunk_stream>(std::move(how), std::move(where), supply());
}

std::shared_ptr<chunk_ring_stream> chunk_ring_stream::make(std::shared_ptr<thread_pool> pool, stream_config config,
                                                           chunk_stream_config where, std::shared_ptr<chunk_ring> data,
                                                           std::shared_ptr<chunk_ring> free)
{
    std::shared_ptr<chunk_ring_stream> made =
        make_detached<chunk_ring_stream>(prepare_chunk_stream(std::move(pool), config, where), config.options(),
                                         where.options(), std::move(data), std::move(free));
    made->registered_ = host::process_registry().add(host::stop_kind::user, made);
    return made;
}

} // namespace heapwire::python
