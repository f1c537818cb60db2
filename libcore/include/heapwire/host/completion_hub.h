// SPDX-License-Identifier: BSD-3-Clause
/// Where workers leave what they finished, for the one loop that may touch the runtime's objects. One wake-up for a
/// burst; no allocation, no lock and no throw on the worker's side.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <span>
#include <system_error>

#include "heapwire/host/slot_table.h"
#include "heapwire/queue/wake.h"

namespace heapwire::host
{

enum class completion_kind : std::uint8_t
{
    done,    ///< an operation ended: status and bytes count
    release, ///< a worker dropped the last reference to what `which` stands for: let go of it on the loop's side
};

/// Part of the operation (which was allocated when the operation began), so that posting it cannot fail.
struct completion
{
    token which = 0;          ///< the future, callback or buffer, in the runtime's slot table
    std::uint64_t object = 0; ///< yours: the object it belongs to
    std::error_code status;
    std::uint64_t bytes = 0;
    completion_kind kind = completion_kind::done;
    completion *next = nullptr; ///< the hub's
};

/// Many workers post, one loop takes. Records posted by one thread come out in the order in which it posted them.
class completion_hub
{
public:
    /// `kind` must have a descriptor (eventfd or pipe), else std::invalid_argument. Throws std::system_error.
    explicit completion_hub(wake_kind kind = wake_kind::eventfd);
    /// Records that nobody took are forgotten: they belong to their operations. Nobody may post any more.
    ~completion_hub() = default;
    completion_hub(const completion_hub &) = delete;
    completion_hub &operator=(const completion_hub &) = delete;

    /// Any thread. `record` must stay alive and untouched until it is taken. Writes to the descriptor only if
    /// nothing was waiting.
    void post(completion &record) noexcept;
    /// The same by who takes it himself, soon: never writes to the descriptor.
    void post_to_taker(completion &record) noexcept { (void)push(record); }

    /// Readable when there is something to take; may be readable without cause. Never read or write it.
    [[nodiscard]] int fd() const noexcept { return wake_.fd(); }

    /// The loop's side. Clears the descriptor *first*, then takes up to out.size() records, oldest first; if more are
    /// left the descriptor is readable again when it returns, so that a loop can bound what it does at once. Never
    /// blocks on workers. What was taken is the caller's.
    [[nodiscard]] std::size_t take(std::span<completion *> out) noexcept;

    /// take() and use(completion &) for each. If use() throws, the records after it are put back, in order, and the
    /// exception goes on: none is lost.
    template <typename Use>
    std::size_t drain(Use &&use, std::size_t at_most = 1024);

    /// Writes to the descriptor so far; for tests and statistics.
    [[nodiscard]] std::uint64_t wakes() const noexcept { return wakes_.load(std::memory_order_relaxed); }

private:
    void put_back(std::span<completion *> rest) noexcept;
    bool push(completion &record) noexcept; // true: nothing was there before
    void raise() noexcept;

    std::atomic<completion *> newest_{nullptr}; // a stack of what was posted
    std::mutex taking_;                         // takers only; never held while a record is used
    completion *oldest_ = nullptr;              // what was popped off the stack but not handed out, in order
    wake wake_;
    std::atomic<std::uint64_t> wakes_{0};
};

template <typename Use>
std::size_t completion_hub::drain(Use &&use, std::size_t at_most)
{
    std::size_t used = 0;
    completion *batch[64];
    while (used < at_most)
    {
        std::size_t wanted = at_most - used < std::size(batch) ? at_most - used : std::size(batch);
        std::span<completion *> taken(batch, take({batch, wanted}));
        for (std::size_t i = 0; i < taken.size(); ++i)
        {
            ++used;
            try
            {
                use(*taken[i]);
            }
            catch (...)
            {
                put_back(taken.subspan(i + 1));
                throw;
            }
        }
        if (taken.size() < wanted)
            break;
    }
    return used;
}

} // namespace heapwire::host
