// SPDX-License-Identifier: BSD-3-Clause
/// Threads with an io_context and their cores.
#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>
#include <span>
#include <vector>

namespace heapwire::transport
{

/// A context and, if they are the library's own, what keeps it alive. Sources and senders hold one.
class io_ref
{
public:
    /// Your own context: it must outlive everything made with it.
    io_ref(boost::asio::io_context &context) : context_(&context) {} // NOLINT: implicit on purpose
    io_ref(boost::asio::io_context &context, std::shared_ptr<void> keep) : context_(&context), keep_(std::move(keep)) {}
    [[nodiscard]] boost::asio::io_context &context() const noexcept { return *context_; }

private:
    boost::asio::io_context *context_;
    std::shared_ptr<void> keep_;
};

/// `threads` workers (>= 1, else std::invalid_argument), each with all signals blocked, named "heapwire-io", and pinned
/// to cores[i % cores.size()] if cores are given (a core that cannot be had is logged). stop() and the destructor
/// join; the context itself lives as long as somebody refers to it. An exception from a handler is logged and the
/// worker goes on.
class io_threads
{
public:
    explicit io_threads(std::size_t threads = 1, std::vector<int> cores = {});
    ~io_threads();
    io_threads(const io_threads &) = delete;
    io_threads &operator=(const io_threads &) = delete;

    [[nodiscard]] io_ref ref() noexcept;
    operator io_ref() noexcept { return ref(); } // NOLINT
    [[nodiscard]] boost::asio::io_context &context() noexcept;
    /// Stops the context and joins. Idempotent. Not from a worker.
    void stop() noexcept;
    [[nodiscard]] std::size_t size() const noexcept;
    /// Pins the calling thread; false if that is refused.
    static bool pin_this_thread(int core) noexcept;

private:
    struct impl;
    std::shared_ptr<impl> impl_;
};

} // namespace heapwire::transport
