"""What a network takes: a drawing on a grid of pixels, or a row of named features.

It follows from the network and the data together: 784 numbers may be the pixels of an image or the features of a table.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import cast

import numpy as np
import numpy.typing as npt

from pellucid.data.columns import Columns, Vector
from pellucid.data.dataset import Dataset
from pellucid.data.preparation import has_dark_ink
from pellucid.data.tabular import Table
from pellucid.network.network import Network
from pellucid.studio.protocol.parts import FeatureInfo, InputInfo, ValueRange

SIDE = 28
"""Pixels along each side of a centred drawing."""

_CHANNELS = 3


@dataclass(frozen=True, eq=False)
class InputForm:
    """The form of a network's inputs.

    Attributes
    ----------
    shape : tuple of int
        (H, W) or (C, H, W) of a drawing, (D,) of a row.
    columns : Columns or None
        The features of a row, and how their values become inputs; None for a drawing.
    dark_ink : bool
        Whether ink has the low levels: then drawings, whose ink is bright, are inverted.
    """

    shape: tuple[int, ...]
    columns: Columns | None = None
    dark_ink: bool = False

    @property
    def size(self) -> int:
        """Number of inputs."""
        return math.prod(self.shape)

    @property
    def grid(self) -> tuple[int, int]:
        """Height and width of a drawing; while rows are read, those of the pad that waits."""
        return (SIDE, SIDE) if self.columns is not None else cast("tuple[int, int]", self.shape[-2:])

    @property
    def is_centred(self) -> bool:
        """Whether drawings go through the steps of the centring."""
        return self.columns is None and self.shape[-2:] == (SIDE, SIDE) and self.size == SIDE * SIDE

    def inputs_of(self, ink: npt.NDArray[np.float32]) -> Vector:
        """Return the inputs for pixels of ink (H, W), alike in every channel."""
        levels = 1 - ink if self.dark_ink else ink
        return np.ascontiguousarray(np.broadcast_to(levels, self.shape), np.float32)

    def info(self) -> InputInfo:
        """Describe it for the page."""
        if self.columns is None:
            height, width = self.grid
            return InputInfo("drawing", self.size // (height * width), height, width, self.is_centred, [])
        count = len(self.columns.features)
        means = [0.0] * count if self.columns.mean is None else self.columns.mean.tolist()
        scales = [1.0] * count if self.columns.scale is None else self.columns.scale.tolist()
        features = [FeatureInfo(*each) for each in zip(self.columns.features, means, scales, strict=True)]
        return InputInfo("row", 0, 0, 0, False, features)


def input_form(net: Network, train: Dataset) -> InputForm:
    """Return the form of a network's inputs, which are as many as those of the training data."""
    if isinstance(train, Table):
        return InputForm(train.shape, train.columns)
    if len(train.shape) > 1:
        one = len(train.shape) == _CHANNELS and train.shape[0] == 1
        shape = train.shape[1:] if one else train.shape
        return InputForm(shape, None, shape != (SIDE, SIDE) and has_dark_ink(train))
    if train.shape == (SIDE * SIDE,):
        return InputForm((SIDE, SIDE))
    return InputForm(train.shape, _numbered(train))


def own_form(net: Network) -> InputForm:
    """Return the form of a network's inputs as far as it tells without data: images, or a row of features."""
    shape = net.input_shape
    if len(shape) == _CHANNELS and shape[0] == 1:
        shape = shape[1:]
    if len(shape) > 1:
        return InputForm(shape)
    columns = own_columns(net)
    if columns is None and shape == (SIDE * SIDE,):
        return InputForm((SIDE, SIDE))
    (count,) = shape
    return InputForm((count,), columns or Columns(tuple(f"input {index}" for index in range(count))))


def own_columns(net: Network) -> Columns | None:
    """Return the columns of the table that a network was trained on, as its record says; None if there are none."""
    columns = Columns.of_record(net.record)
    return columns if columns is not None and net.input_shape == (len(columns.features),) else None


def _numbered(train: Dataset) -> Columns:
    """The features of rows without names; the levels that mean 0 and 1 count as a scale."""
    count, (low, high) = train.shape[0], train.unit_range
    names = tuple(f"input {index}" for index in range(count))
    if (low, high) == (0.0, 1.0):
        return Columns(names)
    return Columns(names, mean=np.full(count, low, np.float32), scale=np.full(count, high - low, np.float32))


def ranges_of(values: npt.NDArray[np.float32]) -> list[ValueRange]:
    """Return the range of each column of values (N, D)."""
    low, high, whole = values.min(axis=0), values.max(axis=0), (values == np.round(values)).all(axis=0)
    return [ValueRange(*each) for each in zip(low.tolist(), high.tolist(), whole.tolist(), strict=True)]
