// SPDX-License-Identifier: BSD-3-Clause
/// A language runtime without the language: a mutex plays the interpreter's lock, a thread plays the event loop, a
/// flag plays finalization. What holds here holds for the lock protocol of a real one.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <poll.h>
#include <thread>

#include "heapwire/host/completion_hub.h"
#include "heapwire/host/gate.h"

namespace heapwire::host::test
{

/// Catches hangs only: no test asserts how fast something is.
inline steady_time patience() { return std::chrono::steady_clock::now() + std::chrono::seconds(60); }

class fake_host
{
public:
    /// Attached as long as it lives. Attaching while finalizing is what kills a real process: counted here.
    class attached
    {
    public:
        explicit attached(fake_host &host) : hold_(host.lock_)
        {
            if (host.finalizing.load())
                host.attached_too_late.fetch_add(1);
        }
        void detach() { hold_.unlock(); }
        void attach() { hold_.lock(); }

    private:
        std::unique_lock<std::mutex> hold_;
    };

    std::atomic<bool> finalizing{false};
    std::atomic<int> attached_too_late{0};

private:
    std::mutex lock_;
};

/// An event loop on a thread of its own: sleeps on a descriptor, calls back attached.
class fake_loop
{
public:
    fake_loop(fake_host &host, int fd, std::function<void()> readable)
        : thread_(
              [this, &host, fd, readable = std::move(readable)]
              {
                  while (!over_.load())
                  {
                      pollfd wanted{fd, POLLIN, 0};
                      if (::poll(&wanted, 1, 20) > 0)
                      {
                          fake_host::attached in(host);
                          readable();
                      }
                  }
              })
    {
    }
    ~fake_loop()
    {
        over_.store(true);
        thread_.join();
    }

private:
    std::atomic<bool> over_{false};
    std::thread thread_;
};

/// Waits for `done`, which another thread makes true; false when patience ends.
template <typename Done>
bool eventually(Done &&done)
{
    for (steady_time end = patience(); !done();)
    {
        if (std::chrono::steady_clock::now() > end)
            return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
}

} // namespace heapwire::host::test
