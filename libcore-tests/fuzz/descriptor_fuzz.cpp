// SPDX-License-Identifier: BSD-3-Clause
/// Invariant: whatever is in a DESCRIPTOR item, the descriptors read from it are no larger than the item, and each that
/// can be written again reads back equal. The first byte of the input selects the bugs.
#include <cstdlib>
#include <stdexcept>

#include "heapwire/wire/descriptor.h"

using namespace heapwire;
using namespace heapwire::wire;

namespace
{

void expect_round_trip(const descriptor &d, flavour f)
{
    std::vector<std::byte> written;
    try
    {
        written = encode_descriptor(d, f);
    }
    catch (const std::invalid_argument &) // it came in another flavour, or has two variable dimensions
    {
        return;
    }
    std::vector<descriptor> again;
    decode_descriptors(written, f.bugs(), again);
    if (again.size() != 1 || again[0] != d)
        std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    if (size == 0)
        return 0;
    const std::uint32_t bugs = data[0] & 7u;
    const bytes_view value(reinterpret_cast<const std::byte *>(data) + 1, size - 1);
    std::vector<descriptor> found;
    decode_descriptors(value, bugs, found);
    std::size_t total = 0;
    for (const descriptor &d : found)
    {
        if (d.id == 0)
            std::abort();
        // A descriptor costs 32 bytes of packet at least; a field is payload or an immediate of at most 7 bytes.
        total += 8 + d.name.size() + d.description.size() + d.numpy_header.size() + d.shape.size() + d.format.size();
        for (const int bits : {40, 48, 56})
            expect_round_trip(d, flavour(bits, bugs));
    }
    if (total > value.size())
        std::abort();
    return 0;
}
