"""Seeded choices that keep every class's share, and that no later NumPy can change."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.errors import ConfigurationError

IntArray = npt.NDArray[np.int64]


def shuffled(count: int, seed: int) -> IntArray:
    """Return the numbers 0 to `count` - 1 in the order that `seed` stands for.

    NumPy promises the raw stream of PCG64 for ever, but not what `Generator.permutation` makes of it (NEP 19), so
    the order is that of raw 64-bit draws.

    Examples
    --------
    >>> shuffled(6, seed=0).tolist()
    [3, 2, 1, 0, 4, 5]
    """
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise ConfigurationError(f"A seed must be a whole number from 0 up, got {seed!r}: try seed=0.")
    draws = np.random.PCG64(int(seed)).random_raw(count)
    return np.argsort(draws, kind="stable").astype(np.int64)


def stratified(labels: npt.NDArray[Any], count: int, seed: int) -> tuple[IntArray, IntArray]:
    """Choose `count` of the examples, each class by its share, and return the chosen and the rest.

    A class of n out of N gives floor(count * n / N), and the classes with the largest remainders give one more
    (Hamilton's method), so shares are kept to within one example and the sizes are exact.

    Parameters
    ----------
    labels : ndarray of int, shape (N,)
        The class of each example.
    count : int
        How many to choose, from 0 to N.
    seed : int
        Which of a class's examples are chosen, and which class wins a tie.

    Returns
    -------
    tuple of ndarray of int
        Indices of the chosen, shape (count,), and of the rest, shape (N - count,), each in ascending order.

    Examples
    --------
    >>> chosen, rest = stratified(np.array([0, 0, 0, 0, 1, 1]), count=3, seed=0)
    >>> len(chosen), len(rest), int((chosen < 4).sum())
    (3, 3, 2)
    """
    order = shuffled(len(labels), seed)
    _, group, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    quota, remainder = np.divmod(count * sizes.astype(np.int64), len(labels))
    ties = shuffled(len(sizes), seed)
    neediest = ties[np.argsort(-remainder[ties], kind="stable")]
    quota[neediest[: count - int(quota.sum())]] += 1
    taken = np.zeros(len(labels), dtype=bool)
    by_class = order[np.argsort(group[order], kind="stable")]
    starts = np.cumsum(sizes) - sizes
    for start, wanted in zip(starts, quota, strict=True):
        taken[by_class[start : start + wanted]] = True
    return np.flatnonzero(taken), np.flatnonzero(~taken)
