// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/recv/chunk_receiver.h"

#include <algorithm>

#include "chunk_intake.h"

namespace heapwire::recv
{
namespace
{

/// Headers are the first that is touched of a packet, and where the next one lies is only known from them: without
/// this, each waits for memory after the other.
constexpr std::size_t packets_ahead = 8;

void fetch_header(const std::byte *packet) noexcept
{
    __builtin_prefetch(packet);
    __builtin_prefetch(packet + 63); // most headers begin in the middle of a cache line
}

} // namespace

struct chunk_receiver::impl : chunk_intake
{
    using chunk_intake::chunk_intake;
};

chunk_receiver::chunk_receiver(options how, chunk_options where, chunk_port &port)
    : impl_(std::make_unique<impl>(std::move(how), std::move(where), port))
{
}
chunk_receiver::~chunk_receiver() = default;

taken chunk_receiver::take(std::span<const datagram> packets)
{
    impl &r = *impl_;
    flow state = r.settle();
    std::size_t used = 0;
    while (used < packets.size() && (state != flow::full || r.stopping))
    {
        const std::size_t n = std::min(packets.size() - used, chunk_intake::batch_size);
        for (std::size_t i = 0; i < n; ++i)
        {
            const datagram &packet = packets[used + i];
            if (i + packets_ahead < n && packets[used + i + packets_ahead].bytes.size() >= 64)
                fetch_header(packets[used + i + packets_ahead].bytes.data());
            intake_entry &e = r.entry(i);
            e.source = r.how.key_by_source ? packet.source : 0;
            e.reject = packet.truncated ? wire::reject::truncated
                                        : wire::parse_packet(packet.bytes, wire::framing::datagram, e.view);
            if (e.reject == wire::reject::none) [[likely]]
                r.scan(e);
        }
        const std::size_t done = r.run(n);
        used += done;
        state = done < n ? flow::full : r.settle();
    }
    r.end_batch(used, state);
    return {used, state};
}

taken chunk_receiver::take_stream(bytes_view bytes, std::int64_t)
{
    impl &r = *impl_;
    flow state = r.settle();
    std::size_t used = 0;
    std::uint64_t packets = 0;
    bool cut = false;
    while (used < bytes.size() && !cut && state == flow::go_on)
    {
        std::size_t n = 0;
        std::size_t looked = used;
        wire::reject bad = wire::reject::none;
        bool stop = false;
        while (n < chunk_intake::batch_size && looked < bytes.size() && !stop && bad == wire::reject::none)
        {
            intake_entry &e = r.entry(n);
            bad = wire::parse_packet(bytes.subspan(looked), wire::framing::stream, e.view);
            if (bad != wire::reject::none)
                break;
            e.reject = wire::reject::none;
            e.source = 0;
            r.scan(e);
            stop = e.stop; // what follows is of no use to a stream of bytes
            looked += e.view.size;
            ++n;
            // Mostly a guess: packets are of one size as a rule.
            if (const std::size_t ahead = packets_ahead * e.view.size; ahead + 64 <= bytes.size() - looked)
                fetch_header(bytes.data() + looked + ahead);
        }
        const std::size_t done = r.run(n);
        for (std::size_t i = 0; i < done; ++i)
            used += r.entry(i).view.size;
        packets += done;
        state = done < n ? flow::full : r.settle();
        if (state != flow::go_on || bad == wire::reject::none)
            continue;
        // Only now, once a call: is it cut off, or nonsense?
        cut = wire::measure_packet(bytes.subspan(used)).state == wire::packet_extent::need_more;
        if (cut)
            break;
        r.bump(stat_index(stat::datagrams));
        r.bump(stat_index(bad));
        r.stopping = true;
        state = r.settle();
    }
    r.end_batch(packets, state);
    return {used, state};
}

flow chunk_receiver::finish()
{
    impl_->stopping = true;
    return retry();
}

flow chunk_receiver::retry()
{
    const flow state = impl_->settle();
    impl_->end_batch(0, state);
    return state;
}

bool chunk_receiver::release_before(std::int64_t id)
{
    const bool done = impl_->release_before(id);
    impl_->end_batch(0, done ? flow::go_on : flow::full);
    return done;
}

bool chunk_receiver::ended() const noexcept { return impl_->ended; }

void chunk_receiver::count_kernel_drops(std::uint64_t packets) noexcept
{
    impl_->bump(stat_index(stat::kernel_drops), packets);
}

const stats &chunk_receiver::statistics() const noexcept { return impl_->numbers; }

const options &chunk_receiver::configuration() const noexcept { return impl_->how; }

const chunk_options &chunk_receiver::chunk_configuration() const noexcept { return impl_->where; }

const chunk_window &chunk_receiver::window() const noexcept { return impl_->window; }

} // namespace heapwire::recv
