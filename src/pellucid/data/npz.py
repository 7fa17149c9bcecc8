"""NumPy's .npz archives, read without trusting them: no pickles, no more memory than the archive can hold."""

from __future__ import annotations

import math
import zipfile
from pathlib import Path
from typing import IO, Any, BinaryIO

import numpy as np
import numpy.typing as npt

from pellucid.data.bounded import DEFLATE_RATIO, LIMIT_BYTES, fill
from pellucid.errors import DataError, FileFormatError, PellucidError

Arrays = dict[str, npt.NDArray[Any]]


def read_npz(path: str | Path | BinaryIO, *, wanted: tuple[str, ...] | None = None, name: str = "") -> Arrays:
    """Read the arrays of an .npz archive.

    Parameters
    ----------
    path : str, Path or binary stream
        The archive.
    wanted : tuple of str, optional
        Read only these, where they are present.
    name : str, optional
        What errors call it, where it is a stream.

    Returns
    -------
    dict of str to ndarray

    Raises
    ------
    FileFormatError
        If the archive is damaged, needs pickle, or declares more than it can hold.
    DataError
        If there is no such file, or it may not be read.
    """
    name = name or str(path)
    try:
        with zipfile.ZipFile(path) as archive:
            entries = {entry.filename.removesuffix(".npy"): entry for entry in archive.infolist()}
            chosen = [key for key in (wanted or entries) if key in entries]
            return {key: _member(archive, entries[key], f"{name}: {key}") for key in chosen}
    except PellucidError:
        raise
    except (FileNotFoundError, PermissionError, IsADirectoryError) as error:
        raise DataError(f"Could not read {name}: {error.strerror}.") from error
    # zipfile raises a dozen kinds of error over damaged archives, and documents only one of them.
    except Exception as error:
        raise FileFormatError(
            f"{name} is not an .npz archive, or a damaged one ({error}): write it with numpy.savez_compressed."
        ) from error


def _member(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str) -> npt.NDArray[Any]:
    """Read one array, whose declared shape must account for every byte of its entry."""
    with archive.open(entry) as stream:
        shape, fortran_order, dtype = _header(stream, name)
        if dtype.hasobject or dtype.kind not in "buif":
            raise FileFormatError(f"{name} holds {dtype}, not plain numbers: save it as an array of numbers.")
        size = math.prod(shape) * dtype.itemsize
        room = min(DEFLATE_RATIO * entry.compress_size, entry.file_size, LIMIT_BYTES)
        if size > room or min(shape, default=0) < 0:
            raise FileFormatError(f"{name} declares shape {shape}, {size} bytes, but can hold no more than {room}.")
        flat = np.empty(math.prod(shape), dtype=dtype)
        done = fill(stream, flat.view(np.uint8).data)
        # Reading past the end is what makes zipfile compare the checksum.
        if done < size or stream.read(1):
            raise FileFormatError(f"{name} holds {'less' if done < size else 'more'} than its shape {shape} says.")
    flat = flat.astype(dtype.newbyteorder("="), copy=False)
    return flat.reshape(shape[::-1]).T if fortran_order else flat.reshape(shape)


def _header(stream: IO[bytes], name: str) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Read the shape, order and type that open a .npy file."""
    version = np.lib.format.read_magic(stream)
    if version == (1, 0):
        return np.lib.format.read_array_header_1_0(stream)
    if version == (2, 0):
        return np.lib.format.read_array_header_2_0(stream)
    raise FileFormatError(f"{name} is .npy version {version}: save it as a plain array of numbers.")
