// SPDX-License-Identifier: BSD-3-Clause
/// Packets that lie back to back in memory, and byte streams to write them to.
#pragma once

#include <functional>
#include <memory>
#include <streambuf>

#include "heapwire/recv/heap_stream.h"
#include "heapwire/transport/io_threads.h"
#include "heapwire/transport/send_stream.h"

namespace heapwire::transport
{

/// `bytes` must stay alive until the source is destroyed; `keep` is destroyed with it.
[[nodiscard]] std::unique_ptr<recv::source> make_memory_source(io_ref io, std::shared_ptr<recv::packet_gate> gate,
                                                               bytes_view bytes, std::shared_ptr<void> keep = {});

/// Appends packets to a vector, or writes them to a stream buffer (which must outlive the sink; a short write is an
/// error of the heap).
[[nodiscard]] std::unique_ptr<packet_sink> make_memory_sink(std::vector<std::byte> &out);
[[nodiscard]] std::unique_ptr<packet_sink> make_streambuf_sink(std::streambuf &out);

} // namespace heapwire::transport
