// SPDX-License-Identifier: BSD-3-Clause
#include "send_stream.h"

#include <boost/container/small_vector.hpp>

#include "bridge/errors.h"
#include "bridge/gil_wait.h"
#include "bridge/runtime.h"
#include "farewell.h"
#include "heapwire/base/error.h"
#include "heapwire/base/log.h"

namespace heapwire::python
{

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
        send_the_rest(std::move(pool_), std::move(core_));
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
