"""IDX: round trips of all types and shapes; hostile files cost neither time nor memory."""

from __future__ import annotations

import gzip
import struct
import tracemalloc
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pellucid.data import read_idx
from pellucid.errors import DataError, FileFormatError

CODES = {"u1": 0x08, "i1": 0x09, "i2": 0x0B, "i4": 0x0C, "f4": 0x0D, "f8": 0x0E}
ONE_FOLDER = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def idx_bytes(array: npt.NDArray[Any]) -> bytes:
    """The format, written out by its description."""
    code = CODES[array.dtype.str[1:]]
    head = struct.pack(">HBB", 0, code, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape)
    return head + array.astype(array.dtype.newbyteorder(">")).tobytes()


def write(path: Path, content: bytes, packed: bool = False) -> Path:
    path.write_bytes(gzip.compress(content, 1) if packed else content)
    return path


@ONE_FOLDER
@given(
    array=st.sampled_from(sorted(CODES)).flatmap(
        lambda code: hnp.arrays(np.dtype(code), hnp.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=5))
    ),
    packed=st.booleans(),
)
def test_round_trip(tmp_path: Path, array: npt.NDArray[Any], packed: bool) -> None:
    back = read_idx(write(tmp_path / "file", idx_bytes(array), packed))
    assert back.dtype == array.dtype
    assert back.dtype.isnative
    assert back.shape == array.shape
    assert back.tobytes() == array.tobytes()
    assert back.flags.c_contiguous


@ONE_FOLDER
@given(content=st.binary(max_size=64), packed=st.booleans())
def test_any_bytes_are_an_array_or_one_error(tmp_path: Path, content: bytes, packed: bool) -> None:
    path = write(tmp_path / "file", content, packed)
    with suppress(FileFormatError):
        assert read_idx(path).nbytes <= len(content)


@ONE_FOLDER
@given(position=st.integers(0, 10**6), flip=st.integers(1, 255), packed=st.booleans(), cut=st.booleans())
def test_damage_is_found_or_harmless(tmp_path: Path, position: int, flip: int, packed: bool, cut: bool) -> None:
    array = np.arange(2 * 3 * 50, dtype=np.uint8).reshape(2, 3, 50)
    content = bytearray(gzip.compress(idx_bytes(array)) if packed else idx_bytes(array))
    if cut:
        del content[position % len(content) :]
    else:
        content[position % len(content)] ^= flip
    try:
        back = read_idx(write(tmp_path / "file", bytes(content)))
    except FileFormatError:
        return
    assert not cut
    assert back.size * back.itemsize == array.size


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "00 00.*got nothing"),
        (b"\0\0\x08", "got 00 00 08"),
        (b"\x89PNG\r\n\x1a\n", "got 89 50 4e 47"),
        (b"\0\0\x07\x01\0\0\0\0", "Expected an IDX file"),
        (b"\0\0\x08\x00", "Expected an IDX file"),
        (b"\0\0\x08\x03\0\0\0\x01", "bytes of header"),
        (b"\0\0\x08\x01\0\0\0\x05abcd", "5 bytes of values after the header, got 4"),
        (b"\0\0\x08\x01\0\0\0\x03abcd", "3 bytes of values after the header, got more"),
        (b"\0\0\x08\xff" + b"\0\0\0\x01" * 255 + b"a", "bytes of values, given the length"),
        (b"\0\0\x08\x04" + b"\0\0\0\0" + b"\xff" * 12, "Expected a valid shape"),
    ],
)
def test_malformed(tmp_path: Path, content: bytes, message: str, packed: bool) -> None:
    with pytest.raises(FileFormatError, match=message):
        read_idx(write(tmp_path / "file", content, packed))


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("shape", [(60_000, 2**20, 2**20), (2**32 - 1,) * 3, (2**31 + 1,), (10**6,)])
def test_huge_shapes_cost_nothing(tmp_path: Path, shape: tuple[int, ...], packed: bool) -> None:
    head = struct.pack(f">HBB{len(shape)}I", 0, 8, len(shape), *shape)
    path = write(tmp_path / "file", head + b"abc", packed)
    tracemalloc.start()
    with pytest.raises(FileFormatError, match="bytes of values, given the length"):
        read_idx(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**20


def test_gzip_bomb_is_left_at_its_first_byte_too_many(tmp_path: Path) -> None:
    bomb = struct.pack(">HBBI", 0, 8, 1, 1000) + bytes(50_000_000)
    path = write(tmp_path / "file", bomb, packed=True)
    tracemalloc.start()
    with pytest.raises(FileFormatError, match="after the header, got more"):
        read_idx(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**21


def test_gzip_cut_short_or_followed_by_rubbish(tmp_path: Path) -> None:
    packed = gzip.compress(idx_bytes(np.arange(200, dtype=np.uint8)))
    for damaged in (packed[:-3], packed[:40], packed + b"rubbish", packed[:-8] + b"12345678"):
        with pytest.raises(FileFormatError, match=r"intact gzip|got more"):
            read_idx(write(tmp_path / "file", damaged))


def test_what_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="No such file"):
        read_idx(tmp_path / "absent")
    with pytest.raises(DataError, match=r"[Dd]irectory"):
        read_idx(tmp_path)
