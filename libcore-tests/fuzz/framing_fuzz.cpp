// SPDX-License-Identifier: BSD-3-Clause
/// Invariant: the same packets come out of a byte stream however it is sliced, and measure_packet always asks for more
/// than it was given.
#include <algorithm>
#include <cstdlib>
#include <utility>
#include <vector>

#include "heapwire/wire/packet_view.h"

using namespace heapwire;
using namespace heapwire::wire;

namespace
{

using extents = std::vector<std::pair<std::size_t, std::size_t>>; ///< where a packet starts, and its size

/// Cuts the stream while `step` more bytes arrive at a time. After damage, the next byte is tried.
extents cut(bytes_view stream, std::size_t step)
{
    extents found;
    std::size_t at = 0, here = 0;
    while (true)
    {
        const bytes_view rest = stream.subspan(at, here - at);
        const packet_extent e = measure_packet(rest);
        if (e.state == packet_extent::need_more)
        {
            if (e.size <= rest.size())
                std::abort();
            if (here == stream.size())
                return found;
            here += std::min(step, stream.size() - here);
        }
        else if (e.state == packet_extent::malformed)
        {
            ++at;
        }
        else
        {
            if (e.size < 8 || e.size > rest.size() || !e.exact)
                std::abort();
            found.emplace_back(at, e.size);
            at += e.size;
        }
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    const bytes_view stream(reinterpret_cast<const std::byte *>(data), size);
    const extents whole = cut(stream, size + 1);
    for (const std::size_t step : {1, 3, 8, 61})
        if (cut(stream, step) != whole)
            std::abort();

    for (const auto &[at, length] : whole)
    {
        packet_view view;
        if (parse_packet(stream.subspan(at), framing::stream, view) == reject::none && view.size != length)
            std::abort();
    }
    return 0;
}
