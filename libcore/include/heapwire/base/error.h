// SPDX-License-Identifier: BSD-3-Clause
/// The one error enum. Three kinds of failure have three manners: a caller's mistake throws
/// std::invalid_argument at the door; a peer's nonsense is a wire::reject and a counter, never a throw;
/// trouble of the system is a std::error_code passed on, or std::system_error where nothing can be returned.
#pragma once

#include <string>
#include <string_view>
#include <system_error>

namespace heapwire
{

enum class errc
{
    stopped = 1,           ///< the ring, queue or stream was stopped
    queue_full,            ///< the bounded queue has no room; nothing was queued
    timed_out,             ///< the deadline passed first
    end_of_stream,         ///< the source has no more data
    packet_size_too_small, ///< max_packet_size cannot hold one item pointer and 8 bytes of payload
    pointers_do_not_fit,   ///< repeated pointers were asked for, but they do not fit one packet
    id_out_of_range,       ///< an item id needs more bits than the flavour has, or is reserved
    value_out_of_range,    ///< an immediate value, address or heap length needs more bits than the flavour has
    cnt_out_of_range,      ///< a heap cnt needs more bits than the flavour has
    no_such_substream,     ///< the substream index is not below the number of substreams
    empty_group,           ///< a group of no heaps was sent
    orphaned,              ///< the object belongs to the parent process of a fork
};

[[nodiscard]] const std::error_category &error_category() noexcept;
[[nodiscard]] std::error_code make_error_code(errc code) noexcept;

/// Throws std::invalid_argument "<argument> = <value>: <allowed>".
[[noreturn]] void throw_bad_argument(std::string_view argument, const std::string &value, std::string_view allowed);

template <typename T>
[[noreturn]] void throw_bad_argument(std::string_view argument, T value,
                                     std::string_view allowed) requires std::is_arithmetic_v<T>
{
    throw_bad_argument(argument, std::to_string(value), allowed);
}

/// Throws std::system_error of `errno` with "<what>: <subject>".
[[noreturn]] void throw_errno(std::string_view what, std::string_view subject = {});

} // namespace heapwire

template <>
struct std::is_error_code_enum<heapwire::errc> : std::true_type
{
};
