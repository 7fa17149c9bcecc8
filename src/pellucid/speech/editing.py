"""Change a recording: mute a stretch of it, stretch it in time, or swap two stretches. What was changed stays known.

Joints are faded over a few milliseconds, so that a cut does not sound like a plosive. Stretching keeps the pitch:
frames of 30 ms are moved apart or together, and overlap so that their waveforms fit (WSOLA, Verhelst and Roelands
1993).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pellucid.errors import ConfigurationError
from pellucid.speech.features import RATE

Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]
Span = tuple[float, float]
"""Begin and end in seconds."""

SLOWEST, FASTEST = 4.0, 0.25
"""Largest and smallest factor of a stretch."""

_FADE = round(0.003 * RATE)
_FRAME = round(0.030 * RATE)
_HOP = _FRAME // 2
_REACH = round(0.010 * RATE)


@dataclass(frozen=True, eq=False)
class EditedSound:
    """Samples and which of them were changed.

    Attributes
    ----------
    samples : ndarray (n,), float32
        At `pellucid.speech.features.RATE`.
    changed : ndarray (n,), bool

    Examples
    --------
    >>> tone = EditedSound.of(np.sin(np.arange(8000) / 5).astype(np.float32))
    >>> tone.muted((0.25, 0.5)).spans()
    [(0.25, 0.5)]
    >>> slow = tone.stretched((0.25, 0.5), 2.0)
    >>> len(slow.samples), slow.spans()
    (10000, [(0.25, 0.75)])
    """

    samples: Floats
    changed: Mask

    @classmethod
    def of(cls, samples: Floats) -> EditedSound:
        """Return a recording as it was made."""
        return cls(samples, np.zeros(len(samples), np.bool_))

    def muted(self, span: Span) -> EditedSound:
        """Silence a stretch."""
        begin, end = self._places(span)
        samples, changed = self.samples.copy(), self.changed.copy()
        part = samples[begin:end]
        gain = np.zeros(len(part), np.float32)
        fade = min(_FADE, len(part) // 2)
        ramp = np.linspace(1, 0, fade, endpoint=False, dtype=np.float32)
        gain[:fade], gain[len(part) - fade :] = ramp, ramp[::-1]
        part *= gain
        changed[begin:end] = True
        return EditedSound(samples, changed)

    def stretched(self, span: Span, factor: float) -> EditedSound:
        """Make a stretch ``factor`` times as long.

        Raises
        ------
        ConfigurationError
            If the factor is not from `FASTEST` to `SLOWEST`.
        """
        if not FASTEST <= factor <= SLOWEST:
            raise ConfigurationError(f"Expected a factor from {FASTEST} to {SLOWEST}, got {factor}.")
        begin, end = self._places(span)
        part = stretch(self.samples[begin:end], factor)
        return self._joined(
            (self.samples[:begin], self.changed[:begin]),
            (part, np.ones(len(part), np.bool_)),
            (self.samples[end:], self.changed[end:]),
        )

    def swapped(self, one: Span, other: Span) -> EditedSound:
        """Exchange two stretches.

        Raises
        ------
        ConfigurationError
            If they overlap.
        """
        (a, b), (c, d) = sorted((self._places(one), self._places(other)))
        if c < b:
            raise ConfigurationError("Expected two stretches apart from each other, got two that overlap.")
        first, second = self.samples[a:b], self.samples[c:d]
        return self._joined(
            (self.samples[:a], self.changed[:a]),
            (second, np.ones(d - c, np.bool_)),
            (self.samples[b:c], self.changed[b:c]),
            (first, np.ones(b - a, np.bool_)),
            (self.samples[d:], self.changed[d:]),
        )

    def spans(self) -> list[Span]:
        """Return the changed stretches, in seconds."""
        edges = np.flatnonzero(np.diff(self.changed, prepend=False, append=False))
        return [(begin / RATE, end / RATE) for begin, end in edges.reshape(-1, 2).tolist()]

    def _places(self, span: Span) -> tuple[int, int]:
        """Return the samples of a stretch, which must lie in the recording."""
        begin, end = round(span[0] * RATE), min(round(span[1] * RATE), len(self.samples))
        if not 0 <= begin < end:
            raise ConfigurationError(
                f"Expected a stretch within {len(self.samples) / RATE:.3f} seconds, got {span[0]:.3f} to {span[1]:.3f}."
            )
        return begin, end

    @staticmethod
    def _joined(*parts: tuple[Floats, Mask]) -> EditedSound:
        """Join parts, each faded at the joints."""
        there = [part for part in parts if len(part[0])]
        faded = []
        for number, (samples, _) in enumerate(there):
            part, fade = samples.copy(), min(_FADE, len(samples) // 2)
            ramp = np.linspace(0, 1, fade, dtype=np.float32)
            if number:
                part[:fade] *= ramp
            if number < len(there) - 1:
                part[len(part) - fade :] *= ramp[::-1]
            faded.append(part)
        return EditedSound(np.concatenate(faded), np.concatenate([changed for _, changed in there]))


def stretch(samples: Floats, factor: float) -> Floats:
    """Return samples (n,) as (round(factor n),) with the same pitch.

    Each output frame is taken near the place that the factor gives, where its waveform best continues the last frame. A
    part shorter than two frames is resampled, since it has no waveform to continue.
    """
    wanted = max(1, round(factor * len(samples)))
    if len(samples) < 2 * _FRAME:
        places = np.linspace(0, len(samples) - 1, wanted)
        return np.interp(places, np.arange(len(samples)), samples).astype(np.float32)
    window = (0.5 - 0.5 * np.cos(2 * np.pi * (np.arange(_FRAME) + 0.5) / _FRAME)).astype(np.float32)
    padded = np.concatenate([samples, np.zeros(_FRAME + _HOP, np.float32)])
    out, weight = np.zeros(wanted + _FRAME, np.float32), np.zeros(wanted + _FRAME, np.float32)
    place, last = 0, len(samples) - _HOP
    for begin in range(0, wanted, _HOP):
        if begin:
            place = _fitting(padded, place + _HOP, min(round(begin / factor), last), last)
        out[begin : begin + _FRAME] += padded[place : place + _FRAME] * window
        weight[begin : begin + _FRAME] += window
    result: Floats = out[:wanted] / np.maximum(weight[:wanted], window[0])
    return result


def _fitting(padded: Floats, following: int, near: int, last: int) -> int:
    """Return the place within reach of ``near`` whose frame is most like the one that follows the last."""
    low, high = max(0, near - _REACH), min(near + _REACH, last)
    target = padded[min(following, last) :][:_FRAME]
    around = padded[low : high + _FRAME]
    likeness = np.correlate(around, target, "valid")
    energy = np.convolve(around * around, np.ones(_FRAME, np.float32), "valid")
    return low + int((likeness / np.sqrt(energy + 1e-9)).argmax())
