// SPDX-License-Identifier: BSD-3-Clause
/// Cuts a stream of bytes into packets (docs/reference/wire-format.md section 11.3). No sockets.
#pragma once

#include <cstdint>
#include <vector>

#include "heapwire/recv/receiver.h"

namespace heapwire::transport
{

/// The packets found do not depend on the slices in which the stream is offered.
class stream_splitter
{
public:
    explicit stream_splitter(std::size_t max_packet_size) noexcept : max_(max_packet_size) {}

    /// Appends the packets that are whole in `bytes` (as views into it) and answers how many bytes are done with.
    /// Offer the rest again, with more behind it: at most max(max_packet_size, longest_header) - 1 bytes are left.
    /// A packet above the maximum is skipped and stands in `out` once, marked truncated; so does each run of garbage,
    /// by its first bytes: the receiver refuses and counts both.
    [[nodiscard]] std::size_t cut(bytes_view bytes, std::vector<recv::datagram> &out);

    static constexpr std::size_t longest_header = 8 + 8 * 65535;

    [[nodiscard]] std::uint64_t oversized() const noexcept { return oversized_; }
    [[nodiscard]] std::uint64_t garbage_runs() const noexcept { return garbage_runs_; }
    [[nodiscard]] std::uint64_t garbage_bytes() const noexcept { return garbage_bytes_; }

private:
    enum class verdict
    {
        packet,
        skip,
        garbage,
        wait
    };
    [[nodiscard]] verdict judge(bytes_view rest, std::uint64_t &size) const noexcept;
    [[nodiscard]] std::size_t search(bytes_view bytes, std::size_t from) noexcept;

    std::size_t max_;
    std::uint64_t skip_ = 0; ///< bytes of an oversized packet still to come
    bool lost_ = false;      ///< in garbage: headers are believed only if the whole packet is sound
    std::uint64_t oversized_ = 0;
    std::uint64_t garbage_runs_ = 0;
    std::uint64_t garbage_bytes_ = 0;
};

} // namespace heapwire::transport
