"""Augmentation of speech, so that a network learns the words and not the few voices in the training data.

Each recording is resampled once by several factors, which shifts pitch and formants together, as a longer or shorter
vocal tract does. The other steps work on power in mel bands, where they are cheap: tempo reads the frames faster or
slower; noise adds its power; a room makes each frame's power decay slowly; a microphone tilts the bands. Finally,
SpecAugment masks a few bands and frames. Everything is drawn from a seeded generator.

References
----------
Jaitly and Hinton, "Vocal tract length perturbation improves speech recognition", 2013; Ko et al., "Audio augmentation
for speech recognition", 2015; Park et al., "SpecAugment", 2019.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.speech.features import BANDS, RATE, STACK, evened, powers, stacked

Floats = npt.NDArray[np.float32]

WARPS = (0.84, 0.90, 0.95, 1.0, 1.05, 1.11, 1.18)
"""Factors by which a recording is resampled. Above 1 the voice becomes deeper and slower."""
PLAIN = WARPS.index(1.0)
_SHORTEST = 4


def warped(samples: Floats, factor: float) -> Floats:
    """Resample samples (n,) to a vocal tract ``factor`` times as long; they become slower by the same factor."""
    import soxr

    if factor == 1.0:
        return samples
    result: Floats = soxr.resample(samples, RATE, RATE * factor)
    return result


def warped_powers(samples: Floats, factors: Sequence[float] = WARPS) -> list[Floats]:
    """Return the power in mel bands (T, BANDS) of a recording at every factor."""
    return [powers(warped(samples, factor)) for factor in factors]


def at_tempo(power: Floats, stretch: float) -> Floats:
    """Stretch frames (T, D) to ``stretch`` times as many, by linear interpolation.

    Examples
    --------
    >>> at_tempo(np.array([[0.0], [1.0], [2.0], [3.0], [4.0]], np.float32), 1.8).ravel().tolist()
    [0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0]
    """
    if len(power) < 2:
        return power
    count = max(_SHORTEST, round(len(power) * stretch))
    place = np.linspace(0, len(power) - 1, count)
    before = np.minimum(place.astype(np.int64), len(power) - 2)
    share = (place - before).astype(np.float32)[:, None]
    result: Floats = power[before] * (1 - share) + power[before + 1] * share
    return result


def noise(rng: np.random.Generator, frames: int, bands: int) -> Floats:
    """Draw noise power (frames, bands) with a random colour and fluctuation, with a mean of about 1.

    Half of the noises are steady, either white like that of an amplifier or slightly tilted.
    """
    if rng.random() < 0.5 and bands == BANDS:
        mean, shape = _white()
        colour = mean * np.exp(rng.normal(0, 0.7) * np.linspace(-1, 1, bands))
        power = colour / shape * rng.standard_gamma(shape, (frames, bands))
    else:
        colour = np.exp(np.cumsum(rng.normal(0, 0.35, bands)) + rng.normal() * np.linspace(-1, 1, bands))
        knots = max(2, frames // 8)
        unrest = np.exp(0.3 * np.interp(np.arange(frames), np.linspace(0, frames, knots), rng.normal(0, 1, knots)))
        power = unrest[:, None] * colour * rng.gamma(2.0, 0.5, (frames, bands))
    result: Floats = (power / power.mean()).astype(np.float32)
    return result


@cache
def _white() -> tuple[Floats, Floats]:
    """Return the mean power of white noise in each band, and the shape of its gamma distribution."""
    power = powers(np.random.default_rng(0).normal(0, 0.1, 30 * RATE).astype(np.float32))
    mean = power.mean(axis=0)
    return mean / mean.mean(), mean**2 / power.var(axis=0)


@dataclass(frozen=True)
class Vary:
    """How an utterance is augmented each time it is used.

    Parameters
    ----------
    noise : float
        Share of the utterances with noise.
    loudest : float
        Level of the loudest noise in dB below the loudest frame; the faintest is 50 dB below.
    room : float
        Share of the utterances with reverberation.
    telephone : float
        Share of the utterances with hardly any power below 300 Hz, or above some frequency.
    microphone : float
        Standard deviation of the random tilt and bend of the log bands.
    hide : bool
        Whether SpecAugment masks bands and frames.
    """

    noise: float = 0.7
    loudest: float = 12.0
    room: float = 0.4
    telephone: float = 0.12
    microphone: float = 0.4
    hide: bool = True

    def configuration(self) -> dict[str, Any]:
        """Return the settings that are saved in files."""
        return asdict(self)

    def __call__(self, power: Floats, rng: np.random.Generator) -> Floats:
        """Augment and normalise an utterance's power (T, STACK D); the shape stays the same."""
        return stacked(self.shown(power.reshape(-1, power.shape[1] // STACK), rng), STACK)

    def shown(self, power: Floats, rng: np.random.Generator) -> Floats:
        """Augment and normalise an utterance's power (T, D)."""
        bands = power.shape[1]
        if rng.random() < self.noise:
            loudest = float(power.sum(axis=1).max())
            power = power + noise(rng, len(power), bands) * np.float32(
                loudest / bands * 10 ** -rng.uniform(self.loudest / 10, 5)
            )
        if rng.random() < self.room:
            power = _lingering(power, rng.uniform(0.05, 0.72))
        if rng.random() < self.telephone:
            power = power * _narrow(rng, bands)
        bend = np.interp(np.arange(bands), np.linspace(0, bands - 1, 5), rng.normal(0, self.microphone, 5))
        shown = evened(power * np.exp(bend).astype(np.float32))
        return _partly_hidden(shown, rng) if self.hide else shown


def _narrow(rng: np.random.Generator, bands: int) -> Floats:
    """Return gains of the bands (bands,) of a device that transmits neither the lowest nor the highest."""
    gains = np.ones(bands, np.float32)
    faint = np.float32(10 ** -rng.uniform(1.0, 4.0))
    gains[: int(rng.integers(0, bands // 5 + 1))] = faint
    gains[bands - int(rng.integers(0, bands // 10 + 1)) :] = faint
    return gains


def _lingering(power: Floats, share: float) -> Floats:
    """Add to every frame a share of the frame before it, recursively."""
    result = power.copy()
    for before, frame in itertools.pairwise(result):
        frame += np.float32(share) * before
    return result


def _partly_hidden(shown: Floats, rng: np.random.Generator) -> Floats:
    """Set up to two groups of bands and one group of frames to the mean."""
    frames, bands = shown.shape
    for _ in range(rng.integers(0, 3)):
        width = int(rng.integers(1, max(2, bands // 5)))
        begin = int(rng.integers(0, bands - width + 1))
        shown[:, begin : begin + width] = 0
    if rng.random() < 0.5:
        width = int(rng.integers(1, 4))
        begin = int(rng.integers(0, max(1, frames - width)))
        shown[begin : begin + width] = 0
    return shown
