// SPDX-License-Identifier: BSD-3-Clause
/// F-engine output, shaped as MeerKAT's: antennas send heaps of one spectrum each, which are gathered into chunks of
/// [time][antenna][channel] without a callback. Sender and receiver are in this process.
#include <algorithm>
#include <array>
#include <iostream>
#include <stdexcept>

#include "heapwire/recv/chunk_stream.h"
#include "heapwire/transport/inproc.h"

using namespace heapwire;

namespace
{

constexpr std::uint64_t antennas = 8, channels = 4096, spectra_a_chunk = 16, spectra = 50;
constexpr std::uint64_t samples_a_spectrum = 2 * channels; // timestamps count samples of the digitiser
constexpr std::uint64_t timestamp_id = 0x1600, antenna_id = 0x4101, data_id = 0x4300;

std::byte sample(std::uint64_t spectrum, std::uint64_t antenna, std::uint64_t channel)
{
    return static_cast<std::byte>(spectrum * 31 + antenna * 7 + channel);
}

void send_all(const std::shared_ptr<transport::inproc_queue> &queue)
{
    transport::io_threads io;
    transport::inproc_sender sender(io, {queue}, {.max_packet_size = 1472});
    std::array<std::byte, channels> payload;
    for (std::uint64_t spectrum = 0; spectrum < spectra; ++spectrum)
        for (std::uint64_t antenna = 0; antenna < antennas; ++antenna)
        {
            for (std::uint64_t c = 0; c < channels; ++c)
                payload[c] = sample(spectrum, antenna, c);
            outgoing_heap heap;
            heap.add_immediate(timestamp_id, spectrum * samples_a_spectrum);
            heap.add_immediate(antenna_id, antenna);
            heap.add_item(data_id, bytes_view(payload));
            heap.repeat_pointers(true); // so that any packet may come first
            if (sender.send_heap({.heap = &heap}).error)
                throw std::runtime_error("not sent");
        }
    queue->stop();
}

/// chunk = spectrum / 16; flag = spectrum % 16 * antennas + antenna; a heap of 4096 bytes lies where its flag says.
recv::chunk_options placement()
{
    recv::linear_placement rule;
    const recv::linear_term time{.item = 0, .divide = samples_a_spectrum, .modulo = spectra_a_chunk, .scale = antennas};
    const recv::linear_term antenna{.item = 1};
    rule.chunk_id.terms = {{.item = 0, .divide = samples_a_spectrum * spectra_a_chunk}};
    rule.heap_index.terms = {time, antenna};
    rule.heap_offset.terms = {time, antenna};
    for (recv::linear_term &term : rule.heap_offset.terms)
        term.scale *= channels;
    rule.heap_size = channels;
    return {.items = {timestamp_id, antenna_id}, .place = rule};
}

} // namespace

int main()
{
    const auto data = std::make_shared<recv::chunk_ring>(4), free = std::make_shared<recv::chunk_ring>(4);
    recv::chunk_ring_stream stream({.max_heaps = antennas, .order = ordering::any_order}, placement(), data, free);
    for (int i = 0; i < 4; ++i)
    {
        auto chunk =
            recv::make_chunk({.data = spectra_a_chunk * antennas * channels, .present = spectra_a_chunk * antennas});
        static_cast<void>(stream.add_free_chunk(chunk));
    }
    transport::io_threads io;
    const auto queue = std::make_shared<transport::inproc_queue>();
    stream.add(transport::make_inproc_source(io, stream.gate(), queue));
    send_all(queue);

    std::uint64_t right = 0;
    while (auto chunk = stream.pop())
    {
        const auto present = chunk->present.view();
        for (std::uint64_t flag = 0; flag < present.size(); ++flag)
        {
            if (present[flag] == std::byte{0})
                continue;
            const auto spectrum = static_cast<std::uint64_t>(chunk->chunk_id) * spectra_a_chunk + flag / antennas;
            std::uint64_t channel = 0;
            const auto heap = chunk->data.view().subspan(flag * channels, channels);
            right += std::all_of(heap.begin(), heap.end(),
                                 [&](std::byte b) { return b == sample(spectrum, flag % antennas, channel++); });
        }
        std::cout << "chunk " << chunk->chunk_id << ": " << std::count(present.begin(), present.end(), std::byte{1})
                  << " of " << present.size() << " heaps\n";
        static_cast<void>(stream.add_free_chunk(chunk));
    }
    std::cout << right << " heaps are right\n";
    return right == spectra * antennas ? 0 : 1;
}
