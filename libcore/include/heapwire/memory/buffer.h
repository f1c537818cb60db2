// SPDX-License-Identifier: BSD-3-Clause
/// Owned bytes with a release function; move only. What payloads live in.
#pragma once

#include <utility>

#include "heapwire/base/bytes.h"

namespace heapwire
{

/// Owns [data, data+size) and gives it back by calling `release` once, on whichever thread drops it.
/// A moved-from or default buffer is empty and releases nothing. Not thread-safe, like a unique_ptr.
class buffer
{
public:
    /// Must not throw; `context` is what the buffer was made with.
    using release_function = void (*)(std::byte *data, std::size_t size, void *context) noexcept;

    buffer() noexcept = default;
    buffer(std::byte *data, std::size_t size, release_function release, void *context) noexcept
        : data_(data), size_(size), release_(release), context_(context)
    {
    }
    buffer(buffer &&other) noexcept
        : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)),
          release_(std::exchange(other.release_, nullptr)), context_(std::exchange(other.context_, nullptr))
    {
    }
    buffer &operator=(buffer &&other) noexcept
    {
        buffer moved(std::move(other));
        swap(moved);
        return *this;
    }
    ~buffer() { reset(); }

    void swap(buffer &other) noexcept
    {
        std::swap(data_, other.data_);
        std::swap(size_, other.size_);
        std::swap(release_, other.release_);
        std::swap(context_, other.context_);
    }
    void reset() noexcept
    {
        if (release_)
            std::exchange(release_, nullptr)(data_, size_, context_);
        data_ = nullptr;
        size_ = 0;
        context_ = nullptr;
    }

    [[nodiscard]] std::byte *data() noexcept { return data_; }
    [[nodiscard]] const std::byte *data() const noexcept { return data_; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bytes_view view() const noexcept { return {data_, size_}; }
    [[nodiscard]] mutable_bytes span() noexcept { return {data_, size_}; }
    [[nodiscard]] explicit operator bool() const noexcept { return release_ != nullptr; }
    [[nodiscard]] void *context() const noexcept { return context_; }
    [[nodiscard]] release_function release() const noexcept { return release_; }

private:
    std::byte *data_ = nullptr;
    std::size_t size_ = 0;
    release_function release_ = nullptr;
    void *context_ = nullptr;
};

} // namespace heapwire
