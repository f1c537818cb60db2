// SPDX-License-Identifier: BSD-3-Clause
/// recv.ChunkStreamConfig, recv.ChunkStreamGroupConfig and ways to place as Python holds them.
#pragma once

#include <pybind11/pybind11.h>

#include <memory>
#include <vector>

#include "guarded.h"
#include "heapwire/recv/chunk_group.h"
#include "heapwire/recv/chunk_options.h"

namespace heapwire::python
{

namespace py = pybind11;

/// recv.LinearPlacement. Does not change.
struct linear_rule
{
    recv::linear_placement core;      ///< its terms count the items below
    std::vector<std::uint64_t> items; ///< ids, each once

    /// With terms that count `ids`, to which those that are missing are added.
    [[nodiscard]] recv::linear_placement placement(std::vector<std::uint64_t> &ids) const;
};

struct chunk_stream_config_values
{
    recv::chunk_options core; ///< without placement
    recv::placement placement;
    py::object place = py::none(); ///< what was assigned: keeps what `placement` points to
    std::shared_ptr<const linear_rule> rule;

    /// What the core takes. Throws std::invalid_argument if place is not set.
    [[nodiscard]] recv::chunk_options options() const;
};
using chunk_stream_config = guarded<chunk_stream_config_values>;

struct chunk_group_config_values
{
    recv::chunk_group_options core;
};
using chunk_group_config = guarded<chunk_group_config_values>;

/// `batch`: the function is called with many heaps at once.
[[nodiscard]] const char *place_signature(bool context, bool batch) noexcept;
/// Attached. The function in a capsule, by its name. Raises ValueError if it has none or another.
[[nodiscard]] recv::placement placement_of(const py::capsule &capsule);

} // namespace heapwire::python
