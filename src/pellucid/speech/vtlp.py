"""Vocal tract length perturbation: simulate a slightly longer or shorter vocal tract. Formants move, frames do not.

A network trained on few speakers does best on a new speaker if it reads the utterance several times, with frequencies
stretched by different factors, and the outputs are averaged: one of the factors brings the voice closer to a known one.
Mel bands are stretched by linear interpolation of their logarithms.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from pellucid.speech.features import BANDS, HIGHEST, LOWEST

Floats = npt.NDArray[np.float32]

FACTORS = (0.90, 0.95, 1.0, 1.05, 1.10)
"""Factors by which the frequencies are stretched."""
_TINY = np.float32(1e-12)


def seen_from(power: Floats, factor: float) -> Floats:
    """Return power in mel bands (T, BANDS) with each band taken from ``factor`` times its frequency.

    Examples
    --------
    >>> tone = np.full((1, BANDS), 1e-9, np.float32)
    >>> tone[0, 10] = 1.0
    >>> [int(seen_from(tone, factor).argmax()) for factor in (0.8, 1.0, 1.25)]
    [12, 10, 8]
    """
    if factor == 1.0:
        return power
    before, share = _places(factor)
    logs = np.log(power + _TINY)
    result: Floats = np.exp(logs[:, before] * (1 - share) + logs[:, before + 1] * share)
    return result


@cache
def _places(factor: float) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    """Return the band below each position that is read, and the distance of the position above it."""
    low, high = _mel(np.array([LOWEST, HIGHEST]))
    step = (high - low) / (BANDS + 1)
    centres = 700 * np.expm1((low + step * np.arange(1, BANDS + 1)) / 1127)
    places = np.clip((_mel(centres * factor) - low) / step - 1, 0, BANDS - 1)
    before = np.minimum(places.astype(np.int64), BANDS - 2)
    return before, (places - before).astype(np.float32)


def _mel(hertz: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    mel: npt.NDArray[np.float64] = 1127 * np.log1p(hertz / 700)
    return mel
