"""Examples in the form that a trainer takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from pellucid.data import Dataset, Stream
from pellucid.data.rows import chunks
from pellucid.sklearn.examples import Examples

NAME = "scikit-learn"


def data_for(examples: Examples, names: Sequence[str], *, shuffle: bool) -> Dataset | Stream:
    """The examples as a data set, which a trainer shuffles, or as a stream in their order.

    Parameters
    ----------
    examples : Examples
    names : sequence of str
        Of the classes, or of the target values.
    shuffle : bool
    """
    rows, targets, weights = examples.rows, examples.targets, examples.relative_weights
    task: Any = "classes" if targets.ndim == 1 else "values"
    if shuffle:
        return Dataset(rows, targets, classes=names, level_range=None, weight=weights, task=task, name=NAME)

    def batches() -> Iterator[tuple[Any, ...]]:
        begin = 0
        for some in chunks(rows):
            past = begin + len(some)
            yield (some, targets[begin:past], *(() if weights is None else (weights[begin:past],)))
            begin = past

    return Stream(
        batches, classes=names, length=len(targets), level_range=None, task=task, shuffle=False, name=NAME
    )  # fmt: skip
