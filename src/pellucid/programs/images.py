"""Convert users' arrays to the engine's formats: levels scaled, images flat."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pellucid.data.foreign import array_of
from pellucid.engine.programs import table as t
from pellucid.engine.records import Batch, Images, Pixels, SparseRows
from pellucid.errors import DataError, ShapeError

LevelRange = tuple[float, float]

MAX_SPARSE_INPUTS = 65536
"""Largest number of inputs of a sparse row: an index is an unsigned 16-bit number."""

_NO_FLOATS = np.zeros(1, np.float32)
_NO_BYTES = np.zeros(1, np.uint8)
_NOWHERE = np.zeros(16, np.int64)
_NO_INDICES = np.zeros(1, np.uint16)
NO_IMAGES = Images(t.DENSE_INPUT, _NOWHERE, _NOWHERE, _NO_INDICES, _NO_FLOATS, _NO_BYTES, 0.0, 1.0)
"""A record without images, whose fields are replaced."""


def as_batch(x: ArrayLike, input_shape: tuple[int, ...]) -> tuple[NDArray[np.generic], bool]:
    """Flatten inputs to (N, D).

    Parameters
    ----------
    x : array_like
        One input of ``input_shape`` or flat, or a batch of either.
    input_shape : tuple of int
        Shape of one input of the network.

    Returns
    -------
    flat_inputs, single : ndarray (N, D), bool
        ``single`` is True if one input came, without a batch axis.

    Raises
    ------
    ShapeError
        If x is none of these.
    DataError
        If x is not numeric, or ragged.
    """
    if isinstance(x, np.ma.MaskedArray):
        raise DataError("The network expected numbers, got a masked array: fill its gaps, as in x.filled(0).")
    array = array_of(x, "inputs", "The network expected rows of equal length, got a ragged nest of sequences.")
    if array.dtype.kind not in "buif":
        raise DataError(f"The network expected numbers, got an array of {array.dtype}.")
    size = math.prod(input_shape)
    for shape in (input_shape, (size,)):
        if array.shape == shape:
            return array.reshape(1, size), True
        if array.shape[1:] == shape and array.ndim == len(shape) + 1:
            return array.reshape(len(array), size), False
    raise ShapeError(
        f"The network expected x of shape {input_shape}, ({size},) or a batch (N, ...) of either, got {array.shape}."
    )


def scale_of(dtype: np.dtype[np.generic], level_range: LevelRange | None) -> LevelRange:
    """The levels that mean 0 and 1: as declared, otherwise 0 to 255 for integers and 0 to 1 for floats."""
    if level_range is not None:
        return level_range
    return (0.0, 255.0) if dtype.kind in "ui" else (0.0, 1.0)


def to_unit(flat_inputs: NDArray[np.generic], level_range: LevelRange | None) -> NDArray[np.float32]:
    """Levels (N, D) as float32 from 0 to 1, C-contiguous; the bits do not depend on the batch size."""
    low, high = scale_of(flat_inputs.dtype, level_range)
    unit = as_floats(flat_inputs)
    if low:
        unit = unit - np.float32(low)
    if high - low != 1.0:
        unit = unit / np.float32(high - low)
    return unit


def from_unit(unit: NDArray[np.float32], level_range: LevelRange | None) -> NDArray[np.float32]:
    """Numbers from 0 to 1, of any shape, as levels of a network that takes ``level_range``."""
    low, high = level_range or (0.0, 1.0)
    levels: NDArray[np.float32] = np.float32(low) + unit * np.float32(high - low)
    return levels


def pixels_of(flat_inputs: NDArray[np.generic], level_range: LevelRange | None) -> Pixels:
    """Images (N, D) of any type as float32, or as bytes if the level of 0 is a byte; copied only where needed."""
    low, high = scale_of(flat_inputs.dtype, level_range)
    if can_stay_bytes(flat_inputs.dtype, low):
        return Pixels(t.LEVELS, np.ascontiguousarray(flat_inputs, np.uint8), _NO_FLOATS, low, high - low)
    return Pixels(t.FLOATS, _NO_BYTES, as_floats(flat_inputs), low, high - low)


def batch_of(flat_inputs: NDArray[np.generic], level_range: LevelRange | None) -> Batch:
    """Images (N, D) as the engine's entry points read them."""
    count, width = flat_inputs.shape
    return Batch(pixels_of(flat_inputs, level_range), count, width)


def memory_of(pixels: Pixels) -> NDArray[np.generic]:
    """The array that holds the images, (N, D)."""
    held: NDArray[np.generic] = pixels.small if pixels.kind == t.LEVELS else pixels.floats
    return held


def as_floats(flat_inputs: NDArray[np.generic]) -> NDArray[np.float32]:
    """Images (N, D) as float32, C-contiguous; values too large for float32 become infinite."""
    if flat_inputs.dtype == np.float32:
        return np.ascontiguousarray(flat_inputs, np.float32)
    with np.errstate(over="ignore"):
        return np.ascontiguousarray(flat_inputs, np.float32)


def sparse_floats(rows: SparseRows) -> Images:
    """Sparse rows of levels from 0 to 1 in the form that training takes."""
    return NO_IMAGES._replace(
        kind=t.SPARSE_INPUT, indptr=rows.indptr, middles=rows.middles, indices=rows.indices, data=rows.data
    )


def can_stay_bytes(dtype: np.dtype[np.generic], low: float) -> bool:
    """Whether images of this type are bytes, and ``low``, the level of 0, is a byte too."""
    return dtype == np.uint8 and low in range(256)
