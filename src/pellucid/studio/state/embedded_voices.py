"""The embedded voices that were held out of training: they say any digits."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from pellucid import data
from pellucid.data.recordings import Recordings
from pellucid.speech.joining import Joining
from pellucid.studio.protocol.refusal import RefusedError

Floats = npt.NDArray[np.float32]

LOUDNESS = 40.0
"""Level of the noise behind an embedded voice in dB below its loudest sample."""


@functools.cache
def _voices() -> Recordings:
    return data.load("spoken").test


def voice_names() -> list[str]:
    """Return the names of the embedded voices that were held out of training."""
    spoken = _voices()
    return sorted(set(spoken.speakers[spoken.labels >= 0].tolist()))


def spoken_by(voice: str, digits: Sequence[int], pause: float) -> Floats:
    """Return an embedded voice that says digits with pauses, (n,).

    Raises
    ------
    RefusedError
        If there is no such voice.
    """
    if voice not in voice_names():
        raise RefusedError("unavailable", f"Expected one of the embedded voices, got {voice[:100]!r}.")
    spoken = _voices()
    own = spoken.speakers == voice
    chosen = np.array([np.flatnonzero(own & (spoken.labels == digit))[0] for digit in digits])
    joining = Joining(pause=(pause, pause), gain=0.0, noise=(LOUDNESS, LOUDNESS))
    samples, _ = joining.sequence(spoken, chosen, np.random.default_rng(0))
    return samples
