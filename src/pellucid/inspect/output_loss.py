"""The loss as a formula of the outputs a, and its derivative by each: docs/derivations/losses.md.

`pellucid.inspect.reference` computes the loss from the weighted sums instead, where it stays finite. These are the
textbook formulas, against which the derivative by an output is checked.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pellucid.inspect.reference import value_gradient, value_terms
from pellucid.network.prediction import VALUE_LOSSES

Array = NDArray[np.float64]


def loss_of_outputs(loss: str, f: str, a: Array, t: Array) -> float:
    """The loss of one example, from its outputs a and targets t, both (K,); infinite where a logarithm is."""
    if loss == "squared":
        return float(((a - t) ** 2).sum())
    if loss in VALUE_LOSSES:
        return float(value_terms(loss, a - t).mean())
    with np.errstate(divide="ignore", invalid="ignore"):
        others = 0.0 if f == "softmax" else -np.log1p(-a)
        return float(np.where(t > 0, -np.log(a), others).sum())


def output_gradient(loss: str, f: str, a: Array, t: Array) -> Array:
    """dL/da of each output (K,); where it is infinite, the largest float32."""
    if loss == "squared":
        return 2 * (a - t)
    if loss in VALUE_LOSSES:
        return value_gradient(loss, a - t) / len(a)
    with np.errstate(divide="ignore", invalid="ignore"):
        others = 0.0 if f == "softmax" else 1.0 / (1.0 - a)
        gradient = np.where(t > 0, -1.0 / a, others)
    largest = float(np.finfo(np.float32).max)
    return np.clip(gradient, -largest, largest)
