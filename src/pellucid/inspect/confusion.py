"""Mistakes: the confusion matrix of a network, and the examples that it misreads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pellucid.data.sequences import Sequences
from pellucid.errors import ShapeError
from pellucid.programs.images import scale_of, to_unit

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


def mistakes(net: Network, data: Dataset | Sequences) -> Mistakes:
    """Read a data set, and find the mistakes.

    Parameters
    ----------
    net : Network
    data : Dataset, or Sequences with a class each
        Its labels must be less than the number of outputs.

    Raises
    ------
    ShapeError
        If a label is not less than the number of outputs, or the network has an output for every frame.

    Examples
    --------
    >>> import pellucid as pl
    >>> found = pl.inspect.mistakes(pl.load("digits-relu"), pl.data.load("digits").test)
    >>> found.confusion.shape, int(found.confusion.sum()), len(found.wrong) == 2000 - found.confusion.trace()
    ((10, 10), 2000, np.True_)
    """
    if not isinstance(data, Sequences):
        return mistakes_of(outputs_of(net, data), data.labels)
    if data.transcribed or data.per_frame or not net.program.takes_sequences:
        raise ShapeError("mistakes expected sequences with one class each, and a network of sequences for them.")
    outputs = [np.asarray(each) for each in net(list(data.frames))]
    if outputs[0].ndim != 1:
        raise ShapeError("mistakes expected a network with one output per sequence, got one with an output per frame.")
    return mistakes_of(np.stack(outputs), data.symbols)


def outputs_of(net: Network, data: Dataset) -> NDArray[np.float32]:
    """Return the outputs of a network for all examples, (N, K), which have the levels that the data declare."""
    outputs: NDArray[np.float32] = net(_levels(net, data))
    return outputs


def _levels(net: Network, data: Dataset) -> NDArray[np.generic]:
    """Images with the levels that the data declare, also for a network that goes by the type of what it is given."""
    images, declared = data.images, scale_of(data.images.dtype, data.unit_range)
    if net.level_range is not None or declared == scale_of(images.dtype, None):
        return images
    return to_unit(images.reshape(len(images), -1), data.unit_range)


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
