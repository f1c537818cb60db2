// SPDX-License-Identifier: BSD-3-Clause
#include "send/sending.h"

#include <system_error>

namespace heapwire::test
{

bytes to_bytes(std::initializer_list<int> values)
{
    bytes out;
    for (int value : values)
        out.push_back(static_cast<std::byte>(value));
    return out;
}

bytes to_bytes(std::string_view text)
{
    auto view = std::as_bytes(std::span(text));
    return {view.begin(), view.end()};
}

bytes counting(std::size_t size, int step)
{
    bytes out(size);
    for (std::size_t i = 0; i < size; ++i)
        out[i] = static_cast<std::byte>(i * static_cast<std::size_t>(step));
    return out;
}

bytes filled(std::size_t size, int value) { return bytes(size, static_cast<std::byte>(value)); }

bytes flatten(const send::packet &packet)
{
    bytes out;
    for (bytes_view part : packet.parts)
        out.insert(out.end(), part.begin(), part.end());
    return out;
}

datagrams flatten(std::span<const send::packet> packets)
{
    datagrams out;
    for (const send::packet &packet : packets)
        out.push_back(flatten(packet));
    return out;
}

datagrams cut(const outgoing_heap &heap, std::uint64_t cnt, const send::options &how)
{
    how.validate();
    send::packetizer packets;
    if (std::error_code refused = packets.start(heap, cnt, send::cutting(how)))
        throw std::system_error(refused);
    datagrams out;
    send::packet_batch batch;
    std::vector<wire::item_pointer> scratch;
    while (!packets.done())
    {
        batch.clear();
        packets.make_packet(batch, scratch, 0, 0);
        out.push_back(flatten(batch.packets().front()));
    }
    return out;
}

datagrams cut(const outgoing_heap &heap, std::uint64_t cnt, std::size_t max_packet_size)
{
    send::options how;
    how.max_packet_size = max_packet_size;
    how.packets = send::split::full;
    return cut(heap, cnt, how);
}

datagrams drain(send::sender &from, send::time_point &now)
{
    datagrams out;
    for (;;)
    {
        send::next_step step = from.next(now);
        if (step.what == send::next_step::idle)
            return out;
        if (step.what == send::next_step::wait)
        {
            now = step.until;
            continue;
        }
        for (bytes &packet : flatten(step.packets))
            out.push_back(std::move(packet));
        from.written(step.packets.size(), {}, now);
    }
}

datagrams drain(send::sender &from)
{
    send::time_point now = at_ns(0);
    return drain(from, now);
}

std::vector<send::finished> take(send::sender &from)
{
    std::vector<send::finished> out;
    send::finished some[3];
    while (std::size_t n = from.take_finished(some))
        out.insert(out.end(), some, some + n);
    return out;
}

} // namespace heapwire::test
