// SPDX-License-Identifier: BSD-3-Clause
/// The result for people: a plot of characters, and a picture.
#pragma once

#include <string>

#include "observation.h"

namespace demo
{

/// Lines of block characters, `columns` wide.
[[nodiscard]] std::string plot(const profile &what, std::size_t columns, std::size_t lines);

/// Two panels: the folded spectra as they came, and with the dispersion undone; above each its sum over all channels.
void write_picture(const observation &from, const std::string &file);

} // namespace demo
