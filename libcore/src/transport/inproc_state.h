// SPDX-License-Identifier: BSD-3-Clause
/// The inside of an inproc_queue: blocks of packets, and who waits for what. Private to this room.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "heapwire/transport/inproc.h"
#include "storm.h"

namespace heapwire::transport
{

/// Many packets in one allocation; a reader takes a whole block and owns it until it is read.
struct inproc_block
{
    static constexpr std::size_t capacity = std::size_t{64} << 10;
    static constexpr std::size_t most_packets = 1024;

    std::vector<std::byte> bytes;
    std::vector<std::size_t> sizes;
    std::size_t next = 0;   ///< first packet that has not been read
    std::size_t offset = 0; ///< where it begins

    [[nodiscard]] bool has_room(std::size_t size) const noexcept
    {
        return sizes.empty() || (bytes.size() + size <= bytes.capacity() && sizes.size() < most_packets);
    }
    [[nodiscard]] std::size_t left() const noexcept { return sizes.size() - next; }
};

struct inproc_queue::impl
{
    enum class put
    {
        done,
        full,
        stopped
    };
    enum class got
    {
        block,
        waiting,
        ended
    };

    impl(std::size_t max_bytes, const weather *how);

    /// Who reads. Both are called once for each time that it was told to wait.
    class reader
    {
    public:
        /// With the queue's lock held: sees to it that it comes back.
        virtual void come_later() noexcept = 0;
        /// With the lock held: who is to read_now() on the thread that wrote; null: come_later().
        [[nodiscard]] virtual std::shared_ptr<reader> ready_now() noexcept = 0;
        virtual void read_now() noexcept = 0;

    protected:
        ~reader() = default;
    };

    /// Writes packets from the front (all of one substream) and moves `count` for each that is in. May read them, too.
    put write(std::span<const send::packet> packets, std::size_t &count);
    put write(bytes_view packet);
    void stop() noexcept;

    /// A block to read, or `who` is registered and called once when there is something (or the end).
    got take(std::unique_ptr<inproc_block> &out, reader &who);
    /// The reader has used packets of its block: makes room for writers.
    void release(std::size_t packets, std::size_t bytes, std::unique_ptr<inproc_block> empty) noexcept;
    /// The reader goes. Its unread packets return to the front; another reader is woken in its stead.
    void leave(reader &who, std::unique_ptr<inproc_block> unread) noexcept;

    /// Who waits until there is room for `size` bytes or the queue is stopped. `ready` is called with the lock held.
    struct writer
    {
        packet_sink::ready_function ready;
        std::size_t size;
        const void *owner;
    };
    /// In place of what the same owner registered before.
    void call_writer(writer who);
    /// Drops what `owner` registered: it closes.
    void forget_writer(const void *owner) noexcept;
    bool wait_for_room(std::size_t size, const std::atomic<bool> &closed, steady_time deadline) noexcept;

    [[nodiscard]] bool stopped() const noexcept;
    [[nodiscard]] std::size_t packets() const noexcept;
    [[nodiscard]] weather_report report() const noexcept;

private:
    [[nodiscard]] bool fits(std::size_t size) const noexcept
    {
        return max_bytes_ == 0 || bytes_ == 0 || bytes_ + size <= max_bytes_;
    }
    put append(std::span<const bytes_view> parts, std::size_t size);
    void insert(std::span<const bytes_view> parts, std::size_t size);
    void insert_leaving();
    [[nodiscard]] std::shared_ptr<reader> reader_for_little() noexcept;
    void wake_readers(bool all) noexcept;
    void wake_writers(std::list<writer> &called) noexcept;

    const std::size_t max_bytes_;
    mutable std::mutex mutex_;
    std::condition_variable room_;
    std::deque<std::unique_ptr<inproc_block>> blocks_; ///< none is empty; writers fill the last
    std::vector<std::unique_ptr<inproc_block>> spare_;
    std::vector<reader *> readers_; ///< idle ones; called with the lock held, so that leave() is a barrier
    /// Taken out, they are dropped after the lock: a `ready` may be the last that holds its stream, whose end comes
    /// back here.
    std::list<writer> writers_;
    std::size_t sleepers_ = 0; ///< in wait_for_room()
    std::size_t bytes_ = 0;    ///< not yet used by a reader
    std::size_t packets_ = 0;
    bool stopped_ = false;
    weather_report report_;
    std::optional<storm> storm_;
};

} // namespace heapwire::transport
