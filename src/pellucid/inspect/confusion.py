"""Mistakes: the confusion matrix of a network, and the images that it misreads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pellucid.errors import ShapeError

if TYPE_CHECKING:
    from pellucid.data import Dataset
    from pellucid.network.network import Network


@dataclass(frozen=True, eq=False)
class Mistakes:
    """A network's readings of a data set.

    Attributes
    ----------
    confusion : ndarray of int (K, K)
        Number of images of the row's class that are read as the column's class.
    wrong : ndarray of int (n,)
        The misread images, in decreasing order of confidence.
    readings : ndarray of int (N,)
        The class that is read for each image.
    confidences : ndarray (N,)
        The largest output for each image.
    """

    confusion: NDArray[np.int64]
    wrong: NDArray[np.intp]
    readings: NDArray[np.intp]
    confidences: NDArray[np.float32]

    @property
    def accuracy(self) -> float:
        """Share of the images that are read correctly."""
        return float(np.trace(self.confusion) / max(1, self.confusion.sum()))


def mistakes(net: Network, data: Dataset) -> Mistakes:
    """Read a data set, and find the mistakes.

    Parameters
    ----------
    net : Network
    data : Dataset
        Its labels must be less than the number of outputs.

    Raises
    ------
    ShapeError
        If a label is not less than the number of outputs.

    Examples
    --------
    >>> import pellucid as pl
    >>> found = pl.inspect.mistakes(pl.load("digits-relu"), pl.data.load("digits").test)
    >>> found.confusion.shape, int(found.confusion.sum()), len(found.wrong) == 2000 - found.confusion.trace()
    ((10, 10), 2000, np.True_)
    """
    return mistakes_of(net(data.images), data.labels)


def mistakes_of(outputs: NDArray[np.float32], labels: NDArray[np.int64]) -> Mistakes:
    """Find the mistakes from outputs (N, K) and labels (N,)."""
    count, classes = outputs.shape
    if labels.shape != (count,) or (count and labels.max() >= classes):
        raise ShapeError(
            f"Expected {count} labels below {classes}, got {len(labels)} up to {labels.max()}: check the data."
        )
    readings, confidences = outputs.argmax(axis=1), outputs.max(axis=1)
    pairs = np.bincount(labels * classes + readings, minlength=classes * classes)
    wrong = np.flatnonzero(readings != labels)
    surest = wrong[np.argsort(-confidences[wrong], kind="stable")]
    return Mistakes(pairs.reshape(classes, classes).astype(np.int64), surest, readings, confidences)
