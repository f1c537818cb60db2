// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/transport/send_stream.h"

#include "heapwire/base/error.h"
#include "send_driver.h"

namespace heapwire::transport
{

send_stream::send_stream(io_ref io, std::unique_ptr<packet_sink> sink, send::options how)
{
    if (!sink)
        throw_bad_argument("sink", std::string("null"), "a sink");
    driver_ = std::make_shared<driver>(std::move(io), std::move(sink), how);
}

// The context goes last: it may hold stale handlers, and they the driver.
send_stream::~send_stream()
{
    std::shared_ptr<driver> kept = std::move(driver_);
    kept->stop();
    io_ref last = kept->retire();
    kept.reset();
}

std::error_code send_stream::submit(const send::heap_reference &heap, send::completion whom)
{
    return driver_->submit({&heap, 1}, send::group_mode::serial, whom);
}

std::error_code send_stream::submit(std::span<const send::heap_reference> heaps, send::group_mode mode,
                                    send::completion whom)
{
    return driver_->submit(heaps, mode, whom);
}

std::error_code send_stream::hold(std::span<const send::heap_reference> heaps, send::group_mode mode,
                                  send::completion whom)
{
    return driver_->hold(heaps, mode, whom);
}

void send_stream::send_held() noexcept
{
    std::shared_ptr<driver> kept = driver_; // a completion may destroy this stream
    kept->send_held();
}

std::error_code send_stream::submit_to(driver &to, references heaps, send::group_mode mode, send::completion whom)
{
    return to.submit(heaps, mode, whom);
}

boost::asio::io_context &send_stream::context_of(driver &of) noexcept { return of.context(); }

send_stream::blocking_try send_stream::begin_blocking(references heaps, send::group_mode mode, detail::outcome_box &box)
{
    return driver_->begin_blocking(heaps, mode, box);
}

send_stream::begun send_stream::begin(references heaps, send::group_mode mode, send::completion whom)
{
    std::shared_ptr<driver> kept = driver_; // a completion may destroy this stream
    return kept->begin(heaps, mode, whom);
}

wait_result send_stream::help(std::uint64_t number, steady_time deadline, int aux_fd)
{
    return driver_->help(number, deadline, aux_fd);
}

bool send_stream::completed(std::uint64_t number) const noexcept { return driver_->completed() >= number; }

std::uint64_t send_stream::accepted() const noexcept { return driver_->accepted(); }

void send_stream::stop() noexcept
{
    std::shared_ptr<driver> kept = driver_; // a completion may destroy this stream
    kept->stop();
}

void send_stream::set_cnt_sequence(std::uint64_t next, std::uint64_t step) { driver_->set_cnt_sequence(next, step); }

send::stats send_stream::statistics() const { return driver_->statistics(); }

std::chrono::nanoseconds send_stream::stalled() const { return driver_->stalled(); }

const send::options &send_stream::configuration() const noexcept { return driver_->configuration(); }

std::size_t send_stream::substreams() const noexcept { return driver_->substreams(); }

bool send_stream::paced_by_kernel() const noexcept { return driver_->paced_by_kernel(); }

} // namespace heapwire::transport
