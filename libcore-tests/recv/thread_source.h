// SPDX-License-Identifier: BSD-3-Clause
/// A source that is a thread, and keeps the contract as a transport does: its own lock is held during take(), stop()
/// waits for that lock, a full stream is waited for with a hook.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "heapwire/recv/heap_stream.h"
#include "receiving.h"

namespace heapwire::test
{

class thread_source : public recv::source
{
public:
    enum class at_end
    {
        sign_off,
        linger
    };

    thread_source(std::shared_ptr<recv::packet_gate> gate, std::vector<packet> packets, std::size_t batch,
                  at_end what = at_end::sign_off, bool lossy = false)
        : gate_(std::move(gate)), packets_(std::move(packets)), batch_(batch), at_end_(what), lossy_(lossy)
    {
        hook_.context = this;
        hook_.call = [](void *me) noexcept { static_cast<thread_source *>(me)->wake(&thread_source::room_); };
    }
    ~thread_source() override { thread_source::stop(); }

    void start() override
    {
        thread_ = std::thread([this] { run(); });
    }
    void stop() noexcept override
    {
        request_stop();
        {
            std::lock_guard inside(busy_); // waits for a take() that runs, as a transport's stop() does
        }
        gate_->cancel(hook_);
        std::lock_guard joining(joining_);
        if (thread_.joinable())
            thread_.join();
    }
    void request_stop() noexcept override { wake(&thread_source::asked_); }
    [[nodiscard]] bool lossy() const noexcept override { return lossy_; }

private:
    void wake(bool thread_source::*why) noexcept
    {
        std::lock_guard lock(signal_);
        this->*why = true;
        changed_.notify_all();
    }
    [[nodiscard]] bool asked() noexcept
    {
        std::lock_guard lock(signal_);
        return asked_;
    }
    /// False if it is time to go.
    bool wait_for_room()
    {
        {
            std::lock_guard lock(signal_);
            room_ = false;
        }
        if (!gate_->call_on_space(hook_))
            return !asked();
        std::unique_lock lock(signal_);
        changed_.wait(lock, [this] { return room_ || asked_; });
        return !asked_;
    }
    void run()
    {
        const std::vector<recv::datagram> all = as_datagrams(packets_);
        std::span<const recv::datagram> rest = all;
        recv::flow state = recv::flow::go_on;
        while (state != recv::flow::ended && (!rest.empty() || state == recv::flow::full))
        {
            {
                std::lock_guard inside(busy_);
                if (asked())
                    return;
                const recv::taken got = gate_->take(rest.first(std::min(batch_, rest.size())));
                rest = rest.subspan(got.used);
                state = got.state;
            }
            if (state == recv::flow::full && !wait_for_room())
                return;
        }
        while (state != recv::flow::ended && at_end_ == at_end::sign_off)
        {
            {
                std::lock_guard inside(busy_);
                if (asked() || (state = gate_->source_ended()) != recv::flow::full)
                    return;
            }
            if (!wait_for_room())
                return;
        }
    }

    std::shared_ptr<recv::packet_gate> gate_;
    const std::vector<packet> packets_;
    const std::size_t batch_;
    const at_end at_end_;
    const bool lossy_;
    space_hook hook_;
    std::mutex busy_;
    std::mutex signal_;
    std::condition_variable changed_;
    bool asked_ = false;
    bool room_ = false;
    std::mutex joining_;
    std::thread thread_;
};

} // namespace heapwire::test
