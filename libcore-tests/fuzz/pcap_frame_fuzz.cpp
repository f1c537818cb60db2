// SPDX-License-Identifier: BSD-3-Clause
/// Invariant: whatever was captured, the payload that is found lies inside the captured bytes, and a frame that was not
/// captured whole never gives a whole datagram unless its end was captured. Two bytes of the input select the link
/// type and how much of the frame is missing.
#include <cstdlib>
#include <memory>

#include "heapwire/transport/pcap_frame.h"

using namespace heapwire;
using namespace heapwire::transport;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    constexpr int links[] = {0, 1, 12, 14, 101, 108, 113, 147, 228, 229, 276};
    if (size < 2)
        return 0;
    const int link = links[data[0] % std::size(links)];
    const std::size_t missing = data[1];
    const bytes_view captured(reinterpret_cast<const std::byte *>(data) + 2, size - 2);
    const frame f = decode_frame(link, captured, captured.size() + missing);
    const bool has_payload = f.kind == frame_kind::udp || f.kind == frame_kind::cut;
    if (!f.payload.empty())
    {
        if (!has_payload || f.payload.data() < captured.data() ||
            f.payload.data() + f.payload.size() > captured.data() + captured.size())
            std::abort();
    }
    if (f.kind == frame_kind::udp && f.payload.empty())
        std::abort();
    if (f.kind == frame_kind::cut && missing == 0)
        std::abort();
    if (!is_known_link_type(link) && f.kind != frame_kind::not_udp)
        std::abort();
    return 0;
}
