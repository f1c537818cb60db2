// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/base/error.h"

#include <array>
#include <cerrno>
#include <stdexcept>

namespace heapwire
{

namespace
{

// One row for each errc, in its order, from 1.
constexpr std::array<const char *, 12> texts = {
    "stopped",
    "the queue is full",
    "timed out",
    "the source has no more data",
    "max_packet_size is too small for an item pointer and 8 bytes of payload",
    "the repeated item pointers do not fit one packet",
    "item id is reserved or needs more bits than the flavour has",
    "immediate value, address or heap length needs more bits than the flavour has",
    "heap cnt needs more bits than the flavour has",
    "there is no such substream",
    "the group has no heaps",
    "the object belongs to the process before the fork",
};
static_assert(texts.size() == static_cast<std::size_t>(errc::orphaned));

class category final : public std::error_category
{
public:
    const char *name() const noexcept override { return "heapwire"; }

    std::string message(int code) const override
    {
        if (code < 1 || code > static_cast<int>(texts.size()))
            return "unknown heapwire error " + std::to_string(code);
        return texts[static_cast<std::size_t>(code - 1)];
    }

    std::error_condition default_error_condition(int code) const noexcept override
    {
        switch (static_cast<errc>(code))
        {
        case errc::timed_out:
            return std::errc::timed_out;
        case errc::stopped:
            return std::errc::operation_canceled;
        default:
            return {code, *this};
        }
    }
};

} // namespace

const std::error_category &error_category() noexcept
{
    static const category only;
    return only;
}

std::error_code make_error_code(errc code) noexcept { return {static_cast<int>(code), error_category()}; }

void throw_bad_argument(std::string_view argument, const std::string &value, std::string_view allowed)
{
    std::string text(argument);
    text.append(" = ").append(value).append(": ").append(allowed);
    throw std::invalid_argument(text);
}

void throw_errno(std::string_view what, std::string_view subject)
{
    const int code = errno; // before anything that allocates
    std::string text(what);
    if (!subject.empty())
        text.append(": ").append(subject);
    throw std::system_error(code, std::generic_category(), text);
}

} // namespace heapwire
