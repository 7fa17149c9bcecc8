"""Recorded words, the parts of utterances."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


class Words:
    """Recorded words as power in mel bands at each of `WARPS`, with their labels, speakers and weights.

    A word of weight 2 is used twice as often as one of weight 1, the default.
    """

    def __init__(
        self,
        powers: Sequence[list[Floats]],
        labels: npt.NDArray[np.int64],
        speakers: npt.NDArray[np.str_],
        weights: npt.NDArray[np.float64] | None = None,
    ) -> None:
        self.powers, self.labels, self.speakers = list(powers), labels, speakers
        self.weights = np.ones(len(labels)) if weights is None else weights
        digits = labels >= 0
        self.others = np.flatnonzero(~digits)
        self.by_digit = {digit: np.flatnonzero(labels == digit) for digit in sorted(set(labels[digits].tolist()))}
        self.by_speaker = {name: np.flatnonzero(digits & (speakers == name)) for name in sorted(set(speakers.tolist()))}

    def weighted(self, weights: npt.NDArray[np.float64] | float) -> Words:
        """Return the same words with other weights (n,), or with one for all."""
        every = np.broadcast_to(weights, self.labels.shape).astype(np.float64)
        return Words(self.powers, self.labels, self.speakers, every)

    def drawn(self, rng: np.random.Generator) -> npt.NDArray[np.int64]:
        """Return the numbers of all words, each as often as its weight says; fractions are drawn."""
        return np.repeat(np.arange(len(self)), (self.weights + rng.random(len(self))).astype(np.int64))

    def __len__(self) -> int:
        return len(self.powers)

    def __getitem__(self, chosen: npt.NDArray[np.bool_]) -> Words:
        """Return the words that a mask selects."""
        powers = [self.powers[number] for number in np.flatnonzero(chosen)]
        return Words(powers, self.labels[chosen], self.speakers[chosen], self.weights[chosen])

    def __add__(self, other: Words) -> Words:
        """Return the words of both."""
        return Words(
            self.powers + other.powers,
            np.concatenate([self.labels, other.labels]),
            np.concatenate([self.speakers, other.speakers]),
            np.concatenate([self.weights, other.weights]),
        )
