// SPDX-License-Identifier: BSD-3-Clause
#include "storm.h"

#include "heapwire/base/error.h"

namespace heapwire::transport
{
namespace
{

/// What will become of one packet. Always the same number of throws, so that one probability does not change what
/// the others do.
struct fate
{
    fate(dice &d, const weather &how)
        : lose(d.falls(how.lose)), duplicate(d.falls(how.duplicate)), hold(d.falls(how.reorder)),
          corrupt(d.falls(how.corrupt)), delay(1 + d.number() % how.reorder_depth), bit(d.number())
    {
    }
    bool lose, duplicate, hold, corrupt;
    std::uint64_t delay; ///< in packets
    std::uint64_t bit;
};

void check_probability(const char *name, double p)
{
    if (!(p >= 0 && p <= 1))
        throw_bad_argument(name, p, "0 to 1");
}

} // namespace

void weather::validate() const
{
    check_probability("lose", lose);
    check_probability("duplicate", duplicate);
    check_probability("reorder", reorder);
    check_probability("corrupt", corrupt);
    if (reorder_depth == 0)
        throw_bad_argument("reorder_depth", reorder_depth, "1 packet or more");
}

bool storm::spares(std::span<const bytes_view> parts, std::uint32_t substream)
{
    const fate f(dice_, how_);
    if (f.lose)
    {
        ++report_.lost;
        return false;
    }
    if (!f.duplicate && !f.hold && !f.corrupt)
        return true;
    copied_packet copy{{}, substream, seen_ + f.delay};
    for (const bytes_view part : parts)
        copy.bytes.insert(copy.bytes.end(), part.begin(), part.end());
    if (f.corrupt && !copy.bytes.empty())
    {
        const std::uint64_t bit = f.bit % (copy.bytes.size() * 8);
        copy.bytes[bit / 8] ^= std::byte{1} << (bit % 8);
        ++report_.corrupted;
    }
    if (f.duplicate)
    {
        ++report_.duplicated;
        leaving_.push_back(copy);
    }
    if (f.hold)
        ++report_.reordered;
    (f.hold ? held_ : leaving_).push_back(std::move(copy));
    return false;
}

void storm::pass_on()
{
    ++seen_;
    for (auto p = held_.begin(); p != held_.end();)
    {
        if (p->due > seen_)
        {
            ++p;
            continue;
        }
        leaving_.push_back(std::move(*p));
        p = held_.erase(p);
    }
}

} // namespace heapwire::transport
