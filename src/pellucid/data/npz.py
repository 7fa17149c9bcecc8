"""NumPy's .npz archives, read as untrusted files: without pickle, and within the memory that their size allows."""

from __future__ import annotations

import math
import struct
import zipfile
from pathlib import Path
from typing import IO, Any, BinaryIO

import numpy as np
import numpy.typing as npt

from pellucid.data.limits import DEFLATE_RATIO, LIMIT_BYTES, fill
from pellucid.errors import DataError, FileFormatError, PellucidError

_LOCAL_HEADER = 30
"""Bytes before an entry's name, whose last two numbers are the lengths of the name and of what follows it (APPNOTE)."""

Arrays = dict[str, npt.NDArray[Any]]


def read_npz(
    path: str | Path | BinaryIO, *, wanted: tuple[str, ...] | None = None, name: str = "", most: int | None = None
) -> Arrays:
    """Read the arrays of an .npz archive.

    Parameters
    ----------
    path : str, Path or binary stream
        The archive.
    wanted : tuple of str, optional
        Names of the arrays to read, where they exist; by default all.
    name : str, optional
        Name of a stream, for errors.
    most : int, optional
        Uncompressed arrays of more bytes than this, and than 2 GiB, stay in the file: they are mapped, and their
        checksums are not verified.

    Returns
    -------
    dict of str to ndarray

    Raises
    ------
    FileFormatError
        If the archive is damaged, needs pickle, or declares more data than it can contain.
    DataError
        If the file does not exist or cannot be read.
    """
    name = name or str(path)
    try:
        with zipfile.ZipFile(path) as archive:
            entries = {entry.filename.removesuffix(".npy"): entry for entry in archive.infolist()}
            chosen = [key for key in (wanted or entries) if key in entries]
            larger = LIMIT_BYTES if most is None else min(most, LIMIT_BYTES)
            mapped = [key for key in chosen if _may_be_mapped(path, entries[key], larger)]
            return {key: _mapped(Path(str(path)), entries[key], f"{name}: {key}") if key in mapped
                    else _member(archive, entries[key], f"{name}: {key}") for key in chosen}  # fmt: skip
    except PellucidError:
        raise
    except (FileNotFoundError, PermissionError, IsADirectoryError) as error:
        raise DataError(f"Could not read {name} ({error.strerror}): check the path and its permissions.") from error
    # zipfile raises many kinds of errors for damaged archives, and documents only one.
    except Exception as error:
        raise FileFormatError(
            f"Expected an .npz archive, got {name}, which is not one or is damaged ({error}): write it with "
            "numpy.savez_compressed."
        ) from error


def _member(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str) -> npt.NDArray[Any]:
    """Read one array; its shape must account for every byte of its entry."""
    with archive.open(entry) as stream:
        shape, fortran_order, dtype = _header(stream, name)
        if dtype.hasobject or dtype.kind not in "buif":
            raise FileFormatError(f"Expected numbers, got {dtype} in {name}: save it as an array of numbers.")
        size = math.prod(shape) * dtype.itemsize
        room = min(DEFLATE_RATIO * entry.compress_size, entry.file_size, LIMIT_BYTES)
        if size > room or min(shape, default=0) < 0:
            raise FileFormatError(
                f"Expected at most {room} bytes, got shape {shape} with {size} bytes in {name}: write the archive "
                "again."
            )
        flat = np.empty(math.prod(shape), dtype=dtype)
        done = fill(stream, flat.view(np.uint8).data)
        # zipfile compares the checksum only when reading past the end.
        if done < size or stream.read(1):
            raise FileFormatError(
                f"Expected {size} bytes for shape {shape}, got {'fewer' if done < size else 'more'} in {name}: "
                "write the archive again."
            )
    flat = flat.astype(dtype.newbyteorder("="), copy=False)
    return flat.reshape(shape[::-1]).T if fortran_order else flat.reshape(shape)


def _may_be_mapped(path: str | Path | BinaryIO, entry: zipfile.ZipInfo, larger: int) -> bool:
    """Whether an entry has more bytes than ``larger``, and lies in a file as it is."""
    stored = entry.compress_type == zipfile.ZIP_STORED and not entry.flag_bits & 1
    return stored and entry.file_size > larger and isinstance(path, str | Path)


def _mapped(path: Path, entry: zipfile.ZipInfo, name: str) -> npt.NDArray[Any]:
    """One array, mapped from the archive; its shape must account for every byte of its entry."""
    with path.open("rb") as file:
        file.seek(entry.header_offset)
        head = file.read(_LOCAL_HEADER)
        if len(head) < _LOCAL_HEADER or head[:4] != b"PK\3\4":
            raise FileFormatError(f"Expected an entry of an archive, got damage in {name}: write the archive again.")
        begin = file.seek(entry.header_offset + _LOCAL_HEADER + sum(struct.unpack_from("<HH", head, 26)))
        shape, fortran_order, dtype = _header(file, name)
        offset = file.tell()
    size = math.prod(shape) * dtype.itemsize
    if dtype.hasobject or dtype.kind not in "buif" or min(shape, default=0) < 0:
        raise FileFormatError(f"Expected numbers, got {dtype} of shape {shape} in {name}: save it as numbers.")
    if offset - begin + size != entry.file_size:
        raise FileFormatError(
            f"Expected {entry.file_size} bytes, got shape {shape} with {size} bytes in {name}: write the archive again."
        )
    return np.memmap(path, dtype, "r", offset, shape, "F" if fortran_order else "C")


def _header(stream: IO[bytes], name: str) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Read shape, order and type from the header of a .npy file."""
    version = np.lib.format.read_magic(stream)
    if version == (1, 0):
        return np.lib.format.read_array_header_1_0(stream)
    if version == (2, 0):
        return np.lib.format.read_array_header_2_0(stream)
    raise FileFormatError(
        f"Expected .npy version 1 or 2, got {version} in {name}: save it as a plain array of numbers."
    )
