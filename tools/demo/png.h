// SPDX-License-Identifier: BSD-3-Clause
/// A picture of red, green and blue bytes, and its file.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace demo
{

using colour = std::array<std::uint8_t, 3>;

class image
{
public:
    image(std::size_t width, std::size_t height, colour background);
    [[nodiscard]] std::size_t width() const noexcept { return width_; }
    [[nodiscard]] std::size_t height() const noexcept { return height_; }
    /// Outside the picture nothing happens.
    void set(std::size_t x, std::size_t y, colour c) noexcept;
    /// Throws std::system_error naming the file.
    void write_png(const std::string &file) const;

private:
    std::size_t width_, height_;
    std::vector<std::uint8_t> bytes_; ///< lines, each with PNG's filter byte (0) in front
};

} // namespace demo
