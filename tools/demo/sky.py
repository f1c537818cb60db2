# SPDX-License-Identifier: BSD-3-Clause
"""A simulated radio telescope: a pulsar, dispersed by the gas between the stars, far below the noise of the receiver.

All of it follows from a seed, so that whoever gets the spectra can tell each wrong byte. And what an astronomer does
with them: fold them at the pulsar's period, undo the dispersion, add them up.
"""

import numpy as np

CHANNELS = 256
SAMPLES = 1024  # of each channel in a heap
HEAP_BYTES = CHANNELS * SAMPLES
PERIOD = 1500  # of the pulsar, in samples
BINS = 375  # of the period, in profiles and pictures

_NOISE_PLACES = 1 << 20
_PULSE_HEIGHT, _PULSE_WIDTH = 4, 40  # a sixth of the noise; width in samples
_DISPERSED_PERIODS = 1.3  # delay of the lowest channel
_LOW, _HIGH = 1.2, 1.5  # GHz


def _delays():
    """How many samples later each channel hears the pulse than the highest one does."""
    frequency = _HIGH - (np.arange(CHANNELS) + 0.5) * (_HIGH - _LOW) / CHANNELS
    late = frequency**-2 - frequency[0] ** -2  # cold plasma delays a wave with the inverse square of its frequency
    return np.rint(late / late[-1] * _DISPERSED_PERIODS * PERIOD).astype(np.int64)


DELAYS = _delays()


class Telescope:
    def __init__(self, seed):
        random = np.random.Generator(np.random.PCG64(seed))
        noise = np.clip(random.normal(128, 24, _NOISE_PLACES + SAMPLES), 8, 240).astype(np.uint8)
        self._noise = np.lib.stride_tricks.sliding_window_view(noise, SAMPLES)  # each row starts somewhere else in it
        distance = (np.arange(PERIOD + SAMPLES) % PERIOD - PERIOD / 2) / _PULSE_WIDTH
        pulse = np.rint(_PULSE_HEIGHT * np.exp(-(distance**2) / 2)).astype(np.uint8)
        self._pulse = np.lib.stride_tricks.sliding_window_view(pulse, SAMPLES)
        self._seed = seed
        self._pulses = {}

    def observe(self, number):
        """The spectra of a heap: a row of samples for each channel, a byte each."""
        places = np.random.Generator(np.random.PCG64((self._seed, number))).integers(_NOISE_PLACES, size=CHANNELS)
        spectra = self._noise[places]
        phase = number * SAMPLES % PERIOD
        if phase not in self._pulses:  # there are few of them
            self._pulses[phase] = self._pulse[(phase - DELAYS) % PERIOD]
        spectra += self._pulses[phase]
        return spectra

    def count_wrong(self, number, got):
        """How many bytes of it are not what was observed."""
        if got.shape != (CHANNELS, SAMPLES):
            return HEAP_BYTES
        expected = self.observe(number)
        return 0 if np.array_equal(expected, got) else int(np.count_nonzero(expected != got))


class Observation:
    """Spectra folded at the period."""

    def __init__(self):
        self.heaps = 0
        self._sums = np.zeros((CHANNELS, PERIOD), np.uint32)
        self._counts = np.zeros(PERIOD, np.uint32)

    def add(self, number, spectra):
        phase = number * SAMPLES % PERIOD
        first = min(SAMPLES, PERIOD - phase)
        for at, piece in ((phase, spectra[:, :first]), (0, spectra[:, first:])):  # where the period wraps
            self._sums[:, at : at + piece.shape[1]] += piece
            self._counts[at : at + piece.shape[1]] += 1
        self.heaps += 1

    def folded(self, straight):
        """Mean power of each channel over the period, in BINS; `straight`: with the delays undone."""
        shifts = DELAYS if straight else np.zeros(CHANNELS, np.int64)
        phases = (np.arange(PERIOD) + shifts[:, np.newaxis]) % PERIOD
        sums = np.take_along_axis(self._sums, phases, axis=1).astype(float)
        counts = self._counts[phases].astype(float)
        shape = (CHANNELS, BINS, PERIOD // BINS)
        return sums.reshape(shape).sum(axis=2) / np.maximum(counts.reshape(shape).sum(axis=2), 1)


def add_up(folded):
    """All channels together, in units of the noise beside the pulse, around 0."""
    power = folded.sum(axis=0)
    # Noise: the half of the period that lies farthest from the peak.
    off = np.roll(power, -int(power.argmax()))[BINS // 4 : 3 * BINS // 4]
    return (power - off.mean()) / (off.std() or 1)
