// SPDX-License-Identifier: BSD-3-Clause
/// What the constructors of the streams share.
#include <unistd.h>

#include "heapwire/transport/memory_source.h"
#include "heapwire/transport/tcp.h"
#include "heapwire/transport/udp.h"
#include "send_classes.h"

namespace heapwire::python
{

namespace
{

/// The core's sink refers to its stream buffer; this one owns it.
class written_sink final : public transport::packet_sink
{
public:
    explicit written_sink(std::shared_ptr<written_bytes> to)
        : to_(std::move(to)), sink_(transport::make_streambuf_sink(*to_))
    {
    }
    result write(std::span<const send::packet> packets) noexcept override { return sink_->write(packets); }
    void when_writable(ready_function ready) override { sink_->when_writable(std::move(ready)); }
    bool wait_writable(steady_time deadline) noexcept override { return sink_->wait_writable(deadline); }
    void close() noexcept override { sink_->close(); }
    [[nodiscard]] std::size_t substreams() const noexcept override { return sink_->substreams(); }

private:
    std::shared_ptr<written_bytes> to_;
    std::unique_ptr<transport::packet_sink> sink_;
};

} // namespace

std::unique_ptr<transport::packet_sink> make_written_sink(const std::shared_ptr<written_bytes> &to)
{
    return std::make_unique<written_sink>(to);
}

send_stream::make_sink udp_sink_maker(udp_wish wish)
{
    return [wish = std::move(wish)](transport::io_ref io)
    { return transport::make_udp_sink(std::move(io), resolve_udp(wish)); };
}

send_stream::make_sink tcp_sink_maker(int fd, bool owned)
{
    std::shared_ptr<int> closing(owned ? new int(fd) : nullptr,
                                 [](int *which)
                                 {
                                     if (which)
                                         ::close(*which);
                                     delete which;
                                 });
    return [fd, closing](transport::io_ref io)
    {
        transport::tcp_send_options how;
        how.connected_socket = fd;
        return transport::make_tcp_sink(std::move(io), how);
    };
}

send_stream::make_sink inproc_sink_maker(const std::vector<std::shared_ptr<transport::inproc_queue>> &queues)
{
    return [queues](transport::io_ref io) { return transport::make_inproc_sink(std::move(io), queues); };
}

} // namespace heapwire::python
