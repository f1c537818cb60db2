// SPDX-License-Identifier: BSD-3-Clause
/// The inside of chunk_receiver: a batch of packets is parsed, then placement is asked once for all heaps that begin in
/// it, then the packets join their heaps one by one. Private to this room.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "chunk_writer.h"
#include "heapwire/recv/chunk_receiver.h"
#include "jump_guard.h"
#include "placed_heaps.h"
#include "placer.h"

namespace heapwire::recv
{

/// One packet of the batch.
struct intake_entry
{
    static constexpr std::uint8_t no_answer = 0xff;

    wire::packet_view view;
    std::uint64_t source = 0;
    std::uint64_t highest_address = 0; // of its item pointers
    wire::reject reject = wire::reject::none;
    bool stop = false;               // has a stop item that counts
    std::uint8_t answer = no_answer; // the placer's number
};

class chunk_intake
{
public:
    static constexpr std::size_t batch_size = placer::capacity;

    chunk_intake(options given, chunk_options there, chunk_port &port);

    /// The next entry of the batch, to be filled by parse_packet().
    [[nodiscard]] intake_entry &entry(std::size_t i) noexcept { return entries_[i]; }
    /// Looks through the pointers of a packet that is well-formed.
    void scan(intake_entry &e) const noexcept;
    /// Takes the first n entries; answers how many were used: fewer, if a chunk is missing.
    [[nodiscard]] std::size_t run(std::size_t n);
    /// If the stream is ending, gives up all heaps and hands out all chunks.
    [[nodiscard]] flow settle();
    void end_batch(std::uint64_t packets, flow state) noexcept;
    void note_full() noexcept;
    bool release_before(std::int64_t id);

    void bump(std::size_t index, std::uint64_t n = 1) noexcept { numbers.values()[index] += n; }

    const options how;
    const chunk_options where;
    stats numbers;
    chunk_window window;
    bool stopping = false;
    bool ended = false;

private:
    /// An answer for a packet that has to be offered again.
    struct saved_answer
    {
        std::uint64_t cnt;
        std::uint64_t source;
        place_data answer;
        std::vector<std::uint8_t> extra;
    };
    struct spot
    {
        chunk_stat fate = chunk_stat::chunk_heaps;
        chunk *in = nullptr;
    };

    void bump(chunk_stat s, std::uint64_t n = 1) noexcept { bump(first_chunk_stat_ + static_cast<std::size_t>(s), n); }
    [[nodiscard]] join first_verdict(const wire::packet_view &view) const noexcept;
    void place(std::size_t n);
    [[nodiscard]] bool asked_already(std::size_t i) const noexcept;
    bool recall(intake_entry &e);
    void save(std::size_t from, std::size_t n);
    [[nodiscard]] bool find_spot(const place_data &answer, const wire::packet_view &view, spot &out);
    [[nodiscard]] bool find_chunk(std::int64_t id, std::uint64_t cnt, chunk_stat &fate);
    [[nodiscard]] chunk_stat check_spot(const place_data &answer, std::uint64_t length, chunk &in) const noexcept;
    [[nodiscard]] join add(placed_heap &heap, const intake_entry &e);
    [[nodiscard]] bool pass_whole(const intake_entry &e);
    [[nodiscard]] bool begin(intake_entry &e, join &outcome);
    void make_place(placed_heap &next);
    void put(placed_heap &heap, const wire::packet_view &view);
    void publish() noexcept;
    void finish(placed_heap &heap);
    void give_up(placed_heap &heap, stat why);
    void forget_places();

    const std::size_t first_chunk_stat_;
    std::vector<std::uint64_t> batch_stats_;
    chunk_port &port_;
    placer placer_;
    jump_guard guard_;
    placed_heaps heaps_;
    placed_heap passing_; // for heaps of one packet, which take no place
    chunk_writer writer_;
    std::array<intake_entry, batch_size> entries_;
    std::array<std::uint64_t, 4> seen_{}; // a bit for each low byte of a cnt that placement was asked about
    std::vector<saved_answer> saved_;
    bool blocked_ = false; // `full` was answered and nothing has moved since
};

} // namespace heapwire::recv
