"""Mistakes: which classes a network takes for which, and the images it reads wrong, the surest first."""

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
    """What a network makes of a data set.

    Attributes
    ----------
    confusion : ndarray of int (K, K)
        How many images of the class of the row are read as that of the column.
    wrong : ndarray of int (n,)
        The images read wrong, those it is surest of first.
    readings : ndarray of int (N,)
        The class read for every image.
    confidences : ndarray (N,)
        The largest output for every image.
    """

    confusion: NDArray[np.int64]
    wrong: NDArray[np.intp]
    readings: NDArray[np.intp]
    confidences: NDArray[np.float32]

    @property
    def accuracy(self) -> float:
        """Share read right."""
        return float(np.trace(self.confusion) / max(1, self.confusion.sum()))


def mistakes(net: Network, data: Dataset) -> Mistakes:
    """Read a whole data set and look at what is read wrong.

    Parameters
    ----------
    net : Network
    data : Dataset
        Whose labels are below the number of outputs.

    Examples
    --------
    >>> import pellucid as pl
    >>> found = pl.inspect.mistakes(pl.load("digits-relu"), pl.data.load("digits").test)
    >>> found.confusion.shape, int(found.confusion.sum()), len(found.wrong) == 2000 - found.confusion.trace()
    ((10, 10), 2000, np.True_)
    """
    return mistakes_of(net(data.images), data.labels)


def mistakes_of(outputs: NDArray[np.float32], labels: NDArray[np.int64]) -> Mistakes:
    """The same, told from outputs (N, K) and labels (N,)."""
    count, classes = outputs.shape
    if labels.shape != (count,) or (count and labels.max() >= classes):
        raise ShapeError(f"Expected {count} labels below {classes}, got {labels.shape} up to {labels.max()}.")
    readings, confidences = outputs.argmax(axis=1), outputs.max(axis=1)
    pairs = np.bincount(labels * classes + readings, minlength=classes * classes)
    wrong = np.flatnonzero(readings != labels)
    surest = wrong[np.argsort(-confidences[wrong], kind="stable")]
    return Mistakes(pairs.reshape(classes, classes).astype(np.int64), surest, readings, confidences)
