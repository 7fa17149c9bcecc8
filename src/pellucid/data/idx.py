"""IDX, the format MNIST is published in: two zero bytes, a type, the number of axes, their lengths, the values.

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

from pellucid.data.bounded import DEFLATE_RATIO, LIMIT_BYTES, fill
from pellucid.errors import DataError, FileFormatError

# All values are big-endian.
_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_GZIP = b"\x1f\x8b"


def read_idx(path: str | Path) -> npt.NDArray[Any]:
    """Read one IDX file, plain or gzip, whatever its name.

    Nothing is believed before it is checked: memory never exceeds what the file's own length can hold, nor 2 GiB,
    and reading stops at the first byte too many.

    Parameters
    ----------
    path : str or Path
        The file.

    Returns
    -------
    ndarray
        In the machine's byte order, C-contiguous.

    Raises
    ------
    FileFormatError
        If it is not IDX, ends too soon, goes on too long, or is damaged.
    DataError
        If there is no such file, or it may not be read.
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
        raise FileFormatError(f"{path} is a damaged gzip file ({error}): get a fresh copy.") from error
    except OSError as error:
        raise DataError(f"Could not read {path}: {error.strerror or error}.") from error


def is_idx(head: bytes) -> bool:
    """Tell from a file's first four bytes whether it may be IDX or gzip."""
    return head[:2] == _GZIP or (len(head) == 4 and head[:2] == b"\0\0" and head[2] in _TYPES and head[3] > 0)


def _read(stream: BinaryIO | gzip.GzipFile, path: Path, room: int) -> npt.NDArray[Any]:
    """Read header and values from `stream`, which can yield at most `room` bytes."""
    head = stream.read(4)
    if not is_idx(head) or head[:2] == _GZIP:
        raise FileFormatError(
            f"{path} is not an IDX file: expected it to begin with 00 00, a type and a number of axes, "
            f"got {head.hex(' ') or 'nothing'}."
        )
    lengths = stream.read(4 * head[3])
    if len(lengths) < 4 * head[3]:
        raise FileFormatError(f"{path} ends within its header: get a fresh copy.")
    shape = struct.unpack(f">{head[3]}I", lengths)
    values = _allocate(shape, np.dtype(_TYPES[head[2]]), path, room)
    _fill_exactly(stream, values, path)
    if values.itemsize > 1 and not values.dtype.isnative:
        values = values.byteswap(inplace=True).view(values.dtype.newbyteorder())
    try:
        return values.reshape(shape)
    except ValueError as error:
        raise FileFormatError(f"{path} declares a shape no array can have ({error}): get a fresh copy.") from error


def _allocate(shape: tuple[int, ...], dtype: np.dtype[Any], path: Path, room: int) -> npt.NDArray[Any]:
    """Return an empty flat array for `shape`, if the file can hold as much."""
    size = math.prod(shape) * dtype.itemsize
    if size > min(room, LIMIT_BYTES) or len(shape) > 32:
        raise FileFormatError(
            f"{path} declares {'x'.join(map(str, shape[:8]))} values, {size} bytes, but its own length allows no more "
            f"than {room} and one file may hold no more than {LIMIT_BYTES}: get a fresh copy, or split it."
        )
    try:
        return np.empty(math.prod(shape), dtype=dtype)
    except MemoryError as error:
        raise FileFormatError(f"{path} needs {size} bytes of memory, which are not free: split it.") from error


def _fill_exactly(stream: BinaryIO | gzip.GzipFile, values: npt.NDArray[Any], path: Path) -> None:
    """Fill `values` from `stream`, which must end right there."""
    done = fill(stream, values.view(np.uint8).data)
    if done < values.nbytes:
        raise FileFormatError(
            f"{path} ends too soon: its header promises {values.nbytes} bytes of values, {done} came: get a fresh copy."
        )
    if stream.read(1):
        raise FileFormatError(
            f"{path} goes on after the {values.nbytes} bytes of values that its header promises: get a fresh copy."
        )
