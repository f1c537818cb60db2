// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/recv/chunk_stream.h"

#include <utility>

#include "chunk_core.h"
#include "heapwire/base/error.h"

namespace heapwire::recv
{
namespace
{

std::shared_ptr<chunk_core> make_core(options how, chunk_options where, std::shared_ptr<chunk_supply> supply)
{
    const std::uint64_t stream_id = how.stream_id;
    auto core = std::make_shared<chunk_core>(std::move(how), std::move(where), make_single_outlet(supply, stream_id));
    supply->add_producer();
    return core;
}

} // namespace

chunk_stream::chunk_stream(options how, chunk_options where, std::shared_ptr<chunk_supply> supply)
    : core_(make_core(std::move(how), std::move(where), std::move(supply)))
{
}

chunk_stream::chunk_stream(std::shared_ptr<chunk_core> core) noexcept : core_(std::move(core)) {}

chunk_stream::~chunk_stream()
{
    stop();
    core_->let_go();
}

void chunk_stream::add(std::unique_ptr<source> s) { core_->add(std::move(s)); }

std::shared_ptr<packet_gate> chunk_stream::gate() { return core_; }

void chunk_stream::start() { core_->start(); }

void chunk_stream::stop() noexcept { core_->stop(); }

stats chunk_stream::statistics() const { return core_->statistics(); }

const options &chunk_stream::configuration() const noexcept { return core_->configuration(); }

const chunk_options &chunk_stream::chunk_configuration() const noexcept { return core_->chunk_configuration(); }

chunk_ring_pair::chunk_ring_pair(std::shared_ptr<chunk_ring> data, std::shared_ptr<chunk_ring> free)
    : data_(std::move(data)), free_(std::move(free))
{
    if (!data_ || !free_)
        throw_bad_argument(data_ ? "free" : "data", std::string("null"), "a ring");
}

push_result chunk_ring_pair::add_free_chunk(std::unique_ptr<chunk> &c)
{
    if (!c)
        throw_bad_argument("c", std::string("null"), "a chunk");
    clear_present(*c);
    return free_->try_push(c);
}

pop_result chunk_ring_pair::pop_for(std::unique_ptr<chunk> &out, std::chrono::nanoseconds at_most)
{
    const auto now = std::chrono::steady_clock::now();
    const bool for_ever = at_most > no_deadline - now;
    return data_->pop(out, plain_wait{}, for_ever ? no_deadline : now + at_most);
}

} // namespace heapwire::recv
