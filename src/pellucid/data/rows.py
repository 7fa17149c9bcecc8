"""Examples that are read as needed, and passes over arrays a few megabytes at a time."""

from __future__ import annotations

import functools
import itertools
import math
import mmap
import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Numbers = npt.NDArray[np.int64]

_CHUNK_BYTES = 1 << 21


class Rows(ABC):
    """N examples of one shape and type, of which only those asked for are read.

    Indexed like an array; ``numpy.asarray`` reads them all.

    Parameters
    ----------
    shape : tuple of int
        (N, ...).
    dtype : dtype
        uint8 or float32, or for numbers that have still to be converted any other.

    Attributes
    ----------
    in_order : bool
        Whether neighbours are read together much faster than examples from anywhere, as from a file on a disk.
    """

    in_order = False

    def __init__(self, shape: tuple[int, ...], dtype: Any) -> None:
        self.shape, self.dtype, self.ndim = shape, np.dtype(dtype), len(shape)

    @property
    def nbytes(self) -> int:
        """The bytes that all examples would take in memory."""
        return math.prod(self.shape) * int(self.dtype.itemsize)

    @abstractmethod
    def read(self, numbers: Numbers) -> Array:
        """The examples of these numbers (n,), in a new array (n, ...), C-contiguous; none may be negative."""

    def pick(self, index: Any) -> Rows:
        """Some of the examples, read as needed too."""
        return _Picked(self, np.atleast_1d(_numbers(index, len(self))))

    def reshape(self, *shape: int) -> Rows:
        """The same examples in another shape (N, ...), read as needed too; one side may be -1."""
        return _Reshaped(self, (len(self), *_sides(self.shape[1:], shape[1:])))

    def astype(self, dtype: Any) -> Rows:
        """The same examples in another type, read as needed too."""
        return self if self.dtype == dtype else _Converted(self, dtype)

    def __len__(self) -> int:
        return int(self.shape[0])

    def __getitem__(self, index: Any) -> Array:
        numbers = _numbers(index, len(self))
        if numbers.ndim == 0:
            example: Array = self.read(numbers[None])[0]
            return example
        return self.read(numbers)

    def __iter__(self) -> Iterator[Array]:
        for chunk in chunks(self):
            yield from chunk

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return self.read(np.arange(len(self))).astype(self.dtype if dtype is None else dtype, copy=False)

    def __getattr__(self, name: str) -> NoReturn:
        raise AttributeError(
            f"{type(self).__name__} has no {name}: these examples are read as needed; numpy.asarray(images) reads all "
            "of them into memory."
        )

    def __repr__(self) -> str:
        return f"<{len(self)} examples of {'x'.join(map(str, self.shape[1:]))} ({self.dtype}), read as needed>"


class ArrayRows(Rows):
    """The examples of an array, in memory or mapped from a file, converted when they are read.

    Parameters
    ----------
    array : ndarray (N, ...)
    dtype : dtype, optional
        The type to convert to; by default that of the array.
    """

    def __init__(self, array: Array, dtype: Any = None) -> None:
        super().__init__(array.shape, array.dtype if dtype is None else dtype)
        self._array, self._mapping = array, mapping_of(array)
        self.in_order = self._mapping is not None

    def read(self, numbers: Numbers) -> Array:
        """See `Rows.read`. Of a mapped file, no more than a few megabytes are in memory at once."""
        if self._mapping is None:
            return self._convert(np.take(self._array, numbers, axis=0))
        examples = np.empty((len(numbers), *self.shape[1:]), self.dtype)
        parts = numbers // chunk_length(self.shape, self._array.itemsize)
        bounds = [0, *(np.flatnonzero(np.diff(parts)) + 1).tolist(), len(numbers)]
        for begin, past in itertools.pairwise(bounds):
            examples[begin:past] = self._convert(np.take(self._array, numbers[begin:past], axis=0))
            release(self._mapping)
        return examples

    def _convert(self, examples: Array) -> Array:
        with np.errstate(over="ignore"):
            return examples.astype(self.dtype, order="C", copy=False)


class _Picked(Rows):
    """Some examples of others."""

    def __init__(self, rows: Rows, numbers: Numbers) -> None:
        super().__init__((len(numbers), *rows.shape[1:]), rows.dtype)
        self._rows, self._numbers, self.in_order = rows, numbers, rows.in_order

    def read(self, numbers: Numbers) -> Array:
        """See `Rows.read`."""
        return self._rows.read(self._numbers[numbers])

    def pick(self, index: Any) -> Rows:
        """See `Rows.pick`."""
        return _Picked(self._rows, np.atleast_1d(self._numbers[index]))


class _Converted(Rows):
    """Examples of another type."""

    def __init__(self, rows: Rows, dtype: Any) -> None:
        super().__init__(rows.shape, dtype)
        self._rows, self.in_order = rows, rows.in_order

    def read(self, numbers: Numbers) -> Array:
        """See `Rows.read`."""
        return self._rows.read(numbers).astype(self.dtype)


class _Reshaped(Rows):
    """Examples in another shape."""

    def __init__(self, rows: Rows, shape: tuple[int, ...]) -> None:
        super().__init__(shape, rows.dtype)
        self._rows, self.in_order = rows, rows.in_order

    def read(self, numbers: Numbers) -> Array:
        """See `Rows.read`."""
        return self._rows.read(numbers).reshape(len(numbers), *self.shape[1:])


def _numbers(index: Any, count: int) -> Numbers:
    """The numbers of the examples that an index selects: () for one, otherwise (n,)."""
    if isinstance(index, slice):
        return np.arange(*index.indices(count))
    numbers = np.asarray(index)
    if numbers.ndim <= 1 and numbers.dtype.kind in "iu":
        if numbers.size and not -count <= numbers.min() <= numbers.max() < count:
            raise IndexError(f"There are {count} examples; the index asks for others.")
        return np.where(numbers < 0, numbers + count, numbers).astype(np.int64)
    chosen: Numbers = np.arange(count)[index]
    return chosen


def _sides(old: tuple[int, ...], new: tuple[int, ...]) -> tuple[int, ...]:
    """The sides of examples in a new shape, in which one side may be -1."""
    sides: tuple[int, ...] = np.broadcast_to(np.uint8(0), old).reshape(new).shape
    return sides


def rows_of(images: Any) -> Rows:
    """Examples as `Rows`, if they are an array."""
    return images if isinstance(images, Rows) else ArrayRows(images)


def mapping_of(array: Any) -> mmap.mmap | None:
    """The file mapping that an array reads from; None if it is in memory, or is a private copy of the file."""
    while isinstance(array, np.ndarray):
        if isinstance(array, np.memmap) and array.mode == "c":
            return None
        array = array.base
    return array if isinstance(array, mmap.mmap) else None


def is_in_memory(images: Any) -> bool:
    """Whether examples are an array in memory."""
    return not isinstance(images, Rows) and mapping_of(images) is None


def release(mapping: mmap.mmap | None) -> None:
    """Give back the memory of pages that were read from a file; they are read again when somebody asks for them."""
    if mapping is not None and hasattr(mmap, "MADV_DONTNEED"):
        mapping.madvise(mmap.MADV_DONTNEED)


def chunk_length(shape: tuple[int, ...], itemsize: int) -> int:
    """The number of examples of this shape (N, ...) that take a few megabytes."""
    return max(1, _CHUNK_BYTES // max(1, itemsize * math.prod(shape[1:])))


def chunks(images: Any) -> Iterator[Array]:
    """All examples in order, as arrays of a few megabytes; memory mapped from a file is given back after each."""
    length = chunk_length(images.shape, images.dtype.itemsize)
    mapping = mapping_of(images)
    for begin in range(0, len(images), length):
        yield images[begin : begin + length]
        release(mapping)


def checksum(images: Any) -> int:
    """A checksum of all examples."""
    return functools.reduce(lambda found, chunk: zlib.crc32(np.ascontiguousarray(chunk).data, found), chunks(images), 0)


def extremes(images: Any) -> tuple[Any, Any]:
    """The least and the greatest of all numbers; NaN if one is NaN."""
    bounds = [(chunk.min(), chunk.max()) for chunk in chunks(images)]
    return np.min([least for least, _ in bounds]), np.max([most for _, most in bounds])
