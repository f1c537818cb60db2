// SPDX-License-Identifier: BSD-3-Clause
/// Invariant: whatever packets come, whatever the sink and the allocator say, the receiver neither crashes nor reads
/// or writes outside, counts every datagram once, hands out every heap once, and gives all memory back.
///
/// Input: a byte of options, then steps: an operation, and what it needs. Packets are made from a few fuzzed numbers
/// most of the time, so that they join heaps, and are raw bytes otherwise.
#include <cstdint>
#include <memory>
#include <vector>

#include "fuzz/fuzz_input.h"
#include "heapwire/heap/heap.h"
#include "heapwire/recv/receiver.h"
#include "support/packet_maker.h"

namespace
{

using namespace heapwire;
using fuzz::input;
using fuzz::require;

class fuzzed_allocator : public allocator
{
public:
    buffer allocate(std::size_t size, const std::byte *) override
    {
        if (fail_in != 0 && --fail_in == 0)
            throw std::bad_alloc();
        ++out;
        return buffer(
            new std::byte[size], size,
            [](std::byte *data, std::size_t, void *me) noexcept
            {
                --static_cast<fuzzed_allocator *>(me)->out;
                delete[] data;
            },
            this);
    }
    std::uint64_t fail_in = 0;
    std::uint64_t out = 0;
};

class fuzzed_sink : public recv::heap_sink
{
public:
    bool accept(std::unique_ptr<heap_builder> &finished) override
    {
        if (room == 0)
            return false;
        --room;
        ++heaps;
        const heap frozen(std::move(finished));
        for (const item &i : frozen.items())
            for (std::byte b : i.bytes) // every byte must be there to be read
                checksum += static_cast<unsigned>(b);
        checksum += frozen.descriptors().size() + frozen.payload_ranges().size();
        return true;
    }
    std::size_t room = 4;
    std::size_t heaps = 0;
    std::uint64_t checksum = 0;
};

test::packet likely_packet(input &in)
{
    const int bits = 8 * (1 + static_cast<int>(in.number(1) % 7));
    const wire::pointer_codec codec(bits);
    test::packet_plan plan{.cnt = in.number(1) % 8, .bits = bits};
    const std::uint64_t shape = in.number(1);
    plan.size = in.number(1) % 64;
    plan.offset = shape & 1 ? in.number(1) : in.number(1) % 8 * 16;
    if (shape & 2)
        plan.length = std::max(shape & 4 ? in.number(1) : 64, plan.offset + plan.size);
    const std::uint64_t mask = (std::uint64_t{1} << bits) - 1;
    plan.offset &= mask;
    if (plan.length)
        *plan.length &= mask;
    for (std::uint64_t i = 0; i < shape >> 3; ++i)
    {
        const std::uint64_t word = in.number(3);
        const std::uint64_t id = word & 0x20 ? word & 7 : 0x40 | (word & 7);
        plan.pointers.push_back(word & 0x10 ? codec.immediate(id, word >> 16) : codec.addressed(id, word >> 16));
    }
    return test::make_packet(plan);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    input in(data, size);
    const std::uint64_t flags = in.number(1);
    auto memory = std::make_shared<fuzzed_allocator>();
    fuzzed_sink sink;
    std::uint64_t given = 0;
    {
        recv::options how{.max_heaps = 1 + (flags >> 6), .substreams = 1 + (flags >> 5 & 1)};
        how.order = flags & 1 ? ordering::any_order : ordering::in_order;
        how.stop_on_stop_item = flags & 2;
        how.allow_unsized_heaps = flags & 4;
        how.key_by_source = flags & 8;
        how.max_heap_size = 4096;
        how.max_item_pointers = 40;
        if (flags & 16)
            how.memory = memory;
        recv::receiver r(how, sink);
        while (!in.empty())
        {
            const std::uint64_t op = in.number(1);
            switch (op % 8)
            {
            case 0:
                sink.room += op / 8;
                break;
            case 1:
                static_cast<void>(r.retry());
                break;
            case 2:
                memory->fail_in = op / 8;
                break;
            case 3:
                if (op > 200)
                    static_cast<void>(r.finish());
                break;
            case 4:
            {
                const auto raw = in.bytes(in.number(1));
                require(r.take_stream(raw).used <= raw.size());
                break;
            }
            default:
            {
                const test::packet p = op % 8 == 5 ? in.bytes(in.number(1)) : likely_packet(in);
                const recv::datagram d{.bytes = p, .source = op / 128, .truncated = op % 64 == 63};
                const recv::taken done = r.take({&d, 1});
                require(done.used <= 1);
                given += done.used;
            }
            }
            const recv::stats &s = r.statistics();
            require(s[recv::stat::datagrams] == s.malformed() + s[recv::stat::packets]);
            require(s[recv::stat::packets] == s[recv::stat::packets_accepted] + s.refused());
            require(s[recv::stat::datagrams] >= given);
        }
        sink.room = ~std::size_t{0};
        require(r.finish() == recv::flow::ended);
        require(r.statistics()[recv::stat::heaps] == sink.heaps);
    }
    require(memory->out == 0 && sink.checksum != ~std::uint64_t{0}); // so that the sum is really made
    return 0;
}
