"""Calibration: fit the confidence of digits to real words, so that a threshold lets few other words through.

The evidence for each digit that the network recognises in recordings of single words is an example: right, or wrong if
another digit or no digit was said. A logistic regression with a small penalty on its weights separates them. Finally
the intercept is moved until hardly any recording gives a wrong digit at the usual threshold: no more than an allowed
share of the recordings of other words.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pellucid.speech.alignment import SURE
from pellucid.speech.confidence import EVIDENCE
from pellucid.speech.features import powers
from pellucid.speech.recognizer import Recognizer

Floats = npt.NDArray[np.float64]

ALLOWED = 0.04
"""Share of recordings of real words that may be taken surely for a digit in calibration."""
_PENALTY = 0.02
_STEPS = 50


class Evidence(NamedTuple):
    """The evidence ``values`` (N, EVIDENCE) for digits, whether each is ``right`` (N,), and the recording's number."""

    values: Floats
    right: npt.NDArray[np.bool_]
    clip: npt.NDArray[np.int64]


def collect(recognizer: Recognizer, clips: Iterable[tuple[npt.NDArray[np.float32], int]]) -> Evidence:
    """Return the evidence for every digit recognised in recordings (n,) of one word each, with their labels."""
    values, right, clip = [], [], []
    for number, (samples, label) in enumerate(clips):
        for word, found in recognizer.evidence(powers(samples)):
            values.append(found)
            right.append(word == label)
            clip.append(number)
    shaped = np.array(values).reshape(-1, EVIDENCE)
    return Evidence(shaped, np.array(right, bool), np.array(clip, np.int64))


def fitted(evidence: Evidence, others: int, allowed: float = ALLOWED, threshold: float = SURE) -> list[float]:
    """Return the intercept and the weights of a logistic function of the evidence.

    Parameters
    ----------
    evidence : Evidence
        Evidence in which digits that are ``right`` and digits that are not both occur.
    others : int
        Number of recordings of other words.
    allowed : float
        Recordings with a wrong digit at or above ``threshold``, as a share of these.

    Examples
    --------
    >>> values = np.repeat([[4.0], [1.0], [-4.0]], 10, axis=0) * np.ones(EVIDENCE)
    >>> right = np.repeat([True, True, False], 10)
    >>> weights = np.array(fitted(Evidence(values, right, np.arange(30)), others=10))
    >>> sure = weights[0] + values @ weights[1:] > np.log(3)  # the logit of 0.75
    >>> sure.tolist() == right.tolist()
    True
    """
    inputs = np.column_stack([np.ones(len(evidence.values)), evidence.values])
    weights = _regression(inputs, evidence.right)
    wrong = np.flatnonzero(~evidence.right)
    totals = inputs[wrong] @ weights
    highest = np.sort([totals[evidence.clip[wrong] == clip].max() for clip in set(evidence.clip[wrong].tolist())])[::-1]
    let_through = int(allowed * others)
    needed = np.log(threshold / (1 - threshold))
    if let_through < len(highest):
        weights[0] += needed - highest[let_through] - 1e-3
    return [float(f"{weight:.6g}") for weight in weights]


def _regression(inputs: Floats, right: npt.NDArray[np.bool_]) -> Floats:
    """Fit a logistic regression by Newton's method; both kinds weigh the same together."""
    share = np.where(right, 0.5 / max(1, right.sum()), 0.5 / max(1, (~right).sum()))
    weights = np.zeros(inputs.shape[1])
    penalty = np.full(len(weights), _PENALTY / 10)
    penalty[0] = 1e-6
    for _ in range(_STEPS):
        likely = 1 / (1 + np.exp(-np.clip(inputs @ weights, -50, 50)))
        gradient = inputs.T @ (share * (likely - right)) + penalty * weights
        curvature = (inputs * (share * likely * (1 - likely))[:, None]).T @ inputs + np.diag(penalty)
        weights = weights - np.linalg.solve(curvature, gradient)
    return weights
