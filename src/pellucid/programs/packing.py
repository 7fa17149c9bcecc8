"""Pack images for training: sparse rows, or dense ones, in memory that is allocated once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.data.rows import chunks
from pellucid.engine.compiler.library import engine
from pellucid.engine.programs import table as t
from pellucid.engine.records import ByteImages, Images, SparseByteRows, SparseRows
from pellucid.errors import DataError
from pellucid.programs.images import (
    MAX_SPARSE_INPUTS,
    NO_IMAGES,
    LevelRange,
    batch_of,
    can_stay_bytes,
    scale_of,
    sparse_floats,
    to_unit,
)

SOME = 512
"""Images that are made sparse at a time: they stay in the processor's cache."""

_READ_PAST = 64  # entries that the engine may read past the last
_PADDING = 2 * (t.SPARSE_STEP - 1)  # entries that pad the two halves of an image of bytes


class Packing:
    """Room for images of one width and type in the form that training takes, filled some at a time.

    Images of bytes become sparse rows of bytes, others sparse rows of float32; ``dense`` images, and those with too
    many inputs for an index of 16 bits, become dense rows.

    Parameters
    ----------
    dtype : dtype
        Of the images.
    width : int
        Inputs of an image.
    level_range : (float, float), optional
        The levels that mean 0 and 1; by default those of the type.
    count : int
        The largest number of images.
    entries : int, optional
        The largest number of inputs other than 0 in all of them; by default all, whose pages take no memory until they
        are written.
    dense : bool
        Whether dense rows are faster: see `is_dense`.
    """

    def __init__(
        self,
        dtype: np.dtype[Any],
        width: int,
        level_range: LevelRange | None,
        count: int,
        entries: int | None = None,
        *,
        dense: bool = False,
    ) -> None:
        self._dtype, self._width, self._levels = dtype, width, level_range
        self._low, self._high = scale_of(dtype, level_range)
        self.kind = t.DENSE_INPUT if dense else kind_of(dtype, width, self._low)
        entries = count * width if entries is None else entries
        if self.kind == t.DENSE_INPUT:
            self._dense = np.empty((count, width), np.float32)
            return
        room = entries + 1  # the engine may write one entry past the last
        self._indptr, self._middles = np.zeros(count + 1, np.int64), np.empty(count, np.int64)
        if self.kind == t.SPARSE_BYTES_INPUT:
            room = entries + _PADDING * count + _READ_PAST
            self._levels_of = np.empty(room, np.uint8)
        else:
            self._data = np.empty(room, np.float32)
        self._indices = np.empty(room, np.uint16)

    def fill(self, images: Any) -> Images:
        """Pack images (n, D), an array or `pellucid.data.rows.Rows`, in place of those before."""
        count = 0
        for some in in_small_parts(images):
            count = self.add(some, count)
        return self.images

    def add(self, images: NDArray[np.generic], before: int) -> int:
        """Pack images (n, D), few enough for the cache, after the first ``before``; return how many there are then.

        Raises
        ------
        DataError
            If they have more inputs other than 0 than there is room for: another thread has written to them.
        """
        some = np.array(images)  # a copy, since another thread may write to the images
        if self.kind == t.DENSE_INPUT:
            self._dense[before : before + len(some)] = to_unit(some, self._levels)
            return before + len(some)
        entry = int(self._indptr[before])
        bytes_too = self.kind == t.SPARSE_BYTES_INPUT
        spare = _PADDING * len(some) + _READ_PAST if bytes_too else 1
        left = len(self._indices) - entry - spare
        if some.size > left and entries_of(some, self._low) > left:
            raise DataError("Images were changed while they were read: wait until they are complete.")
        indptr, middles = self._indptr[before:], self._middles[before:]
        if bytes_too:
            rows = SparseByteRows(self._indices, self._levels_of, indptr, middles)
            engine().collect_bytes(rows, entry, ByteImages(some, len(some), self._width, int(self._low)))
        else:
            floats = SparseRows(self._indices[entry:], self._data[entry:], indptr, middles)
            engine().collect(floats, batch_of(some, self._levels))
            indptr[: len(some) + 1] += entry
            middles[: len(some)] += entry
        return before + len(some)

    @property
    def images(self) -> Images:
        """The images, as training takes them."""
        if self.kind == t.DENSE_INPUT:
            return NO_IMAGES._replace(kind=t.DENSE_INPUT, data=self._dense)
        if self.kind == t.SPARSE_INPUT:
            # One entry is room for the engine only.
            return sparse_floats(SparseRows(self._indices[:-1], self._data[:-1], self._indptr, self._middles))
        return NO_IMAGES._replace(
            kind=t.SPARSE_BYTES_INPUT, indptr=self._indptr, middles=self._middles, indices=self._indices,
            levels=self._levels_of, background=self._low, span=self._high - self._low,
        )  # fmt: skip


def in_small_parts(images: Any) -> Iterator[NDArray[np.generic]]:
    """Images (N, D) in order, so few at a time that they stay in the processor's cache."""
    for chunk in chunks(images):
        for begin in range(0, len(chunk), SOME):
            yield chunk[begin : begin + SOME]


_DENSE_SHARE = 0.7
"""The share of inputs other than 0 from which dense rows are trained on faster; below 0.5 sparse rows are."""


def is_dense(dtype: np.dtype[Any], inputs: int, entries: int) -> bool:
    """Whether images with so many ``inputs`` in all, ``entries`` of them other than 0, are packed as dense rows."""
    return dtype != np.uint8 and entries > _DENSE_SHARE * inputs


def kind_of(dtype: np.dtype[Any], width: int, low: float) -> int:
    """How images are packed: as dense rows, or as sparse rows of bytes or floats."""
    if width > MAX_SPARSE_INPUTS:
        return t.DENSE_INPUT
    return t.SPARSE_BYTES_INPUT if can_stay_bytes(dtype, low) else t.SPARSE_INPUT


def entries_of(images: NDArray[np.generic], low: float) -> int:
    """Inputs other than the level of 0."""
    return int(np.count_nonzero(images != (np.uint8(low) if can_stay_bytes(images.dtype, low) else np.float32(low))))


def all_entries_of(images: Any, low: float) -> int:
    """Inputs other than the level of 0 in images (N, D), an array or `pellucid.data.rows.Rows`, a few at a time."""
    return sum(entries_of(some, low) for some in in_small_parts(images))


def bytes_of(kind: int, count: int, width: int, entries: int) -> int:
    """The most bytes that ``count`` packed images with so many ``entries`` in all take."""
    if kind == t.DENSE_INPUT:
        return 4 * count * width
    if kind == t.SPARSE_BYTES_INPUT:
        return 3 * (entries + _PADDING * count) + 16 * count
    return 6 * entries + 16 * count


def bytes_within(count: int, dtype: np.dtype[Any], width: int, level_range: LevelRange) -> int:
    """The most bytes that so many packed images take, even if none of their inputs are 0."""
    return bytes_of(kind_of(dtype, width, scale_of(dtype, level_range)[0]), count, width, count * width)


def images_of(flat_inputs: Any, level_range: LevelRange | None) -> Images:
    """Images (N, D), an array or `pellucid.data.rows.Rows`, packed with no more memory than they need."""
    (count, width), (low, _) = flat_inputs.shape, scale_of(flat_inputs.dtype, level_range)
    if width > MAX_SPARSE_INPUTS:
        return NO_IMAGES._replace(kind=t.DENSE_INPUT, data=to_unit(np.asarray(flat_inputs), level_range))
    entries = all_entries_of(flat_inputs, low)
    dense = is_dense(flat_inputs.dtype, count * width, entries)
    return Packing(flat_inputs.dtype, width, level_range, count, entries, dense=dense).fill(flat_inputs)
