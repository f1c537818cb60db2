// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <atomic>

#include "heapwire/base/error.h"
#include "heapwire/base/log.h"
#include "heapwire/transport/inproc.h"
#include "inproc_state.h"
#include "source_base.h"

namespace heapwire::transport
{

namespace
{

using queue_state = inproc_queue::impl;

class inproc_source final : public source_base, private queue_state::reader
{
public:
    inproc_source(boost::asio::io_context &io, std::shared_ptr<recv::packet_gate> to,
                  std::shared_ptr<queue_state> queue, delivery how)
        : source_base(io, std::move(to)), queue_(std::move(queue)), how_(how)
    {
    }

private:
    void begin() override { run(); }
    void resume() override { how_ == delivery::by_io_thread ? run() : run_briefly(); }
    [[nodiscard]] bool resumes_at_once() const noexcept override { return how_ == delivery::in_passing; }
    void close() noexcept override { queue_->leave(*this, std::move(block_)); }
    // The queue calls these two with its lock held, and not after leave(), which close() calls.
    void come_later() noexcept override { run_later(); }
    [[nodiscard]] std::shared_ptr<reader> ready_now() noexcept override
    {
        if (how_ == delivery::by_io_thread)
            return nullptr;
        return {shared_from_this(), static_cast<reader *>(this)};
    }
    void read_now() noexcept override;
    void run();
    void run_briefly();
    [[nodiscard]] bool find_block();
    [[nodiscard]] bool read_block();
    void run_later() noexcept;
    [[nodiscard]] recv::flow take_from_block();

    std::shared_ptr<queue_state> queue_;
    const delivery how_;
    std::unique_ptr<inproc_block> block_; ///< being read
    std::vector<recv::datagram> packets_;
};

/// False: there is nothing to read; the queue calls, or it is the end.
bool inproc_source::find_block()
{
    if (block_)
        return true;
    switch (queue_->take(block_, *this))
    {
    case queue_state::got::block:
        return true;
    case queue_state::got::waiting:
        break;
    case queue_state::got::ended:
        end_of_data();
        break;
    }
    return false;
}

/// False: the stream has no room, and resume() comes; or it is over.
bool inproc_source::read_block()
{
    if (!offer([this] { return take_from_block(); }))
        return false;
    queue_->release(0, 0, std::move(block_));
    return true;
}

/// One block, then the next stream's turn.
void inproc_source::run()
{
    if (find_block() && read_block())
        run_later();
}

/// On a thread of the user's: as much as one block. The rest is for an io thread, or senders that write all the time
/// would keep this one reading.
void inproc_source::run_briefly()
{
    std::size_t bytes = 0;
    while (find_block())
    {
        const bool first = bytes == 0;
        bytes += block_->bytes.size() - block_->offset;
        if (!first && bytes > inproc_block::capacity)
            return run_later();
        if (!read_block())
            return;
    }
}

void inproc_source::read_now() noexcept
{
    if (!try_at_once([this] { run_briefly(); })) // it is being stopped
        run_later();
}

void inproc_source::run_later() noexcept
{
    try
    {
        later([this] { run(); });
    }
    catch (const std::exception &e)
    {
        HEAPWIRE_LOG(warning, "transport", "inproc: a reader cannot go on: ", e.what());
    }
}

recv::flow inproc_source::take_from_block()
{
    inproc_block &block = *block_;
    packets_.clear();
    std::size_t offset = block.offset;
    for (std::size_t i = block.next; i < block.sizes.size(); offset += block.sizes[i++])
        packets_.push_back({.bytes = bytes_view(block.bytes).subspan(offset, block.sizes[i])});
    recv::taken t = gate().take(packets_);
    std::size_t used_bytes = 0;
    for (std::size_t i = 0; i < t.used; ++i)
        used_bytes += packets_[i].bytes.size();
    block.next += t.used;
    block.offset += used_bytes;
    queue_->release(t.used, used_bytes, nullptr);
    return t.state;
}

class inproc_sink final : public packet_sink
{
public:
    inproc_sink(io_ref io, std::vector<std::shared_ptr<queue_state>> queues)
        : io_(std::move(io)), queues_(std::move(queues))
    {
    }
    ~inproc_sink() override { close(); }

    result write(std::span<const send::packet> packets) noexcept override;
    void when_writable(ready_function ready) override
    {
        queues_[full_]->call_writer({std::move(ready), wanted_, this});
    }
    bool wait_writable(steady_time deadline) noexcept override
    {
        return queues_[full_]->wait_for_room(wanted_, closed_, deadline);
    }
    void close() noexcept override
    {
        closed_ = true;
        for (auto &queue : queues_)
            queue->forget_writer(this);
    }
    [[nodiscard]] std::size_t substreams() const noexcept override { return queues_.size(); }

private:
    io_ref io_;
    std::vector<std::shared_ptr<queue_state>> queues_;
    std::atomic<bool> closed_{false};
    std::size_t full_ = 0;   ///< the queue that had no room
    std::size_t wanted_ = 0; ///< for that many bytes
};

packet_sink::result inproc_sink::write(std::span<const send::packet> packets) noexcept
{
    std::size_t done = 0;
    while (done < packets.size())
    {
        std::uint32_t where = packets[done].substream;
        auto rest = packets.subspan(done);
        auto run_end = std::find_if(rest.begin(), rest.end(), [&](auto &p) { return p.substream != where; });
        try
        {
            switch (queues_[where]->write({rest.begin(), run_end}, done))
            {
            case queue_state::put::done:
                break;
            case queue_state::put::stopped:
                return {done + 1, make_error_code(errc::stopped), false};
            case queue_state::put::full:
                full_ = where;
                wanted_ = packets[done].size;
                return {done, {}, true};
            }
        }
        catch (const std::bad_alloc &)
        {
            return {done + 1, std::make_error_code(std::errc::not_enough_memory), false};
        }
    }
    return {done, {}, false};
}

} // namespace

std::unique_ptr<recv::source> make_inproc_source(io_ref io, std::shared_ptr<recv::packet_gate> gate,
                                                 std::shared_ptr<inproc_queue> queue, delivery how)
{
    if (!queue)
        throw_bad_argument("queue", "null", "an inproc_queue");
    auto work = std::make_shared<inproc_source>(io.context(), std::move(gate), queue->state(), how);
    return std::make_unique<source_handle>(std::move(io), std::move(work), false);
}

std::unique_ptr<packet_sink> make_inproc_sink(io_ref io, std::vector<std::shared_ptr<inproc_queue>> queues)
{
    if (queues.empty())
        throw_bad_argument("queues", 0, "at least one, one a substream");
    std::vector<std::shared_ptr<queue_state>> states;
    for (const auto &queue : queues)
    {
        if (!queue)
            throw_bad_argument("queues", "null", "an inproc_queue for each substream");
        states.push_back(queue->state());
    }
    return std::make_unique<inproc_sink>(std::move(io), std::move(states));
}

} // namespace heapwire::transport
