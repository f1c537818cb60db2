// SPDX-License-Identifier: BSD-3-Clause
/// Log records on their way from workers to the one thread that may hand them to a language runtime. A full ring drops
/// and counts exactly; nobody waits for the reader.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string_view>

#include "heapwire/base/log.h"
#include "heapwire/queue/wake.h"

namespace heapwire::host
{

/// A log_record that owns its bytes; fixed size.
struct log_entry
{
    static constexpr std::size_t max_text = 512;
    static constexpr std::size_t max_name = 16;

    log_level level;
    bool truncated; ///< the text was longer than max_text
    std::uint8_t room_size;
    std::uint8_t thread_name_size;
    std::uint16_t text_size;
    int line;
    const char *file;
    std::chrono::system_clock::time_point time; ///< of the event
    std::uint64_t thread;                       ///< the kernel's id of the event's thread
    char room_bytes[max_name];
    char thread_name_bytes[max_name]; ///< as it was when the thread logged for the first time
    char text_bytes[max_text];

    [[nodiscard]] std::string_view room() const noexcept { return {room_bytes, room_size}; }
    [[nodiscard]] std::string_view thread_name() const noexcept { return {thread_name_bytes, thread_name_size}; }
    [[nodiscard]] std::string_view text() const noexcept { return {text_bytes, text_size}; }
};

struct log_counts
{
    std::uint64_t produced = 0; ///< = delivered + dropped + what lies in the ring, at any quiet moment
    std::uint64_t delivered = 0;
    std::uint64_t dropped = 0;
};

/// Any number of writers, one reader at a time (drain, wait, take_drops).
class log_ring final : public log_sink
{
public:
    /// `capacity` records, a power of two from 2 up, else std::invalid_argument. About 600 bytes each.
    explicit log_ring(std::size_t capacity = 1024);
    ~log_ring() override;
    log_ring(const log_ring &) = delete;
    log_ring &operator=(const log_ring &) = delete;

    /// Lock-free: takes a place or drops. A system call only if the reader sleeps.
    void write(const log_record &record) noexcept override;
    /// Lock-free: full, and so it counts a drop.
    [[nodiscard]] bool refuses() noexcept override;

    /// Calls use(const log_entry &) for at most `at_most` records, in the order in which writers took their places;
    /// answers how many. A record counts as delivered when `use` is called, whether or not it throws.
    template <typename Use>
    std::size_t drain(Use &&use, std::size_t at_most = 256)
    {
        std::size_t n = 0;
        for (; n < at_most; ++n)
        {
            const log_entry *next = front();
            if (!next)
                break;
            popper at_the_end{*this};
            use(*next);
        }
        return n;
    }

    /// Sleeps until there is a record, somebody calls wake_reader(), or the deadline. May return early.
    void wait(steady_time deadline) noexcept;
    void wake_reader() noexcept;

    /// Drops since the last call: each is told once, so that the reader can report them.
    [[nodiscard]] std::uint64_t take_drops() noexcept;
    [[nodiscard]] log_counts counts() const noexcept;
    [[nodiscard]] bool empty() const noexcept;
    [[nodiscard]] std::size_t capacity() const noexcept { return mask_ + 1; }

private:
    struct cell
    {
        std::atomic<std::uint64_t> turn; // position: free for the writer of it; position + 1: full for the reader
        log_entry entry;
    };
    struct popper
    {
        log_ring &ring;
        ~popper() { ring.pop(); }
    };
    [[nodiscard]] const log_entry *front() const noexcept;
    void pop() noexcept;

    const std::size_t mask_;
    std::unique_ptr<cell[]> cells_;
    alignas(64) std::atomic<std::uint64_t> write_at_{0};
    alignas(64) std::atomic<std::uint64_t> dropped_{0};
    alignas(64) std::atomic<std::uint64_t> read_at_{0};
    std::uint64_t told_ = 0;
    std::atomic<bool> called_{false};
    wake wake_{wake_kind::futex};
};

} // namespace heapwire::host
