// SPDX-License-Identifier: BSD-3-Clause
/// What stands between a chunk stream and its supply: nothing, or a group. Private to this room.
#pragma once

#include <memory>

#include "heapwire/recv/chunk_window.h"

namespace heapwire::recv
{

/// A chunk_port, which is called inside the stream's lock, and the rest, which is called outside.
class chunk_outlet : public chunk_port
{
public:
    /// Inside: an id below which somebody wants chunks to be released.
    [[nodiscard]] virtual std::int64_t wanted_head() const noexcept = 0;

    /// Packets are about to be taken.
    virtual void begin() noexcept = 0;
    /// After the stream's lock was held. True, if `full`: what was missing may be there now.
    [[nodiscard]] virtual bool unlocked(bool full) = 0;
    [[nodiscard]] virtual bool call_on_space(space_hook &hook) = 0;
    virtual void cancel(space_hook &hook) noexcept = 0;
    /// The stream has handed out everything.
    virtual void leave() noexcept = 0;
    virtual void stop() noexcept = 0;
    virtual void drop_leftovers() noexcept = 0;
};

/// Straight to a supply of one's own.
[[nodiscard]] std::unique_ptr<chunk_outlet> make_single_outlet(std::shared_ptr<chunk_supply> supply,
                                                               std::uint64_t stream_id);

} // namespace heapwire::recv
