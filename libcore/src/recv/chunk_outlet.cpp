// SPDX-License-Identifier: BSD-3-Clause
#include "chunk_outlet.h"

#include <atomic>
#include <utility>

#include "heapwire/base/error.h"

namespace heapwire::recv
{
namespace
{

class single_outlet final : public chunk_outlet
{
public:
    single_outlet(std::shared_ptr<chunk_supply> supply, std::uint64_t stream_id)
        : supply_(std::move(supply)), stream_id_(stream_id)
    {
    }

    supplied obtain(std::int64_t id, chunk *&out, std::span<std::uint64_t> batch_stats) override
    {
        std::unique_ptr<chunk> fresh;
        const supplied answer = supply_->obtain(id, fresh, batch_stats);
        if (answer == supplied::wait)
            lacks_ = lack::chunk;
        if (answer != supplied::ok)
            return answer;
        fresh->chunk_id = id;
        fresh->stream_id = stream_id_;
        clear_present(*fresh);
        out = fresh.release();
        return answer;
    }
    supplied pass(std::int64_t, chunk *c, std::span<std::uint64_t> batch_stats) override
    {
        if (!c)
            return supplied::ok;
        std::unique_ptr<chunk> filled(c);
        const supplied answer = supply_->ready(filled, batch_stats);
        if (answer == supplied::wait)
        {
            lacks_ = lack::room;
            static_cast<void>(filled.release()); // stays in the window
        }
        return answer;
    }
    void discard(std::int64_t, chunk *c) override
    {
        std::unique_ptr<chunk> unused(c);
        supply_->discard(unused);
    }
    supplied jump(std::int64_t, std::span<std::uint64_t>) override { return supplied::ok; }
    std::optional<std::int64_t> position() const override { return std::nullopt; }
    bool can_start_again() const noexcept override { return true; }

    bool clear(std::span<std::uint64_t>) override { return true; }
    std::int64_t wanted_head() const noexcept override { return 0; }
    void begin() noexcept override {}
    bool unlocked(bool) override { return false; }
    bool call_on_space(space_hook &hook) override { return supply_->call_on_space(hook, lacks_.load()); }
    void cancel(space_hook &hook) noexcept override { supply_->cancel(hook); }
    void leave() noexcept override { supply_->remove_producer(); }
    void stop() noexcept override { supply_->stop(); }
    void drop_leftovers() noexcept override { supply_->drop_leftovers(); }

private:
    const std::shared_ptr<chunk_supply> supply_;
    const std::uint64_t stream_id_;
    std::atomic<lack> lacks_{lack::chunk}; // of the last `wait`
};

} // namespace

std::unique_ptr<chunk_outlet> make_single_outlet(std::shared_ptr<chunk_supply> supply, std::uint64_t stream_id)
{
    if (!supply)
        throw_bad_argument("supply", std::string("null"), "a chunk_supply");
    return std::make_unique<single_outlet>(std::move(supply), stream_id);
}

} // namespace heapwire::recv
