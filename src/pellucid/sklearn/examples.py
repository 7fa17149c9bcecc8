"""The examples that an estimator is fitted to, and what their weights mean."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pellucid.data.rows import chunks
from pellucid.errors import DataError
from pellucid.sklearn.sparse_rows import SparseRows

Weights = npt.NDArray[np.float64]


class Examples(NamedTuple):
    """N examples: ``rows``, float32 (N, D) or sparse, ``targets`` (N,) or (N, K), and ``weights`` (N,).

    A weight is a number of copies, which need not be whole.
    """

    rows: npt.NDArray[np.float32] | SparseRows
    targets: npt.NDArray[Any]
    weights: Weights

    def pick(self, numbers: npt.NDArray[np.int64]) -> Examples:
        """Some of the examples."""
        rows = self.rows.pick(numbers) if isinstance(self.rows, SparseRows) else self.rows[numbers]
        return Examples(rows, self.targets[numbers], self.weights[numbers])

    def rows_one_by_one(self) -> Iterator[npt.NDArray[np.float32]]:
        """Every row (D,); of sparse ones, a few at a time become dense."""
        for some in chunks(self.rows):
            yield from some

    @property
    def mean_weight(self) -> float:
        """The mean of all weights."""
        return float(self.weights.sum() / len(self.weights))

    @property
    def relative_weights(self) -> Weights | None:
        """The weights divided by their mean; None if all are equal."""
        return None if (self.weights == self.weights[0]).all() else self.weights / self.mean_weight


def examples_of(inputs: Any, targets: npt.NDArray[Any], weights: Weights | None) -> Examples:
    """The examples of an array or a sparse matrix (N, D); those of weight 0 are left out.

    Raises
    ------
    DataError
        If all weights are zero.
    """
    examples = Examples(rows_of(inputs), targets, np.ones(len(targets)) if weights is None else weights)
    used = np.flatnonzero(examples.weights)
    if not len(used):
        raise DataError("Expected sample_weight with a number above 0, got only zeros: all examples would be left out.")
    return examples if len(used) == len(targets) else examples.pick(used)


def rows_of(inputs: Any) -> npt.NDArray[np.float32] | SparseRows:
    """An array or a sparse matrix (N, D) as float32; numbers too large for it become infinite."""
    with np.errstate(over="ignore"):
        return np.asarray(inputs, np.float32) if isinstance(inputs, np.ndarray) else SparseRows(inputs)


def merged(examples: Examples) -> Examples:
    """The different examples in a fixed order, each with the weight of all its copies.

    Where all examples are in one mini-batch, the order of examples and copies in the place of weights change nothing
    but the rounding of sums. With the merged examples, they do not change that either.
    """
    keys = list(map(_key, examples.rows_one_by_one(), examples.targets))
    order = sorted(range(len(keys)), key=keys.__getitem__)
    firsts = [at for at, number in enumerate(order) if at == 0 or keys[number] != keys[order[at - 1]]]
    chosen = examples.pick(np.array(order)[firsts])
    return chosen._replace(weights=np.add.reduceat(examples.weights[order], firsts))


def _key(row: npt.NDArray[np.float32], target: npt.NDArray[Any]) -> bytes:
    """A digest that is equal for equal examples; -0 is the same as 0."""
    return blake2b((row + np.float32(0)).tobytes() + target.tobytes(), digest_size=16).digest()
