// SPDX-License-Identifier: BSD-3-Clause
/// How a receive stream behaves: one struct, every field defaulted and explained.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "heapwire/heap/heap_builder.h"
#include "heapwire/memory/allocator.h"
#include "heapwire/memory/copy.h"
#include "heapwire/queue/wake.h"

namespace heapwire::recv
{

enum class end_when : std::uint8_t
{
    any_source, ///< the first source that reaches its end of data ends the stream (as the incumbent does)
    last_source ///< the stream ends when all its sources have
};

enum class stat_mode : std::uint8_t
{
    counter,
    maximum
};
struct custom_stat
{
    std::string name{};
    stat_mode mode = stat_mode::counter;
    std::string text = "custom"; ///< what stats::entry() says of it
};

struct options
{
    std::size_t max_heaps = 4;    ///< heaps in flight per substream; a heap is given up after so many newer ones began
    std::size_t substreams = 1;   ///< heap cnts are dealt out to this many substreams, by cnt modulo
    std::uint32_t bug_compat = 0; ///< wire::bug_compat flags
    ordering order = ordering::in_order;
    bool stop_on_stop_item = true;
    bool allow_unsized_heaps = true;
    std::uint64_t max_heap_size = std::uint64_t{1}
                                  << 30;     ///< bytes; packets of larger heaps are refused before memory is taken
    std::uint32_t max_item_pointers = 65536; ///< distinct pointers a heap
    bool key_by_source = false;  ///< heaps of the same cnt from different source addresses are different heaps
    bool timestamps = false;     ///< note the kernel's receive time on heaps, where the transport has it
    bool explicit_start = false; ///< sources wait for start()
    end_when end = end_when::any_source;
    std::uint64_t stream_id = 0;         ///< yours; not interpreted
    std::shared_ptr<allocator> memory{}; ///< payload memory; null: default_allocator(), kept with recycled heaps
    copy_function copy = copy_automatic; ///< into chunks that are too many for the caches: copy_nontemporal; else plain
    std::vector<custom_stat> custom_stats{}; ///< counted by your own callbacks; names must be unique

    /// Throws std::invalid_argument naming the field.
    void validate() const;
};

struct ring_options
{
    std::size_t heaps = 4;                       ///< capacity of the ring of finished heaps
    bool contiguous_only = true;                 ///< drop incomplete heaps (counted); false: hand them out too
    bool incomplete_keep_payload_ranges = false; ///< Python's drop-in option; the core always can tell them
    wake_kind wake = wake_kind::futex;           ///< eventfd for event loops and co_await

    void validate() const;
};

} // namespace heapwire::recv
