// SPDX-License-Identifier: BSD-3-Clause
/// Where data comes from or goes to, as written on the command line: udp://host:port, tcp://host:port, pcap:FILE,
/// file:FILE.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "heapwire/wire/flavour.h"

namespace tools
{

enum class place_kind : std::uint8_t
{
    udp,
    tcp,
    pcap,
    file
};

struct place
{
    place_kind kind;
    std::string where; ///< "host:port" or a file's name
};

/// Throws usage_error.
[[nodiscard]] place parse_place(const std::string &text);
[[nodiscard]] std::vector<place> parse_places(const std::vector<std::string> &texts);

/// "64-40" and the bits of --bugs. Throws usage_error or std::invalid_argument.
[[nodiscard]] heapwire::wire::flavour parse_flavour(const std::string &text, std::uint32_t bugs);

} // namespace tools
