// SPDX-License-Identifier: BSD-3-Clause
/// recv.Chunk: what Python holds, and what goes through rings and streams in its place.
#pragma once

#include <memory>

#include "bridge/buffer_lease.h"
#include "bridge/memory_of.h"
#include "heapwire/recv/chunk.h"

namespace heapwire::python
{

/// recv.Chunk. Read and written attached, in the object's critical section. While the chunk travels it is empty.
struct chunk_object
{
    std::int64_t chunk_id = -1;
    std::uint64_t stream_id = 0;
    object_memory data, present, extra;
};

/// Takes the contents of a recv.Chunk (or of an object of a class derived from it) with them, and the object itself.
/// Attached. Raises TypeError if it is no chunk, ValueError if data or present is not set.
[[nodiscard]] std::unique_ptr<recv::chunk> pack_chunk(const py::object &chunk);
/// The way back: the same Python object, with its contents. Attached.
[[nodiscard]] py::object unpack_chunk(std::unique_ptr<recv::chunk> packed);

/// What keeps a Python object until the last worker has let go of it.
[[nodiscard]] std::shared_ptr<void> keep_for_workers(py::object kept);

} // namespace heapwire::python
