"""How sure an answer is: whether there is a digit at all, and whether a second network reads the same one.

A network answers with one of its classes whatever it is shown. `digits-or-none` has an eleventh answer, and reads the
same pixels. With its probability q of the first network's answer k and the first one's p_k,

    m = min(p_k, q_k)    c = sigmoid(SLOPE logit m + OFFSET)

c is how sure the answer is: both must be sure of it. The two constants make c a probability: of the answers with
c = 0.9, about nine in ten are right. ``tools/calibrate_sureness.py`` fits them, and ``docs/reading.md`` says how well
they hold for other writers, and what each measure is worth.

References
----------
Guo, Pleiss, Sun, Weinberger, "On calibration of modern neural networks", 2017, for q's temperature.
Platt, "Probabilistic outputs for support vector machines", 1999, for SLOPE and OFFSET.
Hendrycks, Gimpel, "A baseline for detecting misclassified and out-of-distribution examples", 2017, for p_k alone.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pellucid.data.preparation import RECORD
from pellucid.errors import ShapeError
from pellucid.programs.images import from_unit

if TYPE_CHECKING:
    from pellucid.network.network import Network

WITNESS = "digits-or-none"
"""The shipped network with an eleventh answer."""

NONE = "none"
DIGITS = tuple("0123456789")

SLOPE, OFFSET = 0.97, 1.18

THRESHOLD = 0.95
"""An answer is sure from this confidence on."""

NO_DIGIT = 0.9
"""From this probability of none on, there is no digit."""

RARITY = 0.3
"""How much rarer no digits are among what is read than among what the second network was trained on."""

WEIGHT = 0.5
"""The weight of the second network where both answer together."""


@dataclass(frozen=True)
class Sureness:
    """How sure the answer of a network is.

    Attributes
    ----------
    none : float
        The probability that there is no digit.
    confidence : float
        The probability that the answer is right.
    """

    none: float
    confidence: float

    @property
    def is_none(self) -> bool:
        """Whether there is no digit."""
        return self.none >= NO_DIGIT


def sureness(pixels: NDArray[np.floating[Any]], outputs: NDArray[np.floating[Any]]) -> list[Sureness]:
    """Return how sure the answers of a network that reads digits are.

    Parameters
    ----------
    pixels : ndarray (N, 28, 28)
        What the network read, 0 to 1 with bright ink.
    outputs : ndarray (N, 10)
        What it answered for 0 to 9.

    Raises
    ------
    ShapeError
        If the shapes are others.

    Examples
    --------
    >>> import pellucid as pl
    >>> images = pl.data.load("digits").test.images[:1]
    >>> net = pl.load("digits-relu")
    >>> found = sureness(images / 255, net(images))
    >>> found[0].is_none
    False
    """
    pixels, outputs = np.asarray(pixels, np.float32), np.asarray(outputs, np.float32)
    if pixels.shape[1:] != (28, 28) or outputs.shape != (len(pixels), len(DIGITS)):
        raise ShapeError(
            f"sureness expected pixels (N, 28, 28) and outputs (N, 10), got {pixels.shape} and {outputs.shape}: "
            "pass the outputs for 0 to 9."
        )
    return compared(outputs, second_outputs(pixels))


def second_outputs(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the probabilities of 0 to 9 and of none, (N, 11), of the second network for pixels (N, 28, 28)."""
    witness = _witness()
    outputs = witness(from_unit(pixels, witness.level_range)) if len(pixels) else np.zeros((0, len(DIGITS) + 1))
    logs = np.log(np.maximum(outputs, 1e-12)) / float(witness.record["temperature"])
    logs[:, -1] += np.log(RARITY)
    powers = np.exp(logs - logs.max(axis=1, keepdims=True, initial=-np.inf))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float32)


def compared(first: NDArray[np.float32], second: NDArray[np.float32]) -> list[Sureness]:
    """Return how sure answers are, from the outputs of the first network (N, 10) and of the second (N, 11)."""
    found = zip(second[:, -1], confidences(first, second), strict=True)
    return [Sureness(float(q), float(c)) for q, c in found]


def confidences(first: NDArray[np.float32], second: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return c of each answer, (N,), from the same outputs."""
    best = first.argmax(axis=1)
    rows = np.arange(len(best))
    shares = first[rows, best] / np.maximum(first.sum(axis=1), 1e-12)
    least = np.clip(np.minimum(shares, second[rows, best]), 1e-6, 1 - 1e-6)
    return np.asarray(1 / (1 + np.exp(-SLOPE * np.log(least / (1 - least)) - OFFSET)), np.float32)


def together(first: NDArray[np.float32], second: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the probabilities of 0 to 9 by both networks, (N, 10): their product, in which the second has `WEIGHT`."""
    logs = np.log(np.maximum(first, 1e-12)) + WEIGHT * np.log(np.maximum(second[:, : len(DIGITS)], 1e-12))
    powers = np.exp(logs - logs.max(axis=1, keepdims=True, initial=-np.inf))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float32)


def reads_digits(net: Network) -> bool:
    """Whether a network answers with the digits 0 to 9, in order, for pixels as MNIST has them."""
    return tuple(net.classes) == DIGITS and RECORD not in net.record


@functools.cache
def _witness() -> Network:
    from pellucid.network.files import load

    return load(WITNESS)
