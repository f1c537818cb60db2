// SPDX-License-Identifier: BSD-3-Clause
/// What is logged while it lives.
#pragma once

#include <algorithm>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "heapwire/base/log.h"

namespace heapwire::test
{

class captured_log
{
public:
    captured_log() : lines_(std::make_shared<lines>()), before_(set_log_sink(lines_)) {}
    ~captured_log() { set_log_sink(before_); }
    captured_log(const captured_log &) = delete;
    captured_log &operator=(const captured_log &) = delete;
    /// Lines with `words` in them.
    [[nodiscard]] std::size_t count(std::string_view words) const
    {
        std::lock_guard held(lines_->mutex);
        return static_cast<std::size_t>(std::count_if(lines_->all.begin(), lines_->all.end(),
                                                      [&](const std::string &line)
                                                      { return line.find(words) != std::string::npos; }));
    }
    [[nodiscard]] bool has(std::string_view words) const { return count(words) != 0; }

private:
    struct lines : log_sink
    {
        std::mutex mutex;
        std::vector<std::string> all;
        void write(const log_record &record) noexcept override
        {
            std::lock_guard held(mutex);
            all.emplace_back(record.text);
        }
    };

    std::shared_ptr<lines> lines_;
    std::shared_ptr<log_sink> before_;
};

} // namespace heapwire::test
