"""Resample a microphone's samples to 8 kHz with a delay of 4 ms, by a windowed sinc.

`pellucid.speech.audio.Resampler` is more exact near 4 kHz, but it holds more than a tenth of a second back: too long
for what is shown while somebody speaks.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from pellucid.speech.features import RATE

Floats = npt.NDArray[np.float32]

ZEROS = 32
"""Zero crossings of the sinc on each side, at the lower of the two rates."""

_MOST_PHASES = 400
_AT_ONCE = 2048


class LiveResampler:
    """Resamples mono samples from any rate to `RATE`, as they arrive.

    Output k is sum_n x(n) s w((n - k r) s) with r the ratio of the rates, s = min(1, 1 / r), and w a sinc under a
    Blackman window of `ZEROS` crossings.

    Parameters
    ----------
    rate : int
        Samples per second.

    Examples
    --------
    >>> resampler = LiveResampler(48_000)
    >>> [len(resampler.feed(np.zeros(960, np.float32))) for _ in range(3)]
    [128, 160, 160]
    """

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._scale = min(1.0, RATE / rate)
        self._half = math.ceil(ZEROS / self._scale)
        self._held = np.zeros(self._half, np.float32)
        self._begin = -self._half
        self._next = 0
        phases = RATE // math.gcd(rate, RATE)
        self._table = self._weights(np.arange(phases) / phases) if phases <= _MOST_PHASES else None

    def feed(self, samples: Floats) -> Floats:
        """Return the output that is complete after these samples (n,)."""
        if self._rate == RATE:
            return samples
        self._held = np.concatenate([self._held, samples])
        past = self._begin + len(self._held) - self._half
        last = max(self._next, -(-(past * RATE) // self._rate))
        found = [self._outputs(begin, min(begin + _AT_ONCE, last)) for begin in range(self._next, last, _AT_ONCE)]
        self._next = last
        keep = max(self._begin, last * self._rate // RATE - self._half)
        self._held, self._begin = self._held[keep - self._begin :], keep
        return np.concatenate([*found, np.zeros(0, np.float32)])

    def _outputs(self, begin: int, end: int) -> Floats:
        """Return some outputs, whose samples are all held."""
        numbers = np.arange(begin, end) * self._rate
        centres, rest = numbers // RATE, numbers % RATE
        windows = np.lib.stride_tricks.sliding_window_view(self._held, 2 * self._half + 1)
        table = self._table
        weights = self._weights(rest / RATE) if table is None else table[rest * len(table) // RATE]
        result: Floats = np.einsum("ij,ij->i", windows[centres - self._half - self._begin], weights)
        return result

    def _weights(self, fractions: npt.NDArray[np.float64]) -> Floats:
        """Return the weights (n, 2 half + 1) of the samples around outputs at these fractions of a sample."""
        away = (np.arange(-self._half, self._half + 1) - fractions[:, None]) * self._scale
        inside = np.clip(away / ZEROS, -1, 1)
        window = 0.42 + 0.5 * np.cos(np.pi * inside) + 0.08 * np.cos(2 * np.pi * inside)
        weights: Floats = (self._scale * np.sinc(away) * window).astype(np.float32)
        return weights
