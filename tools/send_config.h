// SPDX-License-Identifier: BSD-3-Clause
/// The command line of heapwire-send as one struct.
#pragma once

#include <string>
#include <vector>

#include "arguments.h"
#include "heapwire/transport/bad_weather.h"
#include "heapwire/transport/tcp.h"
#include "heapwire/transport/udp.h"
#include "places.h"

namespace tools
{

struct send_config
{
    std::vector<place> places;
    std::size_t substreams = 1;
    heapwire::wire::flavour flavour;
    // what
    std::uint64_t heaps = 0;
    std::size_t heap_size = 0;
    std::size_t items = 1;
    std::uint64_t first_cnt = 1;
    std::uint64_t cnt_step = 1;
    bool verify = false, descriptors = true, stop = true, repeat_pointers = false, allow_immediate = false;
    std::string json_file; ///< empty: generated heaps
    // how
    std::size_t group = 1;
    heapwire::send::group_mode mode = heapwire::send::group_mode::serial;
    heapwire::send::options stream;
    heapwire::transport::udp_send_options udp;
    heapwire::transport::tcp_send_options tcp;
    std::chrono::milliseconds patience{30000};
    bool bad_weather = false;
    heapwire::transport::weather weather;
    program_config program;
};

/// False if only help was asked for. Throws usage_error or what the library throws for bad options.
[[nodiscard]] bool parse_send(int argc, char **argv, send_config &out);

} // namespace tools
