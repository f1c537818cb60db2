// SPDX-License-Identifier: BSD-3-Clause
/// What tests of send streams share: heaps, a sink that obeys the test, a list of completions.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <vector>

#include "heapwire/transport/send_stream.h"

namespace heapwire::test
{

/// A heap with one item of `size` bytes, each of which follows from `seed`, and its payload.
struct sample_heap
{
    explicit sample_heap(std::size_t size, unsigned seed = 1) : bytes(size)
    {
        std::uint32_t state = seed * 2654435761u + 1;
        for (std::byte &b : bytes)
            b = static_cast<std::byte>((state = state * 1664525 + 1013904223) >> 24);
        heap.add_item(0x1000, bytes);
    }
    [[nodiscard]] send::heap_reference reference(std::int64_t cnt = -1, std::size_t substream = 0) const
    {
        return {&heap, cnt, substream, -1};
    }

    std::vector<std::byte> bytes;
    outgoing_heap heap;
};

/// What the test and the sink share: the sink belongs to the stream.
struct sink_state
{
    std::mutex mutex;
    std::condition_variable changed;
    bool open = true;         // else would_block
    std::error_code fail;     // of every packet
    std::size_t at_most = 64; // packets a write
    std::size_t packets = 0, bytes = 0, writes = 0;
    bool closed = false;
    transport::packet_sink::ready_function ready;
    bool wanted = false; // somebody waits for the door

    void open_door()
    {
        std::lock_guard held(mutex);
        open = true;
        changed.notify_all();
        if (ready)
            std::exchange(ready, nullptr)();
    }
    void close_door()
    {
        std::lock_guard held(mutex);
        open = false;
    }
    void await_waiter()
    {
        std::unique_lock held(mutex);
        changed.wait(held, [this] { return wanted; });
    }
};

class obedient_sink final : public transport::packet_sink
{
public:
    explicit obedient_sink(std::shared_ptr<sink_state> state) : state_(std::move(state)) {}
    result write(std::span<const send::packet> packets) noexcept override
    {
        std::lock_guard held(state_->mutex);
        if (!state_->open)
            return {0, {}, true};
        std::size_t count = std::min(packets.size(), state_->at_most);
        ++state_->writes;
        for (const send::packet &p : packets.first(count))
        {
            ++state_->packets;
            state_->bytes += p.size;
        }
        return {count, state_->fail, false};
    }
    void when_writable(ready_function ready) override
    {
        std::lock_guard held(state_->mutex);
        state_->wanted = true;
        state_->changed.notify_all();
        if (state_->open)
            ready();
        else
            state_->ready = std::move(ready);
    }
    bool wait_writable(steady_time deadline) noexcept override
    {
        std::unique_lock held(state_->mutex);
        state_->wanted = true;
        state_->changed.notify_all();
        // Not wait_until(time_point::max()): that overflows in some libraries.
        auto limit = std::min(deadline, std::chrono::steady_clock::now() + std::chrono::seconds(1));
        return state_->changed.wait_until(held, limit, [this] { return state_->open; });
    }
    void close() noexcept override
    {
        std::lock_guard held(state_->mutex);
        state_->closed = true;
        state_->ready = nullptr;
    }
    [[nodiscard]] std::size_t substreams() const noexcept override { return 2; }

private:
    std::shared_ptr<sink_state> state_;
};

struct obedient_stream
{
    explicit obedient_stream(transport::io_ref io, send::options how = {})
        : stream(std::move(io), std::make_unique<obedient_sink>(state), how)
    {
    }
    std::shared_ptr<sink_state> state = std::make_shared<sink_state>();
    transport::send_stream stream;
};

/// Notes completions, and whether two ran at once.
struct completion_list
{
    std::mutex mutex;
    std::condition_variable changed;
    std::vector<std::uint64_t> tokens;
    std::vector<send::outcome> outcomes;
    std::atomic<int> inside{0};
    std::atomic<bool> overlapped{false};

    [[nodiscard]] send::completion with(std::uint64_t token) { return {note, this, token}; }
    static void note(void *context, std::uint64_t token, const send::outcome &what) noexcept
    {
        auto *me = static_cast<completion_list *>(context);
        if (me->inside.fetch_add(1) != 0)
            me->overlapped = true;
        std::lock_guard held(me->mutex); // who awaits may destroy the list as soon as it is free
        me->tokens.push_back(token);
        me->outcomes.push_back(what);
        me->inside.fetch_sub(1);
        me->changed.notify_all();
    }
    void await(std::size_t count)
    {
        std::unique_lock held(mutex);
        changed.wait(held, [&] { return tokens.size() >= count; });
    }
};

} // namespace heapwire::test
