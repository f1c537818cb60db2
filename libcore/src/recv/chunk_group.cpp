// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/recv/chunk_group.h"

#include "chunk_group_core.h"
#include "heapwire/base/error.h"

namespace heapwire::recv
{

void chunk_group_options::validate() const
{
    if (max_chunks == 0 || max_chunks > std::size_t{1} << 24)
        throw_bad_argument("max_chunks", max_chunks, "1 to 16777216");
}

chunk_group::chunk_group(chunk_group_options how, std::shared_ptr<chunk_supply> supply)
    : core_(std::make_shared<chunk_group_core>(how, std::move(supply)))
{
}

chunk_group::~chunk_group()
{
    stop();
    core_->let_go();
}

std::shared_ptr<chunk_stream> chunk_group::emplace_back(options how, chunk_options where)
{
    auto fresh = std::make_shared<chunk_stream>(core_->add(std::move(how), std::move(where)));
    const std::lock_guard lock(list_);
    members_.push_back(fresh);
    return fresh;
}

std::vector<std::shared_ptr<chunk_stream>> chunk_group::members() const
{
    const std::lock_guard lock(list_);
    return members_;
}

void chunk_group::stop() noexcept { core_->stop(); }

const chunk_group_options &chunk_group::configuration() const noexcept { return core_->configuration(); }

} // namespace heapwire::recv
