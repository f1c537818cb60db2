// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/host/log_ring.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <pthread.h>

#include "heapwire/base/error.h"

namespace heapwire::host
{

namespace
{

/// Asking the kernel for a name costs a system call: once a thread.
struct own_name
{
    char bytes[log_entry::max_name] = {};
    std::uint8_t size = 0;
    own_name() noexcept
    {
        if (pthread_getname_np(pthread_self(), bytes, sizeof(bytes)) == 0)
            size = static_cast<std::uint8_t>(::strnlen(bytes, sizeof(bytes)));
    }
};

std::size_t copy_cut(char *to, std::size_t room, std::string_view from) noexcept
{
    std::size_t size = std::min(room, from.size());
    std::memcpy(to, from.data(), size);
    return size;
}

std::size_t checked_capacity(std::size_t capacity)
{
    if (capacity < 2 || !std::has_single_bit(capacity))
        throw_bad_argument("capacity", capacity, "a power of two, 2 or more");
    return capacity;
}

} // namespace

log_ring::log_ring(std::size_t capacity) : mask_(checked_capacity(capacity) - 1), cells_(new cell[capacity])
{
    for (std::size_t i = 0; i < capacity; ++i)
        cells_[i].turn.store(i, std::memory_order_relaxed);
}

log_ring::~log_ring() = default;

void log_ring::write(const log_record &record) noexcept
{
    std::uint64_t at = write_at_.load(std::memory_order_relaxed);
    cell *mine;
    for (;;)
    {
        mine = &cells_[at & mask_];
        auto ahead = static_cast<std::int64_t>(mine->turn.load(std::memory_order_acquire) - at);
        if (ahead == 0)
        {
            if (write_at_.compare_exchange_weak(at, at + 1, std::memory_order_relaxed))
                break;
        }
        else if (ahead < 0) // still holds the record of one round ago: full
        {
            dropped_.fetch_add(1, std::memory_order_relaxed);
            return;
        }
        else
            at = write_at_.load(std::memory_order_relaxed);
    }
    static thread_local const own_name name;
    log_entry &e = mine->entry;
    e.level = record.level;
    e.line = record.line;
    e.file = record.file;
    e.time = record.time;
    e.thread = record.thread;
    e.room_size = static_cast<std::uint8_t>(copy_cut(e.room_bytes, log_entry::max_name, record.room));
    e.thread_name_size =
        static_cast<std::uint8_t>(copy_cut(e.thread_name_bytes, log_entry::max_name, {name.bytes, name.size}));
    e.text_size = static_cast<std::uint16_t>(copy_cut(e.text_bytes, log_entry::max_text, record.text));
    e.truncated = record.text.size() > log_entry::max_text;
    mine->turn.store(at + 1, std::memory_order_release);
    wake_.notify_one();
}

// Read anew if another writer took the place meanwhile: there may be room.
bool log_ring::refuses() noexcept
{
    const std::uint64_t at = write_at_.load(std::memory_order_relaxed);
    const std::uint64_t turn = cells_[at & mask_].turn.load(std::memory_order_acquire);
    if (static_cast<std::int64_t>(turn - at) >= 0)
        return false;
    dropped_.fetch_add(1, std::memory_order_relaxed);
    return true;
}

const log_entry *log_ring::front() const noexcept
{
    std::uint64_t at = read_at_.load(std::memory_order_relaxed);
    const cell &next = cells_[at & mask_];
    return next.turn.load(std::memory_order_acquire) == at + 1 ? &next.entry : nullptr;
}

void log_ring::pop() noexcept
{
    std::uint64_t at = read_at_.load(std::memory_order_relaxed);
    cells_[at & mask_].turn.store(at + mask_ + 1, std::memory_order_release);
    read_at_.store(at + 1, std::memory_order_release);
}

void log_ring::wait(steady_time deadline) noexcept
{
    wake::ticket ticket = wake_.prepare();
    if (front() || called_.exchange(false, std::memory_order_acq_rel))
        wake_.cancel(ticket);
    else
        (void)wake_.wait_once(ticket, deadline);
}

void log_ring::wake_reader() noexcept
{
    called_.store(true, std::memory_order_release);
    wake_.notify_all();
}

std::uint64_t log_ring::take_drops() noexcept
{
    std::uint64_t now = dropped_.load(std::memory_order_relaxed);
    return now - std::exchange(told_, now);
}

log_counts log_ring::counts() const noexcept
{
    log_counts out;
    out.delivered = read_at_.load(std::memory_order_acquire);
    out.dropped = dropped_.load(std::memory_order_acquire);
    out.produced = write_at_.load(std::memory_order_acquire) + out.dropped;
    return out;
}

bool log_ring::empty() const noexcept { return front() == nullptr; }

} // namespace heapwire::host
