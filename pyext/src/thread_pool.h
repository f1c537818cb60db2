// SPDX-License-Identifier: BSD-3-Clause
/// The ThreadPool that Python sees.
#pragma once

#include <memory>
#include <vector>

#include "heapwire/host/stop_registry.h"
#include "heapwire/transport/io_threads.h"

namespace heapwire::python
{

/// Any thread. No Python object inside. Streams hold it by shared_ptr, so it goes after them.
class thread_pool : public host::stoppable
{
public:
    /// Made with `make`, because the registry needs a shared_ptr. Attached. `threads` < 1: std::invalid_argument.
    [[nodiscard]] static std::shared_ptr<thread_pool> make(std::size_t threads, std::vector<int> cores);
    explicit thread_pool(std::size_t threads, std::vector<int> cores)
        : threads_(std::make_unique<transport::io_threads>(threads, std::move(cores)))
    {
    }
    ~thread_pool() override
    {
        if (born_.orphaned())
            (void)threads_.release(); // its threads are the parent's: there is nothing to join here
    }

    /// Blocks: detached only.
    void stop()
    {
        if (!born_.orphaned())
            threads_->stop();
    }
    /// Throws std::system_error(errc::orphaned) in the child of a fork.
    [[nodiscard]] transport::io_ref io() const
    {
        born_.require_alive("ThreadPool");
        return threads_->ref();
    }

    void request_stop() noexcept override {} // streams need the threads in order to stop: pools are joined after them
    bool join(steady_time) override
    {
        threads_->stop();
        return true;
    }

private:
    std::unique_ptr<transport::io_threads> threads_;
    host::birth born_;
    host::stop_registry::registration registered_;
};

} // namespace heapwire::python
