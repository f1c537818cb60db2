// SPDX-License-Identifier: BSD-3-Clause
/// Invariant: a text is refused with a reason, or is a header within the limits that survives being written again and
/// being swapped twice.
#include <cstdlib>

#include "heapwire/wire/numpy_header.h"

using namespace heapwire::wire;

namespace
{

void require(bool condition)
{
    if (!condition)
        std::abort();
}

void expect_within_limits(const numpy_header &header)
{
    unsigned __int128 bytes = header.item_bytes;
    require(bytes > 0 && header.shape.size() <= 64);
    for (const std::uint64_t size : header.shape)
    {
        bytes *= size == 0 ? 1 : size;
        require(bytes >> 63 == 0);
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    const std::string text(reinterpret_cast<const char *>(data), size);
    std::string why;
    const auto header = parse_numpy_header(text, &why);
    require(header.has_value() == why.empty());
    const auto swapped = swap_byte_order(text);
    require(header.has_value() == swapped.has_value());
    if (!header)
        return 0;

    expect_within_limits(*header);
    require(swap_byte_order(*swapped) == text);
    std::string descr = header->descr;
    if (descr.front() != '[') // a quoted type string: u'<f4' or "<f4"
    {
        const std::size_t open = descr.find_first_of("'\"");
        descr = descr.substr(open + 1, descr.size() - open - 2);
    }
    const auto again = parse_numpy_header(write_numpy_header(descr, header->fortran_order, header->shape));
    require(again && again->shape == header->shape && again->item_bytes == header->item_bytes);
    require(again->fortran_order == header->fortran_order);
    return 0;
}
