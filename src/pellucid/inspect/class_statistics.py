"""What values tell of classes: quantiles and histograms by class, and how well they tell a set of classes apart."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pellucid.errors import ShapeError
from pellucid.inspect.excitation import Responses


def class_quantiles(
    values: ArrayLike, labels: ArrayLike, classes: int, shares: ArrayLike = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
) -> NDArray[np.float64]:
    """Return quantiles of values by class, (classes, shares); NaN for a class without examples.

    Parameters
    ----------
    values : array_like (N,)
        Such as the activations of one neuron.
    labels : array_like of int (N,)
    classes : int
        Number of classes.
    shares : array_like
        The shares of the examples that lie at or below each quantile, from 0 to 1.

    Examples
    --------
    >>> class_quantiles([1.0, 2.0, 3.0, 9.0], [0, 0, 0, 1], 2, [0.0, 0.5, 1.0]).tolist()
    [[1.0, 2.0, 3.0], [9.0, 9.0, 9.0]]
    """
    numbers, kinds, wanted = np.asarray(values, np.float64), np.asarray(labels), np.asarray(shares, np.float64)
    _check_pairs(numbers, kinds)
    found = np.full((classes, wanted.size), np.nan)
    for each in range(classes):
        own = numbers[kinds == each]
        if own.size:
            found[each] = np.quantile(own, wanted)
    return found


def class_histograms(values: ArrayLike, labels: ArrayLike, classes: int, edges: ArrayLike) -> NDArray[np.int64]:
    """Return how many values of each class fall between consecutive edges, (classes, edges - 1).

    Values beyond the first or last edge count in the nearest bin, so that none is left out.

    Examples
    --------
    >>> class_histograms([0.1, 0.2, 0.9, 7.0], [0, 0, 0, 1], 2, [0.0, 0.5, 1.0]).tolist()
    [[2, 1], [0, 1]]
    """
    numbers, kinds, bounds = np.asarray(values, np.float64), np.asarray(labels), np.asarray(edges, np.float64)
    _check_pairs(numbers, kinds)
    bins = np.clip(np.searchsorted(bounds, numbers, side="right") - 1, 0, bounds.size - 2)
    counts = np.bincount(kinds * (bounds.size - 1) + bins, minlength=classes * (bounds.size - 1))
    return counts.reshape(classes, bounds.size - 1)


def auc(values: ArrayLike, belongs: ArrayLike) -> float:
    """Return how well values tell one set of examples from the others: the area under the ROC curve.

    It is the share of all pairs, one example of the set and one other, in which the one of the set has the larger
    value; ties count one half. 0.5 is chance, 1 tells them apart without error, and 0 does so the other way round.

    Parameters
    ----------
    values : array_like (N,)
        Such as the excitations of a neuron.
    belongs : array_like of bool (N,)
        Whether each example belongs to the set, such as that of the digits with a loop.

    Returns
    -------
    float
        NaN where all examples, or none, belong to the set.

    References
    ----------
    Hanley and McNeil, "The meaning and use of the area under a receiver operating characteristic curve", 1982.

    Examples
    --------
    >>> auc([0.1, 0.4, 0.35, 0.8], [False, False, True, True])
    0.75
    """
    numbers, chosen = np.asarray(values, np.float64), np.asarray(belongs, bool)
    _check_pairs(numbers, chosen)
    inside, outside = np.sort(numbers[chosen]), np.sort(numbers[~chosen])
    if not inside.size or not outside.size:
        return float("nan")
    below = np.searchsorted(outside, inside, side="left").sum(dtype=np.float64)
    equal = np.searchsorted(outside, inside, side="right").sum(dtype=np.float64) - below
    return float((below + equal / 2) / (inside.size * outside.size))


def class_auc(found: Responses, labels: ArrayLike, members: ArrayLike) -> NDArray[np.float64]:
    """Return the AUC of every neuron of a layer for a set of classes, (K,).

    Parameters
    ----------
    found : Responses
    labels : array_like of int (N,)
    members : array_like of int
        The classes of the set: 0, 6, 8 and 9 are the digits with a loop.

    Examples
    --------
    >>> import pellucid as pl
    >>> test = pl.data.load("digits").test
    >>> found = pl.inspect.responses(pl.load("digits-relu"), 2, test)
    >>> bool(pl.inspect.class_auc(found, test.labels, [3])[3] > 0.9)       # output 3 tells threes from the others
    True
    """
    belongs = np.isin(np.asarray(labels), np.asarray(members))
    return np.array([auc(column, belongs) for column in found.excitations.T])


def _check_pairs(values: NDArray[np.float64], labels: NDArray[np.generic]) -> None:
    if values.ndim != 1 or values.shape != labels.shape:
        raise ShapeError(f"Expected one label for each value, got {values.shape} values and {labels.shape} labels.")
