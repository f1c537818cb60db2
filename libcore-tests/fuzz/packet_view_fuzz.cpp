// SPDX-License-Identifier: BSD-3-Clause
/// Invariant: for every sequence of bytes parse_packet answers what a plain reading of the protocol answers, and never
/// looks past the end.
#include <cstdlib>

#include "wire/plain_packet.h"

using namespace heapwire;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    const bytes_view bytes(reinterpret_cast<const std::byte *>(data), size);
    if (test::disagreement(bytes, wire::framing::datagram) || test::disagreement(bytes, wire::framing::stream))
        std::abort();
    return 0;
}
