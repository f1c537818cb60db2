// SPDX-License-Identifier: BSD-3-Clause
/// A Python buffer that C++ looks at for longer than a call. Workers hold it by a token only: whoever drops the last
/// reference, the export is given back by an attached thread.
#pragma once

#include <pybind11/pybind11.h>

#include <memory>

#include "heapwire/base/bytes.h"
#include "heapwire/host/completion_hub.h"

namespace heapwire::python
{

namespace py = pybind11;

enum class access : bool
{
    read,
    write
};

/// The bytes and what keeps them: `keep` may be copied and dropped on any thread. The export stays open (a bytearray
/// cannot be resized) until the last copy is gone, plus a moment if a worker dropped it.
struct leased_bytes
{
    bytes_view bytes;
    std::shared_ptr<void> keep;
};

/// Raises BufferError (or what the exporter raises) unless `from` is C-contiguous and, for write, writable;
/// TypeError if it is no buffer at all.
[[nodiscard]] leased_bytes lease(py::handle from, access how = access::read);

/// Once, before there are workers: what they use to give back must be there. Throws std::system_error.
void begin_leases();
/// Gives back what workers dropped. Attached only. Called by the log thread and before each new lease.
void return_dropped_leases();
/// In the child of a fork: forgets what the parent's workers were about to drop.
void abandon_leases();
/// Exports that are open; for tests.
[[nodiscard]] std::size_t open_leases();

/// Something with exports in it, which workers may be the last to own: only an attached thread may destroy it.
class attached_only
{
public:
    virtual ~attached_only() = default;
    /// By the last owner, on any thread, attached or not, with whatever lock held: an attached thread destroys it
    /// soon (see return_dropped_leases).
    void destroy_soon() noexcept;

private:
    host::completion burial_;
};

/// A buffer for the length of a call.
class borrowed_bytes
{
public:
    explicit borrowed_bytes(py::handle from, access how = access::read);
    ~borrowed_bytes() { PyBuffer_Release(&view_); }
    borrowed_bytes(const borrowed_bytes &) = delete;
    borrowed_bytes &operator=(const borrowed_bytes &) = delete;
    [[nodiscard]] bytes_view bytes() const noexcept
    {
        return {static_cast<const std::byte *>(view_.buf), static_cast<std::size_t>(view_.len)};
    }

private:
    Py_buffer view_;
};

} // namespace heapwire::python
