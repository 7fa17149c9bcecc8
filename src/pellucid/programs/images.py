"""Convert users' arrays to the engine's formats: levels scaled, images flat, dense or sparse."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pellucid.engine.compiler.library import engine
from pellucid.engine.programs import table as t
from pellucid.engine.records import Batch, ByteImages, Images, Pixels, SparseByteRows, SparseRows
from pellucid.errors import DataError, ShapeError

LevelRange = tuple[float, float]

MAX_SPARSE_INPUTS = 65536
"""Largest number of inputs of a sparse row: an index is an unsigned 16-bit number."""

_CHUNK = 4096  # images that are made sparse at a time
_SOME = 512  # images of bytes that are made sparse at a time: they stay in the processor's cache
_READ_PAST = 64  # entries that the engine may read past the last
_NO_FLOATS = np.zeros(1, np.float32)
_NO_BYTES = np.zeros(1, np.uint8)
_NOWHERE = np.zeros(16, np.int64)
_NO_INDICES = np.zeros(1, np.uint16)
_NO_IMAGES = Images(t.DENSE_INPUT, _NOWHERE, _NOWHERE, _NO_INDICES, _NO_FLOATS, _NO_BYTES, 0.0, 1.0)


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
    try:
        array = np.asarray(x)
    except ValueError:
        raise DataError("The network expected rows of equal length, got a ragged nest of sequences.") from None
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


def images_of(flat_inputs: NDArray[np.generic], level_range: LevelRange | None) -> Images:
    """Images (N, D) in the form that training takes: sparse, or dense if an image has too many inputs for that."""
    if flat_inputs.shape[1] > MAX_SPARSE_INPUTS:
        return _NO_IMAGES._replace(kind=t.DENSE_INPUT, data=to_unit(flat_inputs, level_range))
    if can_stay_bytes(flat_inputs.dtype, scale_of(flat_inputs.dtype, level_range)[0]):
        return to_sparse_bytes(flat_inputs, level_range)
    return to_sparse(flat_inputs, level_range)


def sparse_floats(rows: SparseRows) -> Images:
    """Sparse rows of levels from 0 to 1 in the form that training takes."""
    return _NO_IMAGES._replace(
        kind=t.SPARSE_INPUT, indptr=rows.indptr, middles=rows.middles, indices=rows.indices, data=rows.data
    )


def to_sparse(flat_inputs: NDArray[np.generic], level_range: LevelRange | None = None) -> Images:
    """Images (N, D) as sparse rows of float32, converted a few thousand at a time, without a float copy of them all."""
    count = len(flat_inputs)
    parts = [_collect(flat_inputs[begin : begin + _CHUNK], level_range) for begin in range(0, count, _CHUNK)]
    if not parts:
        return sparse_floats(SparseRows(_NO_INDICES[:0], _NO_FLOATS[:0], _NOWHERE[:1], _NOWHERE[:0]))
    before = np.cumsum([0, *(len(part.indices) for part in parts)])
    indptr = [part.indptr[:-1] + entry for part, entry in zip(parts, before, strict=False)]
    middles = [part.middles + entry for part, entry in zip(parts, before, strict=False)]
    return sparse_floats(
        SparseRows(
            np.concatenate([part.indices for part in parts]),
            np.concatenate([part.data for part in parts]),
            np.concatenate([*indptr, before[-1:]]),
            np.concatenate(middles),
        )
    )


def _collect(flat_inputs: NDArray[np.generic], level_range: LevelRange | None) -> SparseRows:
    """A few images as sparse rows, in new arrays."""
    batch = batch_of(np.array(flat_inputs), level_range)  # a copy, since another thread may write to the images
    dense, background = memory_of(batch.pixels), batch.pixels.background
    count = len(flat_inputs)
    entries = int(np.count_nonzero(dense != np.float32(background) if background else dense))
    indptr, middles = np.empty(count + 1, np.int64), np.empty(count, np.int64)
    indices = np.empty(entries + 1, np.uint16)  # the engine may write one entry past the last
    data = np.empty(entries + 1, np.float32)
    engine().collect(SparseRows(indices, data, indptr, middles), batch)
    return SparseRows(indices[:-1], data[:-1], indptr, middles)


def can_stay_bytes(dtype: np.dtype[np.generic], low: float) -> bool:
    """Whether images of this type are bytes, and ``low``, the level of 0, is a byte too."""
    return dtype == np.uint8 and low in range(256)


def _room_for(flat_inputs: NDArray[np.generic], low: float) -> int:
    """Entries that images of bytes (N, D) take at most, with what the engine may read past them."""
    chunks = (flat_inputs[begin : begin + _CHUNK] for begin in range(0, len(flat_inputs), _CHUNK))
    entries = sum(int(np.count_nonzero(chunk != np.uint8(low) if low else chunk)) for chunk in chunks)
    return entries + 2 * (t.SPARSE_STEP - 1) * len(flat_inputs) + _READ_PAST


def to_sparse_bytes(flat_inputs: NDArray[np.generic], level_range: LevelRange | None = None) -> Images:
    """Images (N, D) for which `can_stay_bytes` holds as sparse rows of bytes, with room for the engine to read past."""
    count, width = flat_inputs.shape
    low, high = scale_of(flat_inputs.dtype, level_range)
    room = _room_for(flat_inputs, low)
    indices, levels = np.empty(room, np.uint16), np.empty(room, np.uint8)
    indptr, middles = np.zeros(count + 1, np.int64), np.empty(count, np.int64)
    for begin in range(0, count, _SOME):
        some = np.array(flat_inputs[begin : begin + _SOME])  # a copy, since another thread may write to the images
        if indptr[begin] + _room_for(some, low) > room:
            raise DataError("Images were changed while they were read: wait until they are complete.")
        rows = SparseByteRows(indices, levels, indptr[begin:], middles[begin:])
        engine().collect_bytes(rows, int(indptr[begin]), ByteImages(some, len(some), width, int(low)))
    return _NO_IMAGES._replace(
        kind=t.SPARSE_BYTES_INPUT, indptr=indptr, middles=middles, indices=indices, levels=levels,
        background=low, span=high - low,
    )  # fmt: skip
