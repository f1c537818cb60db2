# SPDX-License-Identifier: BSD-3-Clause
"""The result for people: a plot of characters, and a picture."""

import struct
import zlib

import numpy as np

_MARGIN, _GAP, _CURVE = 16, 8, 140
_BACKGROUND, _FRAME, _LINE = (14, 16, 24), (30, 34, 48), (255, 214, 102)


def plot(profile, columns, lines):
    """Lines of block characters."""
    edges = np.arange(len(profile)) * columns // len(profile)
    heights = np.full(columns, -np.inf)
    np.maximum.at(heights, edges, profile)
    eighths = (heights - heights.min()) / (np.ptp(heights) or 1) * 8 * lines
    rows = [np.clip(eighths - 8 * row + 1, 0, 8).astype(int) for row in reversed(range(lines))]
    return "\n".join("".join(" ▁▂▃▄▅▆▇█"[step] for step in row) for row in rows)


def _heat(share):
    """From night through violet to yellow."""
    s = np.clip(share, 0, 1)
    channels = np.stack([1.6 * s, 1.8 * s * s - 0.3 * s, 0.25 + 0.9 * s - 1.4 * s * s], axis=-1)
    return np.rint(np.clip(channels, 0, 1) * 255).astype(np.uint8)


def _draw_curve(to, profile, top):
    to[:] = _FRAME
    share = np.clip((profile + 0.15 * top) / (1.15 * top), 0, 1)
    heights = ((1 - share) * (_CURVE - 1)).astype(int)
    for x, (a, b) in enumerate(zip(np.roll(heights, 1), heights)):
        low, high = sorted((a if x else b, b))
        to[low : high + 1, x] = _LINE


def draw(panels, profiles):
    """An image: for each panel (channels in rows, the highest frequency on top) its sum above it, all in one scale."""
    channels, bins = panels[0].shape
    image = np.empty((_CURVE + _GAP + channels + 2 * _MARGIN, len(panels) * (bins + _MARGIN) + _MARGIN, 3), np.uint8)
    image[:] = _BACKGROUND
    top = max(profile.max() for profile in profiles)
    for i, (panel, profile) in enumerate(zip(panels, profiles)):
        column = slice(_MARGIN + i * (bins + _MARGIN), (i + 1) * (bins + _MARGIN))
        _draw_curve(image[_MARGIN : _MARGIN + _CURVE, column], profile, top)
        contrast = (panel - panel.mean(axis=1, keepdims=True) + 0.6) / 4.2
        image[_MARGIN + _CURVE + _GAP : -_MARGIN, column] = _heat(contrast)
    return image


def write_png(image, path):
    height, width, _ = image.shape
    lines = np.zeros((height, 1 + 3 * width), np.uint8)  # each begins with the number of its filter: none
    lines[:, 1:] = image.reshape(height, -1)

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)))
        file.write(chunk(b"IDAT", zlib.compress(lines.tobytes(), 6)) + chunk(b"IEND", b""))
