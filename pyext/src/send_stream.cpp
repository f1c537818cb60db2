// SPDX-License-Identifier: BSD-3-Clause
#include "send_stream.h"

#include <atomic>

#include <boost/container/small_vector.hpp>

#include "bridge/errors.h"
#include "bridge/gil_wait.h"
#include "bridge/runtime.h"
#include "heapwire/base/error.h"
#include "heapwire/base/log.h"

namespace heapwire::python
{

namespace
{
// A destructor waits so long for a peer that does not read.
std::atomic<std::chrono::milliseconds> longest_stall{std::chrono::seconds(20)};
} // namespace

void set_longest_stall(std::chrono::milliseconds length) noexcept
{
    longest_stall.store(length, std::memory_order_relaxed);
}

send_stream::send_stream(std::shared_ptr<thread_pool> pool, const send_stream_config &config, const make_sink &sink,
                         send::split packets)
    : pool_(std::move(pool)), max_packet_size_(config.max_packet_size), packets_too_small_(config.packets_too_small())
{
    transport::io_ref io = pool_->io();
    send::options options = config.options(packets);
    core_ = std::make_unique<transport::send_stream>(io, sink(io), options);
}

send_stream::~send_stream()
{
    if (born_.orphaned())
        (void)core_.release(); // threads of the parent drive it
    else if (core_)
        flush_for_good();
}

/// The wait policy of a destructor: gives up when nobody else would go on either, or the peer takes nothing.
struct send_stream::last_flush
{
    struct given_up
    {
    };
    const send_stream &of;
    boost::asio::io_context &pool;

    template <typename Step>
    wait_result wait(Step &&step, steady_time deadline)
    {
        for (;;)
        {
            if (of.ending_.load(std::memory_order_relaxed) || pool.stopped())
                throw given_up();
            const std::chrono::duration<double> longest = longest_stall.load(std::memory_order_relaxed);
            if (of.core_->stalled() > longest)
            {
                HEAPWIRE_LOG(warning, "send", "a stream goes with heaps unsent: its peer has taken nothing for ",
                             longest.count(), " s");
                throw given_up();
            }
            steady_time until = std::min(deadline, std::chrono::steady_clock::now() + std::chrono::milliseconds(50));
            wait_result result = step(until, -1);
            if (result == wait_result::ready)
                return result;
        }
    }
};

void send_stream::flush_for_good() noexcept
{
    try
    {
        transport::io_ref io = pool_->io();
        core_->flush(last_flush{*this, io.context()});
    }
    catch (const last_flush::given_up &)
    {
        core_->stop();
    }
    catch (const std::exception &failed)
    {
        HEAPWIRE_LOG(warning, "send", "a stream could not be flushed: ", failed.what());
    }
}

bool send_stream::join(steady_time)
{
    core_->stop(); // fails what is queued; waits for nobody but a completion that runs
    return true;
}

void send_stream::register_at_exit(const std::shared_ptr<send_stream> &self)
{
    registered_ = host::process_registry().add(host::stop_kind::user, self);
}

void send_stream::require_packets() const
{
    if (packets_too_small_)
        throw_bad_argument("max_packet_size", max_packet_size_, "at least 56");
}

std::uint64_t send_stream::send(std::span<const planned_heap> heaps, send::group_mode mode, blocking_flight *as)
{
    blocking_flight::handle call(as);
    require_packets();
    boost::container::small_vector<send::heap_reference, 4> references;
    std::size_t size = 0;
    for (const planned_heap &h : heaps)
    {
        references.push_back(h.core());
        size += h.heap->size();
    }
    transport::send_stream &stream = core();
    transport::send_stream::begun begun;
    auto begin = [&]
    {
        call->share();
        try
        {
            begun =
                stream.begin({references.data(), references.size()}, mode, {blocking_flight::complete, call.get(), 0});
        }
        catch (...)
        {
            call->share_no_more();
            throw;
        }
        if (begun.refused)
            call->share_no_more();
    };
    if (size > much_work)
    {
        detached off;
        begin();
    }
    else
        begin();
    if (begun.refused)
        throw_refusal(begun.refused, heaps.size());
    stream.wait(begun.number, gil_wait{});
    if (call->what().error)
        throw_os_error(call->what().error, "sending a heap");
    return call->what().bytes;
}

void send_stream::flush() { core().flush(gil_wait{}); }

bool is_bad_value(std::error_code why) noexcept
{
    return why == errc::pointers_do_not_fit || why == errc::packet_size_too_small || why == errc::value_out_of_range ||
           why == errc::id_out_of_range;
}

void log_refusal(std::error_code why, std::size_t heaps) noexcept
{
    HEAPWIRE_LOG(warning, "send", heaps == 1 ? "a heap" : "a group of heaps", " was not accepted: ", why.message());
}

void throw_refusal(std::error_code why, std::size_t heaps)
{
    if (is_bad_value(why))
        throw std::invalid_argument("heap cannot be sent: " + why.message());
    log_refusal(why, heaps);
    throw_os_error(why, "heap not accepted");
}

} // namespace heapwire::python
