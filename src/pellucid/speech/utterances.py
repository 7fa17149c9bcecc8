"""Find utterances in a stream of frames: each starts when it gets loud and ends after a stretch of silence.

Loud and quiet are relative to the recording: a floor falls at once to the quietest frame and rises slowly, and a peak
rises at once and falls slowly. Only the current utterance is held in memory. If it gets too long, it is cut at its
quietest frame.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pellucid.speech.features import BANDS, HOP

Floats = npt.NDArray[np.float32]

PAUSE = 0.6
"""Seconds of silence that end an utterance."""
LONGEST = 8.0
"""Seconds after which an utterance is cut at its quietest frame."""
MARGIN = 0.15
"""Seconds kept before and after, because words start and end softly."""
_SHORTEST = 4
_FULL_SCALE = 36.0
_SILENCE = -75.0
_FIRST_FLOOR = -60.0
_RISE, _SINK = 6.0 * HOP, 2.0 * HOP
_LEAST_ABOVE = 6.0


@dataclass(frozen=True)
class Utterance:
    """Frames ``power`` (T, BANDS); the first is frame number ``begin`` of the stream."""

    begin: int
    power: Floats
    final: bool


class Utterances:
    """Takes frames as they arrive, and returns the utterances in them.

    Parameters
    ----------
    pause : float
        Seconds of silence that end an utterance.
    is_loud : function, optional
        Tells from the level of each frame in dB, in order, whether it is loud for this recording.

    Examples
    --------
    >>> loud, quiet = np.full((60, BANDS), 1.0, np.float32), np.full((60, BANDS), 1e-9, np.float32)
    >>> [(one.begin, len(one.power)) for one in Utterances().feed(np.concatenate([quiet, loud, quiet]))]
    [(50, 80)]
    """

    def __init__(self, pause: float = PAUSE, is_loud: Callable[[float], bool] | None = None) -> None:
        self._judge = is_loud or self._is_loud
        self._floor, self._peak = _FIRST_FLOOR, _FIRST_FLOOR + _LEAST_ABOVE
        self._held = np.empty((0, BANDS), np.float32)
        self._loud: list[bool] = []
        self._begin = 0
        self._margin = round(MARGIN / HOP)
        self._pause = round(pause / HOP)
        self._longest = round(LONGEST / HOP)

    def feed(self, power: Floats) -> list[Utterance]:
        """Return the utterances that are complete after these frames (T, BANDS)."""
        found = []
        levels = 10 * np.log10(power.sum(axis=1) + 1e-12) - _FULL_SCALE
        for begin in range(0, len(power), self._pause):
            part = power[begin : begin + self._pause]
            self._held = np.concatenate([self._held, part])
            self._loud += [self._judge(float(level)) for level in levels[begin : begin + self._pause]]
            while (utterance := self._next()) is not None:
                found.append(utterance)
        return [utterance for utterance in found if len(utterance.power)]

    def finish(self) -> Utterance | None:
        """Return the utterance that the end of the stream cuts off."""
        under_way = self.under_way()
        self._drop(len(self._held))
        return None if under_way is None else Utterance(under_way.begin, under_way.power, True)

    def under_way(self) -> Utterance | None:
        """Return the current part of an unfinished utterance."""
        places = np.flatnonzero(self._loud)
        if len(places) < _SHORTEST:
            return None
        begin, end = max(0, places[0] - self._margin), min(len(self._held), places[-1] + 1 + self._margin)
        return Utterance(self._begin + int(begin), self._held[begin:end], False)

    def _is_loud(self, level: float) -> bool:
        """Update floor and peak, and return whether a frame is loud for this recording."""
        self._floor = max(min(level, self._floor + _RISE), _SILENCE)
        self._peak = max(level, self._peak - _SINK, self._floor + _LEAST_ABOVE)
        return level > self._floor + max(_LEAST_ABOVE, 0.25 * (self._peak - self._floor)) and level > _SILENCE

    def _next(self) -> Utterance | None:
        """Return a finished utterance, possibly empty, and release it; None if there is none."""
        places = np.flatnonzero(self._loud)
        if not len(places):
            self._drop(max(0, len(self._held) - self._margin))
            return None
        first = int(places[0])
        gaps = np.flatnonzero(np.diff(places, append=len(self._loud)) > self._pause)
        last = int(places[gaps[0]]) if len(gaps) else None
        # The decision is made frame by frame, so that the result does not depend on how the stream is split.
        known = len(self._held) if last is None else last + self._pause + 1
        if known - first > self._longest:
            end = self._quietest(first)
            return self._taken(first, end, int(np.count_nonzero(places < end)))
        if last is None:
            return None
        return self._taken(first, last + 1 + self._margin, int(np.count_nonzero(places <= last)))

    def _taken(self, first: int, end: int, loud: int) -> Utterance:
        begin = max(0, first - self._margin)
        power = self._held[begin:end].copy() if loud >= _SHORTEST else self._held[:0]
        utterance = Utterance(self._begin + begin, power, True)
        self._drop(end)
        return utterance

    def _quietest(self, first: int) -> int:
        """Return the quietest frame in the second half of an utterance that is too long."""
        levels = np.log(self._held[first : first + self._longest].sum(axis=1) + 1e-12)
        smooth = np.convolve(levels, np.full(5, 0.2), mode="same")
        half = len(smooth) // 2
        return first + half + int(smooth[half:-2].argmin())

    def _drop(self, frames: int) -> None:
        self._held = self._held[frames:].copy()
        del self._loud[:frames]
        self._begin += frames
