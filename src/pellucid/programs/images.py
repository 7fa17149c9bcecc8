"""From people's arrays to the engine's: levels to 0..1, pictures to lines, dense images to ink."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pellucid.engine.compiler.library import engine
from pellucid.engine.programs import table as t
from pellucid.engine.records import Batch, ByteImages, Pixels, SparseByteRows, SparseRows
from pellucid.errors import DataError, ShapeError

LevelRange = tuple[float, float]

MAX_SPARSE_INPUTS = 65536
"""Inputs an image may have to be held as ink: a column is an unsigned 16-bit number."""

_CHUNK = 4096
_READ_ON = 64
_NO_FLOATS = np.zeros(1, np.float32)
_NO_BYTES = np.zeros(1, np.uint8)


@dataclass(frozen=True)
class Ink:
    """Images as their non-zero inputs; see `pellucid.engine.kernels.sparse`.

    ``starts`` (N + 1,) int64, ``middles`` (N,) int64 the first entries in the lower halves of the inputs, ``columns``
    (entries,) uint16, ``values`` (entries,) float32, ``width`` inputs an image.
    """

    starts: NDArray[np.int64]
    middles: NDArray[np.int64]
    columns: NDArray[np.uint16]
    values: NDArray[np.float32]
    width: int

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def density(self) -> float:
        """Share of the inputs that are not zero."""
        return len(self.values) / max(1, len(self) * self.width)


def as_batch(x: ArrayLike, input_shape: tuple[int, ...]) -> tuple[NDArray[np.generic], bool]:
    """Lay inputs out in lines.

    Parameters
    ----------
    x : array_like
        One input of ``input_shape`` or laid out in a line, or a batch of either.
    input_shape : tuple of int
        What the network takes.

    Returns
    -------
    lines, single : ndarray (N, D), bool
        ``single`` tells that one input came, without a batch axis.

    Raises
    ------
    ShapeError
        If x is none of these.
    DataError
        If x is not numeric, or ragged.
    """
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
    """The levels that mean 0 and 1: as declared, else 0 to 255 for integers and 0 to 1 for floats."""
    if level_range is not None:
        return level_range
    return (0.0, 255.0) if dtype.kind in "ui" else (0.0, 1.0)


def to_unit(lines: NDArray[np.generic], level_range: LevelRange | None) -> NDArray[np.float32]:
    """Levels (N, D) as float32 from 0 to 1, C-contiguous; the bits do not depend on how many come at once."""
    low, high = scale_of(lines.dtype, level_range)
    unit = as_floats(lines)
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


def pixels_of(lines: NDArray[np.generic], level_range: LevelRange | None) -> Pixels:
    """Lines (N, D) of any type as float32, or as bytes where one of their levels is paper; copied only where needed."""
    low, high = scale_of(lines.dtype, level_range)
    if can_be_packed(lines, level_range):
        return Pixels(t.LEVELS, np.ascontiguousarray(lines, np.uint8), _NO_FLOATS, low, high - low)
    return Pixels(t.FLOATS, _NO_BYTES, as_floats(lines), low, high - low)


def batch_of(lines: NDArray[np.generic], level_range: LevelRange | None) -> Batch:
    """Lines (N, D) as the engine's entry points read them."""
    count, width = lines.shape
    return Batch(pixels_of(lines, level_range), count, width)


def memory_of(pixels: Pixels) -> NDArray[np.generic]:
    """The array that holds the images, (N, D)."""
    held: NDArray[np.generic] = pixels.small if pixels.kind == t.LEVELS else pixels.floats
    return held


def as_floats(lines: NDArray[np.generic]) -> NDArray[np.float32]:
    """Lines (N, D) as float32, C-contiguous; what is too large for float32 becomes infinite."""
    if lines.dtype == np.float32:
        return np.ascontiguousarray(lines, np.float32)
    with np.errstate(over="ignore"):
        return np.ascontiguousarray(lines, np.float32)


def to_ink(lines: NDArray[np.generic], level_range: LevelRange | None = None) -> Ink:
    """The ink of images (N, D), a few thousand at a time so that no float copy of the whole set is ever held."""
    count, width = lines.shape
    parts = [_collect(lines[begin : begin + _CHUNK], level_range) for begin in range(0, count, _CHUNK)]
    if not parts:
        nowhere = np.zeros(1, np.int64)
        return Ink(nowhere, nowhere[:0], np.zeros(0, np.uint16), np.zeros(0, np.float32), width)
    before = np.cumsum([0, *(len(part.columns) for part in parts)])
    starts = [part.starts[:-1] + entry for part, entry in zip(parts, before, strict=False)]
    middles = [part.middles + entry for part, entry in zip(parts, before, strict=False)]
    return Ink(
        np.concatenate([*starts, before[-1:]]),
        np.concatenate(middles),
        np.concatenate([part.columns for part in parts]),
        np.concatenate([part.values for part in parts]),
        width,
    )


def _collect(lines: NDArray[np.generic], level_range: LevelRange | None) -> Ink:
    """The ink of a few images, in arrays of their own."""
    batch = batch_of(lines, level_range)
    dense, background = memory_of(batch.pixels), batch.pixels.background
    count, width = lines.shape
    entries = int(np.count_nonzero(dense != np.float32(background) if background else dense))
    starts, middles = np.empty(count + 1, np.int64), np.empty(count, np.int64)
    columns = np.empty(entries + 1, np.uint16)  # the engine may write one entry past the last
    values = np.empty(entries + 1, np.float32)
    engine().collect(SparseRows(columns, values, starts, middles), batch)
    return Ink(starts, middles, columns[:-1], values[:-1], width)


@dataclass(frozen=True)
class Packed:
    """Images of bytes as ink with its levels left as they are; see `pellucid.engine.kernels.sparse`.

    As `Ink`, with ``levels`` uint8 for values; ``low`` means 0 and ``low + span`` means 1. Behind the last entry there
    is room for the engine to read on.
    """

    starts: NDArray[np.int64]
    middles: NDArray[np.int64]
    columns: NDArray[np.uint16]
    levels: NDArray[np.uint8]
    low: float
    span: float


def can_be_packed(lines: NDArray[np.generic], level_range: LevelRange | None) -> bool:
    """Whether images (N, D) are bytes, one of whose levels is paper."""
    low = scale_of(lines.dtype, level_range)[0]
    return lines.dtype == np.uint8 and low in range(256)


def to_packed(lines: NDArray[np.uint8], level_range: LevelRange | None = None) -> Packed:
    """Pack images (N, D) for which `can_be_packed` holds."""
    count, width = lines.shape
    low, high = scale_of(lines.dtype, level_range)
    chunks = (lines[begin : begin + _CHUNK] for begin in range(0, count, _CHUNK))
    entries = sum(int(np.count_nonzero(chunk != np.uint8(low) if low else chunk)) for chunk in chunks)
    room = entries + 2 * (t.SPARSE_STEP - 1) * count + _READ_ON
    columns, levels = np.empty(room, np.uint16), np.empty(room, np.uint8)
    starts, middles = np.empty(count + 1, np.int64), np.empty(count, np.int64)
    rows = SparseByteRows(columns, levels, starts, middles)
    engine().collect_bytes(rows, 0, ByteImages(np.ascontiguousarray(lines), count, width, int(low)))
    return Packed(starts, middles, columns, levels, low, high - low)
