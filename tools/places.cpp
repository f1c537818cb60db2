// SPDX-License-Identifier: BSD-3-Clause
#include "places.h"

#include <charconv>
#include <string_view>

#include "arguments.h"

namespace tools
{

place parse_place(const std::string &text)
{
    static constexpr std::pair<std::string_view, place_kind> schemes[] = {{"udp://", place_kind::udp},
                                                                          {"tcp://", place_kind::tcp},
                                                                          {"pcap:", place_kind::pcap},
                                                                          {"file:", place_kind::file}};
    for (const auto &[scheme, kind] : schemes)
        if (text.starts_with(scheme) && text.size() > scheme.size())
            return {kind, text.substr(scheme.size())};
    refuse("endpoint", text, "udp://host:port, tcp://host:port, pcap:FILE (receiving only) or file:FILE");
}

std::vector<place> parse_places(const std::vector<std::string> &texts)
{
    if (texts.empty())
        throw usage_error(
            "no endpoint given: udp://host:port, tcp://host:port, pcap:FILE (receiving only) or file:FILE");
    std::vector<place> result;
    for (const std::string &text : texts)
        result.push_back(parse_place(text));
    return result;
}

heapwire::wire::flavour parse_flavour(const std::string &text, std::uint32_t bugs)
{
    int bits = 0;
    auto [end, error] =
        std::from_chars(text.data() + std::min<std::size_t>(3, text.size()), text.data() + text.size(), bits);
    bool good = text.starts_with("64-") && error == std::errc() && end == text.data() + text.size();
    if (!good || bits % 8 != 0 || bits < 8 || bits > 56)
        refuse("--flavour", text, "64-8, 64-16, 64-24, 64-32, 64-40, 64-48 or 64-56");
    return heapwire::wire::flavour(bits, bugs);
}

} // namespace tools
