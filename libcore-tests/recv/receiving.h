// SPDX-License-Identifier: BSD-3-Clause
/// What tests of the receiver share: a sink with a door, and a way to feed it.
#pragma once

#include <memory>
#include <vector>

#include "heapwire/heap/heap.h"
#include "heapwire/queue/space_hook.h"
#include "heapwire/recv/receiver.h"
#include "support/packet_maker.h"

namespace heapwire::test
{

/// Takes `room` heaps, then says no.
class gathering_sink : public recv::heap_sink
{
public:
    bool accept(std::unique_ptr<heap_builder> &finished) override
    {
        if (room == 0)
            return false;
        --room;
        heaps.emplace_back(std::move(finished));
        return true;
    }

    std::size_t room = ~std::size_t{0};
    std::vector<heap> heaps;
};

[[nodiscard]] inline std::vector<recv::datagram> as_datagrams(const std::vector<packet> &packets)
{
    std::vector<recv::datagram> out;
    for (const packet &p : packets)
        out.push_back({.bytes = p});
    return out;
}

inline recv::taken feed(recv::receiver &to, const packet &one)
{
    const recv::datagram d{.bytes = one};
    return to.take({&d, 1});
}

inline recv::taken feed(recv::receiver &to, const std::vector<packet> &packets)
{
    return to.take(as_datagrams(packets));
}

[[nodiscard]] inline std::vector<std::uint64_t> cnts(const std::vector<heap> &heaps)
{
    std::vector<std::uint64_t> out;
    for (const heap &h : heaps)
        out.push_back(h.cnt());
    return out;
}

/// Counts how often it was told that there is room.
struct counting_hook : space_hook
{
    counting_hook()
    {
        context = this;
        call = [](void *me) noexcept { ++static_cast<counting_hook *>(me)->calls; };
    }
    int calls = 0;
};

} // namespace heapwire::test
