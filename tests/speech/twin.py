"""Slow, plain twins of what decodes, and a network made of a table, for tests that need no training."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.speech.features import BANDS
from pellucid.speech.lexicon import CLASSES, spelling


def collapsed(path: tuple[int, ...]) -> list[int]:
    """A path with repetitions merged and blanks left out."""
    return [number for number, _ in itertools.groupby(path) if number != 0]


def probability(logs: npt.NDArray[np.float64], classes: list[int]) -> float:
    """The sum over every path that spells ``classes``: exponential in the number of frames."""
    frames, kinds = logs.shape
    return sum(
        float(np.exp(sum(logs[t, k] for t, k in enumerate(path))))
        for path in itertools.product(range(kinds), repeat=frames)
        if collapsed(path) == classes
    )


def saying(words: list[int], each: int = 3, between: int = 2, sure: float = 0.99) -> npt.NDArray[np.float64]:
    """Probabilities (T, K) of a network that hears these words: each sound for some frames, blanks between."""
    kinds = len(CLASSES)
    path: list[int] = [0] * between
    for word in words:
        before = -1
        for sound in spelling([word]):
            path += [0] * (sound == before) + [sound] * each
            before = sound
        path += [0] * between
    rows = np.full((len(path), kinds), (1 - sure) / (kinds - 1))
    rows[np.arange(len(path)), path] = sure
    return rows


class Parrot:
    """Stands in for a network: says the same whatever it hears, stretched over the frames that come."""

    def __init__(self, words: list[int], sure: float = 0.99, record: dict[str, Any] | None = None) -> None:
        self.input_shape: tuple[Any, ...] = (None, BANDS)
        self.output_shape: tuple[Any, ...] = (None, len(CLASSES))
        self.record = record or {}
        self._words, self._sure = words, sure

    def __call__(self, x: Any) -> Any:
        """Probabilities (T, K) of one sequence of frames; a list of those for a list."""
        return [self._said(frames) for frames in x] if isinstance(x, list) else self._said(x)

    def _said(self, frames: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        rows = saying(self._words, sure=self._sure)
        return rows[np.linspace(0, len(rows) - 1, len(frames)).round().astype(int)]
