"""The microphone of a session: samples become frames at once; a thread of its own hears utterances as they grow."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
import numpy.typing as npt

from pellucid.speech.features import HOP, RATE, MelBands
from pellucid.speech.live_resampling import LiveResampler
from pellucid.speech.utterances import Utterance, Utterances
from pellucid.studio.protocol.listen import LONGEST
from pellucid.studio.protocol.refusal import logger

Floats = npt.NDArray[np.float32]
Hint = Literal["silent", "soft", "clipped"]

PAUSE = 0.36
"""Seconds of silence that end an utterance: its end is told within half a second."""

EVERY = 0.1
"""Least seconds of new sound before an unfinished utterance is heard again."""

THREAD_NAME = "pellucid-listening"

_FLOOR_SECONDS = 2.0
_LEAST_ABOVE, _SINK, _NOTHING = 6.0, 2.0 * HOP, -75.0
_LEVEL_SECONDS = 1.0
_FULL, _MOST_FULL = 0.999, 4
_SOFT, _SILENT = 0.03, 1e-4
_FIRST_SECONDS = 1.5


class LiveLoudness:
    """Whether a frame is loud: above the quietest one of the last seconds, by a quarter of what the voice is above it.

    A file may be judged by a floor that rises slowly; at a microphone, the end of what is said must be found at once,
    in any noise, and before the first word.

    Examples
    --------
    >>> is_loud = LiveLoudness()
    >>> [is_loud(level) for level in (-120.0, -40.0, -41.0, -12.0, -39.0)]
    [False, False, False, True, False]
    """

    def __init__(self) -> None:
        self._levels: deque[float] = deque(maxlen=round(_FLOOR_SECONDS / HOP))
        self._peak = -float("inf")

    def __call__(self, level: float) -> bool:
        """Take the level of the next frame in dB."""
        if level <= _NOTHING:  # a device that starts gives zeros, which say nothing about the room
            return False
        self._levels.append(level)
        floor = min(self._levels)
        self._peak = max(level, self._peak - _SINK, floor + _LEAST_ABOVE)
        return level > floor + max(_LEAST_ABOVE, 0.25 * (self._peak - floor))


@dataclass(frozen=True, eq=False)
class Fed:
    """What some samples of the microphone added.

    Attributes
    ----------
    samples : ndarray (n,)
        At `RATE`; the first is number ``at`` of the recording.
    power : ndarray (frames, BANDS)
        The first is frame ``frame`` of the recording.
    level : float
        In dB below full scale.
    speaking : bool
    hint : str or None
    full : bool
        Whether the recording is as long as one may be.
    """

    at: int
    samples: Floats
    frame: int
    power: Floats
    level: float
    speaking: bool
    hint: Hint | None
    full: bool


class LiveListening:
    """A microphone that is open.

    Parameters
    ----------
    rate : int
        Its samples per second.
    on_utterance : function
        Called in a thread of its own with the number of an utterance and its frames, as they are so far.
    on_end : function
        Called in that thread after `finish`, when all has been heard.
    """

    def __init__(self, rate: int, on_utterance: Callable[[int, Utterance], None], on_end: Callable[[], None]) -> None:
        self._resampler, self._bands, self._utterances = (
            LiveResampler(rate),
            MelBands(),
            Utterances(PAUSE, LiveLoudness()),
        )
        self._rate = rate
        self._on_utterance, self._on_end = on_utterance, on_end
        self._samples: list[Floats] = []
        self._power: list[Floats] = []
        self._count = self._frames = self._number = self._asked = self._size = 0
        self._lately = np.zeros(0, np.float32)
        self._condition = threading.Condition()
        self._finals: deque[tuple[int, Utterance]] = deque()
        self._partial: tuple[int, Utterance] | None = None
        self._finished = self._ended = False
        self._thread = threading.Thread(target=self._work, name=THREAD_NAME, daemon=True)
        self._thread.start()

    @property
    def samples(self) -> Floats:
        """All samples so far, (n,) at `RATE`."""
        return np.concatenate([*self._samples, np.zeros(0, np.float32)])

    @property
    def power(self) -> Floats:
        """Power in mel bands so far, (frames, BANDS)."""
        return np.concatenate([*self._power, MelBands().feed(np.zeros(0, np.float32))])

    def feed(self, given: npt.NDArray[np.int16]) -> Fed:
        """Take samples of the microphone, and have what they add to be heard."""
        left = max(0, round(LONGEST * RATE) - self._count)
        given = given[: round((left / RATE + 1) * self._rate)]
        samples = self._resampler.feed(given.astype(np.float32) / np.float32(1 << 15))[:left]
        at, frame = self._count, self._frames
        power = self._bands.feed(samples)
        self._samples.append(samples)
        self._power.append(power)
        self._count += len(samples)
        self._frames += len(power)
        self._lately = np.concatenate([self._lately, samples])[-round(_LEVEL_SECONDS * RATE) :]
        speaking = self._find(power)
        level = 20 * np.log10(float(np.sqrt(np.mean(samples**2))) + 1e-6) if len(samples) else -120.0
        full = self._count >= LONGEST * RATE
        return Fed(at, samples, frame, power, float(level), speaking, self._hint(speaking), full)

    def _find(self, power: Floats) -> bool:
        """Find utterances in new frames; return whether one is under way."""
        finals = self._utterances.feed(power)
        under_way = self._utterances.under_way()
        with self._condition:
            for utterance in finals:
                self._finals.append((self._number, utterance))
                self._number += 1
                self._partial, self._size = None, 0
            size = 0 if under_way is None else len(under_way.power)
            if under_way is not None and size != self._size and (self._frames - self._asked) * HOP >= EVERY:
                self._partial, self._asked, self._size = (self._number, under_way), self._frames, size
            self._condition.notify_all()
        return under_way is not None

    def _hint(self, speaking: bool) -> Hint | None:
        loud = np.abs(self._lately)
        peak = float(loud.max(initial=0.0))
        if np.count_nonzero(loud >= _FULL) > _MOST_FULL:
            return "clipped"
        if peak < _SILENT:
            return "silent" if self._count > _FIRST_SECONDS * RATE else None
        # At first, the noise of a room counts as loud too.
        return "soft" if speaking and peak < _SOFT and self._count > _FIRST_SECONDS * RATE else None

    def finish(self) -> None:
        """End: what was said last is heard as it is."""
        last = self._utterances.finish()
        with self._condition:
            self._partial = None
            if last is not None:
                self._finals.append((self._number, last))
            self._finished = self._ended = True
            self._condition.notify_all()

    def close(self) -> None:
        """End without hearing what is left."""
        with self._condition:
            self._finals.clear()
            self._partial, self._finished, self._ended = None, False, True
            self._condition.notify_all()

    def _work(self) -> None:
        while (job := self._next()) is not None:
            self._try(partial(self._on_utterance, *job))
        if self._finished:
            self._try(self._on_end)

    @staticmethod
    def _try(work: Callable[[], None]) -> None:
        try:
            work()
        except Exception:
            logger.exception("an utterance of the microphone could not be heard")

    def _next(self) -> tuple[int, Utterance] | None:
        """Return the next utterance to be heard, finished ones first; None at the end."""
        with self._condition:
            self._condition.wait_for(lambda: self._finals or self._partial or self._ended)
            if self._finals:
                return self._finals.popleft()
            job, self._partial = self._partial, None
            return job
