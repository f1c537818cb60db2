// SPDX-License-Identifier: BSD-3-Clause
#include <new>

#include "heapwire/transport/memory_source.h"

namespace heapwire::transport
{

namespace
{

/// A sink that is always writable and has one substream.
class ready_sink : public packet_sink
{
public:
    void when_writable(ready_function ready) override { ready(); }
    bool wait_writable(steady_time) noexcept override { return true; }
    void close() noexcept override {}
    [[nodiscard]] std::size_t substreams() const noexcept override { return 1; }

    result write(std::span<const send::packet> packets) noexcept final
    {
        std::size_t done = 0;
        for (const send::packet &p : packets)
        {
            std::error_code error = write_one(p);
            ++done;
            if (error)
                return {done, error, false};
        }
        return {done, {}, false};
    }

private:
    virtual std::error_code write_one(const send::packet &p) noexcept = 0;
};

class memory_sink final : public ready_sink
{
public:
    explicit memory_sink(std::vector<std::byte> &out) : out_(out) {}

private:
    std::error_code write_one(const send::packet &p) noexcept override
    {
        std::size_t before = out_.size();
        try
        {
            for (bytes_view part : p.parts)
                out_.insert(out_.end(), part.begin(), part.end());
        }
        catch (const std::exception &) // length_error or bad_alloc
        {
            out_.resize(before); // no half packets
            return std::make_error_code(std::errc::not_enough_memory);
        }
        return {};
    }

    std::vector<std::byte> &out_;
};

class streambuf_sink final : public ready_sink
{
public:
    explicit streambuf_sink(std::streambuf &out) : out_(out) {}

private:
    std::error_code write_one(const send::packet &p) noexcept override
    {
        try
        {
            for (bytes_view part : p.parts)
            {
                auto size = static_cast<std::streamsize>(part.size());
                if (size > 0 && out_.sputn(reinterpret_cast<const char *>(part.data()), size) != size)
                    return std::make_error_code(std::errc::io_error);
            }
        }
        catch (...) // the stream buffer is the user's
        {
            return std::make_error_code(std::errc::io_error);
        }
        return {};
    }

    std::streambuf &out_;
};

} // namespace

std::unique_ptr<packet_sink> make_memory_sink(std::vector<std::byte> &out)
{
    return std::make_unique<memory_sink>(out);
}

std::unique_ptr<packet_sink> make_streambuf_sink(std::streambuf &out) { return std::make_unique<streambuf_sink>(out); }

} // namespace heapwire::transport
