// SPDX-License-Identifier: BSD-3-Clause
// Invariant: whatever heaps are pushed and however writes fall short or fail, every packet that is offered parses, fits
// the packet size and follows the one before of its heap; every accepted group completes once and in order; and what
// push() refuses leaves no trace.
#include <cstdint>
#include <deque>
#include <map>
#include <vector>

#include "fuzz/fuzz_input.h"
#include "heapwire/send/sender.h"
#include "heapwire/wire/packet_view.h"

using namespace heapwire;

namespace
{

using fuzz::input;
using fuzz::require;

send::options read_options(input &from)
{
    send::options how;
    how.max_packet_size = 56 + from.number(2) % 3000;
    how.packets = static_cast<send::split>(from.number(1) % 3);
    if (how.packets == send::split::exact)
        how.payload_size = 8 + 8 * (from.number(1) % ((how.max_packet_size - 48) / 8));
    how.max_heaps = 1 + from.number(1) % 20;
    how.rate = from.number(1) % 3 == 0 ? 1e9 : 0;
    how.burst_size = from.number(1) * 16;
    return how;
}

class conversation
{
public:
    explicit conversation(input from) : from_(from), how_(read_options(from_)), sender_(how_, 2), memory_(4096) {}

    void run()
    {
        while (!from_.empty())
        {
            switch (from_.number(1) % 4)
            {
            case 0:
                push();
                break;
            case 1:
                complete();
                break;
            default:
                write(from_.number(1));
            }
        }
        if (how_.max_heaps % 2)
            sender_.stop();
        while (!sender_.idle())
            write(255);
        complete();
        require(waiting_.empty());
    }

private:
    struct progress
    {
        std::uint64_t next_offset = 0;
        std::uint64_t length = 0;
    };

    const outgoing_heap *heap(std::int64_t &cnt)
    {
        outgoing_heap &made = heaps_.emplace_back(wire::flavour(8 * static_cast<int>(1 + from_.number(1) % 7)));
        std::uint64_t n = from_.number(1) % 40;
        for (std::uint64_t i = 0; i < n; ++i)
        {
            std::uint64_t kind = from_.number(1);
            made.add_item(5, bytes_view(memory_).first(from_.number(kind & 8 ? 2 : 1) % memory_.size()), kind & 1);
            if (kind % 16 == 6)
            {
                made.item(i) = {.id = from_.number(3), .value = from_.number(3), .bytes = {}, .is_integer = true};
            }
        }
        made.repeat_pointers(from_.number(1) % 4 == 0);
        cnt = static_cast<std::int64_t>(next_cnt_++);
        return &made;
    }

    void push()
    {
        std::vector<send::heap_reference> group(from_.number(1) % 4);
        std::size_t queued = sender_.queued();
        for (send::heap_reference &each : group)
        {
            each.heap = heap(each.cnt);
            each.substream = from_.number(1) % 8 == 7 ? 2 : 0;
        }
        auto mode = from_.number(1) % 2 ? send::group_mode::serial : send::group_mode::round_robin;
        std::error_code refused =
            sender_.push(group, mode, {.call = nullptr, .context = nullptr, .token = next_token_});
        require(sender_.queued() == queued + (refused ? 0 : group.size()));
        if (!refused)
            waiting_.push_back(next_token_++);
    }

    void write(std::uint64_t most)
    {
        send::next_step step = sender_.next(now_);
        if (step.what == send::next_step::wait)
        {
            require(step.until > now_);
            now_ = step.until;
            return;
        }
        if (step.what == send::next_step::idle)
            return;
        std::size_t count = std::min<std::size_t>(step.packets.size(), most);
        for (const send::packet &packet : step.packets.first(count))
            look_at(packet);
        std::error_code error;
        if (most % 5 == 4)
            error = std::make_error_code(std::errc::message_size);
        sender_.written(count, error, now_);
    }

    void look_at(const send::packet &packet)
    {
        std::vector<std::byte> bytes;
        for (bytes_view part : packet.parts)
            bytes.insert(bytes.end(), part.begin(), part.end());
        require(bytes.size() == packet.size && packet.size <= how_.max_packet_size);
        require(packet.parts.size() <= send::packet_batch::max_parts);
        wire::packet_view view;
        require(wire::parse_packet(bytes, wire::framing::datagram, view) == wire::reject::none);
        progress &heap = progress_[view.heap_cnt];
        require(view.payload_offset == heap.next_offset && !view.payload.empty());
        require(heap.next_offset == 0 || heap.length == view.heap_length);
        heap.length = view.heap_length;
        heap.next_offset += view.payload.size();
    }

    void complete()
    {
        send::finished done[3];
        while (std::size_t n = sender_.take_finished(done))
            for (const send::finished &each : std::span(done).first(n))
            {
                require(!waiting_.empty() && each.whom.token == waiting_.front());
                waiting_.pop_front();
            }
        require(!sender_.has_finished());
    }

    input from_;
    send::options how_;
    send::sender sender_;
    std::vector<std::byte> memory_;
    std::deque<outgoing_heap> heaps_;
    std::deque<std::uint64_t> waiting_;
    std::map<std::uint64_t, progress> progress_;
    std::uint64_t next_token_ = 0;
    std::uint64_t next_cnt_ = 0; // explicit, so that each heap has its own; the 8-bit flavour refuses from 256 on
    send::time_point now_{};
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    conversation(input(data, size)).run();
    return 0;
}
