// SPDX-License-Identifier: BSD-3-Clause
/// The conformance vectors of libcore-tests/vectors as tables. vectors_to_source.py writes them from index.json when
/// the tests are built. Everything lives for the whole program; use from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace heapwire::test
{

inline constexpr std::uint64_t absent = ~std::uint64_t{0}; ///< no HEAP_LENGTH; the same as packet_view::unknown_length

struct vector_pointer
{
    bool immediate;
    std::uint64_t id;
    std::uint64_t value;
};

/// One datagram of the file. Without `valid` only offset, length and reason mean anything.
struct vector_packet
{
    std::size_t offset;
    std::size_t length;
    bool valid;
    std::string_view reason; ///< the index's own words
    std::uint64_t heap_cnt;
    std::uint64_t heap_length; ///< or absent
    std::uint64_t payload_offset;
    std::uint64_t payload_length;
    std::span<const vector_pointer> pointers; ///< all of them, in wire order
};

struct vector_item
{
    std::uint64_t id;
    bool immediate;
    std::string_view hex; ///< see unhex()
};

struct vector_field
{
    char type;
    std::uint64_t bits;
};

struct vector_descriptor
{
    std::uint64_t id;
    std::string_view name;
    std::string_view description;
    std::span<const std::optional<std::uint64_t>> shape;
    std::span<const vector_field> format;
    std::string_view numpy_header;
};

struct vector_range
{
    std::uint64_t begin;
    std::uint64_t end;
};

struct vector_heap
{
    std::uint64_t cnt;
    int heap_address_bits;
    bool contiguous;
    bool start_of_stream;
    bool end_of_stream;
    bool decode_error;                  ///< interpreting the values must fail
    std::uint64_t heap_length;          ///< incomplete heaps only, or absent
    std::uint64_t received_length;      ///< incomplete heaps only
    std::span<const vector_item> items; ///< without DESCRIPTOR; addressed by address, then immediates by value
    std::span<const vector_descriptor> descriptors;
    std::span<const vector_range> payload_ranges; ///< incomplete heaps only
};

/// What comes out after all datagrams and then a stop, from a receiver that also hands out incomplete heaps.
struct vector_expect
{
    std::span<const vector_heap> heaps; ///< in order of delivery
    std::size_t malformed_packets;
    bool stopped_by_stop_item;
};

struct vector_stats
{
    std::uint64_t packets;
    std::uint64_t heaps;
    std::uint64_t incomplete_heaps_evicted;
    std::uint64_t incomplete_heaps_flushed;
    std::uint64_t single_packet_heaps;
};

struct vector_config
{
    std::size_t max_heaps = 4;
    std::size_t substreams = 1;
    bool allow_out_of_order = false;
    bool allow_unsized_heaps = true;
    bool stop_on_stop_item = true;
    std::uint32_t bug_compat = 0;
};

enum class vector_transport : std::uint8_t
{
    datagrams,
    tcp,  ///< the file is a byte stream; `packets` is empty
    pcap, ///< the file is a capture file; `packets` is empty
};

struct vector_case
{
    std::string_view name;
    std::string_view category;
    std::string_view description;
    std::string_view note;
    std::string_view origin; ///< "wheel" (the incumbent made the bytes), "handmade" or "spec"
    std::string_view file;
    std::string_view produced_by; ///< the Python that made the bytes
    vector_transport transport;
    std::span<const vector_packet> packets;
    vector_config recv_config;
    vector_expect reference;                     ///< the incumbent's behaviour, defects included
    vector_expect expect;                        ///< ours: `reference` with the recommended deviations applied
    bool deviates;                               ///< the two differ
    std::optional<vector_stats> reference_stats; ///< of `reference`
    std::size_t reader_max_size;                 ///< 0: default
    bool open_error;                             ///< opening the capture must fail
};

[[nodiscard]] std::span<const vector_case> all_vectors() noexcept;
/// Throws std::out_of_range if there is none.
[[nodiscard]] const vector_case &vector_named(std::string_view name);
/// The whole file; throws std::runtime_error if it cannot be read.
[[nodiscard]] std::vector<std::byte> load(const vector_case &which);
/// The file cut into its datagrams.
[[nodiscard]] std::vector<std::vector<std::byte>> load_datagrams(const vector_case &which);
/// Where the file is: for readers that want a path.
[[nodiscard]] std::string path_of(const vector_case &which);
[[nodiscard]] std::vector<std::byte> unhex(std::string_view digits);

/// For TEST_P and messages: prints the name.
template <typename Stream>
Stream &operator<<(Stream &stream, const vector_case &which)
{
    stream << which.name;
    return stream;
}

} // namespace heapwire::test
