"""The quiz of the room Look for, which asks which of two images that one has not seen excites a neuron more.

The share of right answers tells how well one understands from its strongest and weakest images what a neuron responds
to; guessing is right in half of the rounds.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pellucid.studio.protocol.look_for import Score
from pellucid.studio.protocol.refusal import RefusedError

FEWEST = 8
"""Fewest images to draw pairs from."""

Key = tuple[str | None, int, bool, int, int]
"""Subject, version of the network, whether it is the twin, layer, neuron."""


@dataclass(frozen=True)
class Round:
    """A pair of images, and how much each excites the neuron."""

    number: int
    key: Key
    indices: tuple[int, int]
    excitations: tuple[float, float]
    activations: tuple[float, float]


@dataclass
class Quiz:
    """Rounds and scores of a session.

    Attributes
    ----------
    rng : Generator
        Draws the pairs.
    """

    rng: np.random.Generator = field(default_factory=np.random.default_rng)
    _rounds: int = 0
    _open: Round | None = None
    _scores: dict[Key, Score] = field(default_factory=dict)

    def draw(self, key: Key, values: NDArray[np.float32], activations: NDArray[np.float32], shown: int) -> Round:
        """Draw one image of the upper quarter and one of the lower, in random order, of all but the ``shown`` ends.

        Parameters
        ----------
        key : tuple
            The neuron.
        values, activations : ndarray (N,)
            Its excitation and activation by each image.
        shown : int
            Images that were shown as the strongest, and as the weakest.

        Raises
        ------
        RefusedError
            If there are too few images, or all excite the neuron alike.
        """
        order = np.argsort(values, kind="stable")
        unseen = order[shown : len(order) - shown]
        quarter = len(unseen) // 4
        if len(unseen) < FEWEST:
            raise RefusedError(
                "bad_value", f"Expected at least {FEWEST} images that were not shown, got {len(unseen)}: use more data."
            )
        low, high = unseen[self.rng.integers(quarter)], unseen[len(unseen) - 1 - self.rng.integers(quarter)]
        if not values[high] > values[low]:
            raise RefusedError("bad_value", "All images excite this neuron alike: choose another one.")
        first, second = (int(low), int(high)) if self.rng.integers(2) else (int(high), int(low))
        self._rounds += 1
        self._open = Round(
            self._rounds,
            key,
            (first, second),
            (float(values[first]), float(values[second])),
            (float(activations[first]), float(activations[second])),
        )
        return self._open

    def answer(self, number: int, choice: int, version: int) -> tuple[Round, bool]:
        """Score an answer to the open round; return that round, and whether the answer is right.

        Raises
        ------
        RefusedError
            If that round is not open, or the network has changed since.
        """
        found = self._open
        if found is None or found.number != number:
            raise RefusedError("out_of_order", f"Round {number} is not open: ask for a new pair.")
        self._open = None
        if found.key[0] is None and found.key[1] != version:
            raise RefusedError("out_of_order", "The network has changed since this pair was shown: take the next pair.")
        right = found.excitations[choice] > found.excitations[1 - choice]
        before = self.score(found.key)
        self._scores[found.key] = Score(before.right + right, before.rounds + 1)
        return found, right

    def score(self, key: Key) -> Score:
        """Return the score for a neuron; that of an earlier version of the network no longer counts."""
        return self._scores.get(key, Score(0, 0))
