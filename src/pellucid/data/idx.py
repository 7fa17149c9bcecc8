"""IDX, the file format of MNIST: two zero bytes, a type, the number of axes, their lengths, the values.

References
----------
LeCun, Cortes, Burges, "The MNIST database of handwritten digits", section "File formats".
"""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from pellucid.data.limits import DEFLATE_RATIO, LIMIT_BYTES, fill
from pellucid.errors import DataError, FileFormatError

# All values are big-endian.
_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_GZIP = b"\x1f\x8b"


def read_idx(path: str | Path) -> npt.NDArray[Any]:
    """Read one IDX file, plain or gzip, with any name.

    The header is not trusted: no more memory is allocated than the length of the file allows, and at most 2 GiB.

    Parameters
    ----------
    path : str or Path
        The file.

    Returns
    -------
    ndarray
        C-contiguous, in the machine's byte order.

    Raises
    ------
    FileFormatError
        If the file is not IDX, too short, too long, or damaged.
    DataError
        If the file does not exist or cannot be read.
    """
    path = Path(path)
    try:
        with path.open("rb") as raw:
            packed = raw.read(2) == _GZIP
            length = raw.seek(0, 2)
            raw.seek(0)
            if not packed:
                return _read(raw, path, room=length)
            with gzip.GzipFile(fileobj=raw) as unpacked:
                return _read(unpacked, path, room=DEFLATE_RATIO * length)
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise FileFormatError(f"Expected an intact gzip file, got damage in {path} ({error}): replace it.") from error
    except OSError as error:
        raise DataError(
            f"Could not read {path} ({error.strerror or error}): check the path and its permissions."
        ) from error


def is_idx(head: bytes) -> bool:
    """Whether the first four bytes of a file are those of IDX or gzip."""
    return head[:2] == _GZIP or (len(head) == 4 and head[:2] == b"\0\0" and head[2] in _TYPES and head[3] > 0)


def _read(stream: BinaryIO | gzip.GzipFile, path: Path, room: int) -> npt.NDArray[Any]:
    """Read header and values from a stream of at most `room` bytes."""
    head = stream.read(4)
    if not is_idx(head) or head[:2] == _GZIP:
        raise FileFormatError(
            f"Expected an IDX file, which starts with 00 00, a type and a number of axes, got "
            f"{head.hex(' ') or 'nothing'} in {path}: check the file."
        )
    lengths = stream.read(4 * head[3])
    if len(lengths) < 4 * head[3]:
        raise FileFormatError(f"Expected {4 + 4 * head[3]} bytes of header, got fewer in {path}: replace it.")
    shape = struct.unpack(f">{head[3]}I", lengths)
    values = _allocate(shape, np.dtype(_TYPES[head[2]]), path, room)
    _fill_exactly(stream, values, path)
    if values.itemsize > 1 and not values.dtype.isnative:
        values = values.byteswap(inplace=True).view(values.dtype.newbyteorder())
    try:
        return values.reshape(shape)
    except ValueError as error:
        raise FileFormatError(f"Expected a valid shape, got {shape} in {path} ({error}): replace it.") from error


def _allocate(shape: tuple[int, ...], dtype: np.dtype[Any], path: Path, room: int) -> npt.NDArray[Any]:
    """Allocate a flat array for `shape`, if the file can contain that many values."""
    size = math.prod(shape) * dtype.itemsize
    if size > min(room, LIMIT_BYTES) or len(shape) > 32:
        raise FileFormatError(
            f"Expected at most {min(room, LIMIT_BYTES)} bytes of values, given the length of {path}, got a header for "
            f"{'x'.join(map(str, shape[:8]))} values, {size} bytes: replace the file, or split it."
        )
    try:
        return np.empty(math.prod(shape), dtype=dtype)
    except MemoryError as error:
        raise FileFormatError(f"Expected {size} bytes of free memory for {path}, got fewer: split the file.") from error


def _fill_exactly(stream: BinaryIO | gzip.GzipFile, values: npt.NDArray[Any], path: Path) -> None:
    """Fill `values` from a stream that must end after them."""
    done = fill(stream, values.view(np.uint8).data)
    if done < values.nbytes:
        raise FileFormatError(
            f"Expected {values.nbytes} bytes of values after the header, got {done} in {path}: replace it."
        )
    if stream.read(1):
        raise FileFormatError(
            f"Expected {values.nbytes} bytes of values after the header, got more in {path}: replace it."
        )
