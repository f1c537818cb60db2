// SPDX-License-Identifier: BSD-3-Clause
#include "source_base.h"

#include "heapwire/base/log.h"

namespace heapwire::transport
{

source_base::source_base(boost::asio::io_context &io, std::shared_ptr<recv::packet_gate> gate)
    : io_(io), gate_(std::move(gate))
{
    hook_.context = this;
    // The hook is cancelled in stop(), before the source can go, so the pointer is good whenever this runs.
    hook_.call = [](void *context) noexcept { static_cast<source_base *>(context)->space_found(); };
}

void source_base::start()
{
    later([this] { begin(); });
}

void source_base::stop() noexcept
{
    std::shared_ptr<recv::packet_gate> gate; // goes after the lock: it may be the last that holds the stream's core
    std::lock_guard lock(mutex_);
    if (stopped_)
        return;
    stopped_ = true;
    gate_->cancel(hook_);
    close();
    gate = std::move(gate_);
}

void source_base::request_stop() noexcept
{
    try
    {
        boost::asio::post(io_,
                          [weak = weak_from_this()]
                          {
                              if (auto self = weak.lock())
                                  self->stop();
                          });
    }
    catch (const std::exception &) // no memory for a handler: the stream's own stop() comes later
    {
    }
}

class source_base::space_handler
{
public:
    using allocator_type = operation_allocator<void>;

    explicit space_handler(std::shared_ptr<source_base> self) noexcept : self_(std::move(self)) {}
    [[nodiscard]] allocator_type get_allocator() const noexcept { return allocator_type(self_->for_space_); }
    void operator()() const
    {
        self_->guarded([self = self_.get()] { self->go_on(); })();
    }

private:
    std::shared_ptr<source_base> self_;
};

void source_base::space_found() noexcept
{
    // As long as the hook waits this thread cannot be inside the lock. Who stops the source may be: he waits for us.
    const std::shared_ptr<source_base> alive = shared_from_this();
    if (resumes_at_once() && try_at_once([this] { go_on(); }))
        return;
    try
    {
        boost::asio::post(io_, space_handler(alive));
    }
    catch (const std::exception &e)
    {
        HEAPWIRE_LOG(warning, "transport", "a source cannot go on: ", e.what());
    }
}

void source_base::end_of_data()
{
    ending_ = true;
    close();
    if (offer([this] { return gate_->source_ended(); }))
        finish();
}

void source_base::finish() noexcept
{
    finished_ = true;
    close();
}

void source_base::failed(const char *what) noexcept
{
    HEAPWIRE_LOG(warning, "transport", "a source ends because of an exception: ", what);
    try
    {
        end_of_data();
    }
    catch (const std::exception &)
    {
        finish();
    }
}

} // namespace heapwire::transport
