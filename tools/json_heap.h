// SPDX-License-Identifier: BSD-3-Clause
/// Heaps as lines of JSON (docs/reference/tools.md): what heapwire-recv --dump writes, heapwire-send --from-json reads.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "heapwire/heap/heap.h"
#include "heapwire/send/sender.h"

namespace tools
{

using json = nlohmann::ordered_json;

/// Items longer than `hex_limit` bytes are told by their SHA-256.
[[nodiscard]] json heap_to_json(const heapwire::heap &h, std::size_t hex_limit);

/// One line, without a line end; bytes that are not UTF-8 become U+FFFD.
[[nodiscard]] std::string to_line(const json &value);

/// A heap to send and the memory it refers to.
struct planned_heap
{
    heapwire::outgoing_heap heap;
    std::vector<std::vector<std::byte>> memory;
    heapwire::send::heap_reference reference; ///< its `heap` is set by whoever sends
};

/// `cnt` is used where the line names none. Throws usage_error, which says what is wrong with which member.
[[nodiscard]] planned_heap heap_from_json(const std::string &line, heapwire::wire::flavour f, std::uint64_t cnt);

[[nodiscard]] std::string sha256_hex(heapwire::bytes_view bytes);

} // namespace tools
