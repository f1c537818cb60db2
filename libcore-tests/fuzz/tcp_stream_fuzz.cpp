// SPDX-License-Identifier: BSD-3-Clause
/// Invariant: the same packets, in the same order, come out of a TCP stream however it is sliced, garbage and oversized
/// packets included; and what the splitter leaves over is never more than a reader's buffer holds. The first byte of
/// the input selects the slices, the second the largest packet.
#include <algorithm>
#include <cstdlib>
#include <vector>

#include "heapwire/transport/stream_splitter.h"

using namespace heapwire;
using namespace heapwire::transport;

namespace
{

struct found
{
    std::size_t at;
    bool truncated;
    bool operator==(const found &) const = default;
};

std::vector<found> cut(bytes_view stream, std::size_t max_packet, std::size_t step)
{
    stream_splitter splitter(max_packet);
    std::vector<found> all;
    std::vector<recv::datagram> out;
    std::size_t begin = 0, end = 0;
    while (end < stream.size())
    {
        end += std::min(step, stream.size() - end);
        begin += splitter.cut(stream.subspan(begin, end - begin), out);
        if (begin > end || end - begin >= std::max(max_packet, stream_splitter::longest_header))
            std::abort();
        for (const recv::datagram &d : out)
        {
            if (!d.truncated && d.bytes.size() > std::max(max_packet, stream_splitter::longest_header))
                std::abort();
            all.push_back({static_cast<std::size_t>(d.bytes.data() - stream.data()), d.truncated});
        }
        out.clear();
    }
    return all;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    if (size < 2)
        return 0;
    const std::size_t step = 1 + data[0];
    const std::size_t max_packet = 56 + 8 * std::size_t{data[1]};
    const bytes_view stream(reinterpret_cast<const std::byte *>(data) + 2, size - 2);
    const auto whole = cut(stream, max_packet, stream.size());
    if (cut(stream, max_packet, step) != whole || cut(stream, max_packet, 1) != whole)
        std::abort();
    return 0;
}
