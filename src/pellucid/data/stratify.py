"""Seeded, stratified choices that do not depend on the version of NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.system.arguments import as_integer

IntArray = npt.NDArray[np.int64]


def shuffled(count: int, seed: int) -> IntArray:
    """Return a permutation of 0 to `count` - 1, determined by `seed`.

    NumPy guarantees the raw stream of PCG64, but not the result of `Generator.permutation` (NEP 19), so the permutation
    sorts raw 64-bit draws.

    Examples
    --------
    >>> shuffled(6, seed=0).tolist()
    [3, 2, 1, 0, 4, 5]
    """
    draws = np.random.PCG64(as_integer("seed", seed, 0)).random_raw(count)
    return np.argsort(draws, kind="stable").astype(np.int64)


def stratified(labels: npt.NDArray[Any], count: int, seed: int) -> tuple[IntArray, IntArray]:
    """Choose `count` of the examples, stratified by class; return the chosen and the rest.

    A class with n of N examples contributes floor(count * n / N), and the classes with the largest remainders
    contribute one more (Hamilton's method): shares are exact to within one example, and the total is exact.

    Parameters
    ----------
    labels : ndarray of int, shape (N,)
        The class of each example.
    count : int
        Number of examples to choose, from 0 to N.
    seed : int
        Determines the chosen examples of each class, and resolves ties.

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
    for start, size in zip(starts, quota, strict=True):
        taken[by_class[start : start + size]] = True
    return np.flatnonzero(taken), np.flatnonzero(~taken)
