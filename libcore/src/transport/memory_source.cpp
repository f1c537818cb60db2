// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/transport/memory_source.h"

#include <algorithm>

#include "heapwire/base/log.h"
#include "source_base.h"

namespace heapwire::transport
{

namespace
{

/// So much in one turn, then the other streams of the thread.
constexpr std::size_t first_slice = std::size_t{1} << 20;

class memory_source final : public source_base
{
public:
    memory_source(boost::asio::io_context &io, std::shared_ptr<recv::packet_gate> to, bytes_view bytes)
        : source_base(io, std::move(to)), rest_(bytes)
    {
    }

private:
    void begin() override { run(); }
    void resume() override { run(); }
    void close() noexcept override {}
    void run();

    bytes_view rest_;
    std::size_t slice_ = first_slice;
};

void memory_source::run()
{
    std::size_t used = 0;
    bool is_last = false;
    bool through = offer(
        [&]
        {
            is_last = rest_.size() <= slice_;
            recv::taken t = gate().take_stream(rest_.first(std::min(slice_, rest_.size())));
            used = t.used;
            rest_ = rest_.subspan(t.used);
            return t.state;
        });
    if (!through)
        return;
    if (is_last)
    {
        if (!rest_.empty())
            HEAPWIRE_LOG(info, "transport", "memory: the last packet is cut off; ", rest_.size(), " bytes dropped");
        return end_of_data();
    }
    if (used == 0)
        slice_ *= 2; // a packet larger than the slice
    later([this] { run(); });
}

} // namespace

std::unique_ptr<recv::source> make_memory_source(io_ref io, std::shared_ptr<recv::packet_gate> gate, bytes_view bytes,
                                                 std::shared_ptr<void> keep)
{
    auto work = std::make_shared<memory_source>(io.context(), std::move(gate), bytes);
    return std::make_unique<source_handle>(std::move(io), std::move(work), false, std::move(keep));
}

} // namespace heapwire::transport
