// SPDX-License-Identifier: BSD-3-Clause
// PNG (ISO/IEC 15948): a signature, then chunks of length, type, data and CRC; the pixels as one zlib stream.
#include "png.h"

#include <cstring>
#include <fstream>
#include <stdexcept>
#include <system_error>
#include <zlib.h>

namespace demo
{

namespace
{

void append_be(std::string &to, std::uint32_t value)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        to += static_cast<char>(value >> shift & 0xff);
}

void append_chunk(std::string &to, const char *type, const std::string &data)
{
    append_be(to, static_cast<std::uint32_t>(data.size()));
    std::string checked = type + data;
    to += checked;
    append_be(to, static_cast<std::uint32_t>(
                      crc32(0, reinterpret_cast<const Bytef *>(checked.data()), static_cast<uInt>(checked.size()))));
}

} // namespace

image::image(std::size_t width, std::size_t height, colour background)
    : width_(width), height_(height), bytes_(height * (1 + 3 * width))
{
    for (std::size_t y = 0; y < height; y++)
        for (std::size_t x = 0; x < width; x++)
            set(x, y, background);
}

void image::set(std::size_t x, std::size_t y, colour c) noexcept
{
    if (x < width_ && y < height_)
        std::memcpy(bytes_.data() + y * (1 + 3 * width_) + 1 + 3 * x, c.data(), c.size());
}

void image::write_png(const std::string &file) const
{
    std::string header;
    append_be(header, static_cast<std::uint32_t>(width_));
    append_be(header, static_cast<std::uint32_t>(height_));
    header += std::string("\x08\x02\x00\x00\x00", 5); // 8 bits, RGB, no interlace

    uLongf size = compressBound(static_cast<uLong>(bytes_.size()));
    std::string packed(size, '\0');
    if (compress(reinterpret_cast<Bytef *>(packed.data()), &size, bytes_.data(), static_cast<uLong>(bytes_.size())) !=
        Z_OK)
        throw std::runtime_error("zlib could not compress the picture");
    packed.resize(size);

    std::string all("\x89PNG\r\n\x1a\n", 8);
    append_chunk(all, "IHDR", header);
    append_chunk(all, "IDAT", packed);
    append_chunk(all, "IEND", {});
    std::ofstream out(file, std::ios::binary | std::ios::trunc);
    out.write(all.data(), static_cast<std::streamsize>(all.size()));
    out.close();
    if (!out)
        throw std::system_error(errno, std::generic_category(), "cannot write " + file);
}

} // namespace demo
