// SPDX-License-Identifier: BSD-3-Clause
#include "picture.h"

#include <algorithm>
#include <cmath>

#include "png.h"

namespace demo
{

namespace
{

constexpr std::size_t margin = 16, gap = 8, curve_height = 140;
constexpr colour background{14, 16, 24}, frame{30, 34, 48}, line{255, 214, 102};

/// From night through violet to yellow.
colour heat(double share)
{
    double s = std::clamp(share, 0.0, 1.0);
    auto byte = [](double value) { return static_cast<std::uint8_t>(std::lround(std::clamp(value, 0.0, 1.0) * 255)); };
    return {byte(1.6 * s), byte(1.8 * s * s - 0.3 * s), byte(0.25 + 0.9 * s - 1.4 * s * s)};
}

void draw_curve(image &to, const profile &what, double top, std::size_t x0, std::size_t y0)
{
    double bottom = -0.15 * top;
    std::size_t last = 0;
    for (std::size_t x = 0; x < bins; x++)
    {
        for (std::size_t y = 0; y < curve_height; y++)
            to.set(x0 + x, y0 + y, frame);
        double share = std::clamp((what.power[x] - bottom) / (top - bottom), 0.0, 1.0);
        auto y = static_cast<std::size_t>((1 - share) * (curve_height - 1));
        std::size_t from = x == 0 ? y : std::min(last, y), until = x == 0 ? y : std::max(last, y);
        for (std::size_t step = from; step <= until; step++)
            to.set(x0 + x, y0 + step, line);
        last = y;
    }
}

/// Each channel against its own mean; the highest frequency on top.
void draw_waterfall(image &to, const waterfall &what, std::size_t x0, std::size_t y0)
{
    for (std::size_t channel = 0; channel < channels; channel++)
    {
        const auto &row = what[channel];
        double mean = 0;
        for (double value : row)
            mean += value / static_cast<double>(row.size());
        for (std::size_t x = 0; x < bins; x++)
            to.set(x0 + x, y0 + channel, heat((row[x] - mean + 0.6) / 4.2));
    }
}

} // namespace

std::string plot(const profile &what, std::size_t columns, std::size_t lines)
{
    static constexpr const char *blocks[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    std::vector<double> heights(columns, -1e300);
    for (std::size_t bin = 0; bin < bins; bin++)
        heights[bin * columns / bins] = std::max(heights[bin * columns / bins], what.power[bin]);
    double low = *std::min_element(heights.begin(), heights.end());
    double high = std::max(*std::max_element(heights.begin(), heights.end()), low + 1e-9);
    std::string text;
    for (std::size_t row = lines; row-- > 0;)
    {
        for (double height : heights)
        {
            double eighths =
                (height - low) / (high - low) * 8 * static_cast<double>(lines) - 8.0 * static_cast<double>(row);
            text += blocks[static_cast<std::size_t>(std::clamp(eighths + 1, 0.0, 8.0))];
        }
        text += '\n';
    }
    return text;
}

void write_picture(const observation &from, const std::string &file)
{
    image picture(2 * bins + 3 * margin, curve_height + gap + channels + 2 * margin, background);
    profile straight = add_up(from.folded(true)), slanted = add_up(from.folded(false));
    // Both curves in the units of the straight one's height: what dispersion hides is seen at a glance.
    draw_curve(picture, slanted, straight.signal_to_noise, margin, margin);
    draw_curve(picture, straight, straight.signal_to_noise, 2 * margin + bins, margin);
    draw_waterfall(picture, from.folded(false), margin, margin + curve_height + gap);
    draw_waterfall(picture, from.folded(true), 2 * margin + bins, margin + curve_height + gap);
    picture.write_png(file);
}

} // namespace demo
