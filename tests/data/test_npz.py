"""NumPy archives: all that numpy writes is read, without pickle and without trusting the header."""

from __future__ import annotations

import io
import tracemalloc
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pellucid.data import load
from pellucid.data.npz import read_npz
from pellucid.errors import DataError, FileFormatError

TYPES = ["?", "u1", "i2", ">i4", "<u8", "f2", "<f4", ">f8"]


def saved(path: Path, arrays: Mapping[str, npt.ArrayLike], packed: bool = True) -> Path:
    (np.savez_compressed if packed else np.savez)(path, **arrays)  # type: ignore[arg-type]
    return path


def with_entry(path: Path, content: bytes, name: str = "images.npy") -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return path


def npy(header: str, values: bytes = b"", version: bytes = b"\x01\x00") -> bytes:
    text = header.encode().ljust(118) + b"\n"
    return b"\x93NUMPY" + version + len(text).to_bytes(2, "little") + text + values


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    array=st.sampled_from(TYPES).flatmap(
        lambda kind: hnp.arrays(np.dtype(kind), hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4))
    ),
    fortran=st.booleans(),
    packed=st.booleans(),
)
def test_round_trip(tmp_path: Path, array: npt.NDArray[Any], fortran: bool, packed: bool) -> None:
    array = np.asarray(array, order="F" if fortran else "C")
    back = read_npz(saved(tmp_path / "a.npz", {"array": array, "other": np.arange(3)}, packed))
    assert back.keys() == {"array", "other"}
    assert back["array"].shape == array.shape
    assert back["array"].dtype.isnative
    assert back["array"].astype(array.dtype).tobytes() == array.tobytes()


@pytest.mark.parametrize(
    "entry",
    [
        b"",
        b"not npy at all",
        npy("{'descr': '|u1', 'fortran_order': False, 'shape': (4,), }", b"abc"),
        npy("{'descr': '|u1', 'fortran_order': False, 'shape': (2,), }", b"abc"),
        npy("{'descr': '|u1', 'fortran_order': False, 'shape': (10**12,), }", b"abc"),
        npy("{'descr': '|u1', 'fortran_order': False, 'shape': (1000000000000,), }", b"abc"),
        npy("{'descr': '|u1', 'fortran_order': False, 'shape': (-1, -3), }", b"abc"),
        npy("{'descr': '|u1', 'fortran_order': False, 'shape': (0, 99999999999999999999), }"),
        npy("{'descr': '|u1', 'fortran_order': False, 'shape': ('a',), }", b"abc"),
        npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", b"cos\nsystem\n"),
        npy("{'descr': '|S3', 'fortran_order': False, 'shape': (1,), }", b"abc"),
        npy("{'descr': [('a', '|u1')], 'fortran_order': False, 'shape': (3,), }", b"abc"),
        npy("{'descr': '|u1', 'fortran_order': False, 'shape': (3,), }", b"abc", version=b"\x03\x00"),
        npy("(" * 100),
        npy("__import__('os').abort()"),
    ],
)
def test_hostile_entries(tmp_path: Path, entry: bytes) -> None:
    path = with_entry(tmp_path / "a.npz", entry)
    with pytest.raises(FileFormatError, match=r"a\.npz"):
        read_npz(path)


def test_pickles_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, images=np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(FileFormatError, match="Expected numbers, got object"):
        read_npz(path, wanted=("images",))


def test_bomb_costs_no_memory(tmp_path: Path) -> None:
    entry = npy("{'descr': '|u1', 'fortran_order': False, 'shape': (10,), }", bytes(50_000_000))
    path = with_entry(tmp_path / "a.npz", entry)
    del entry
    tracemalloc.start()
    with pytest.raises(FileFormatError, match="got more"):
        read_npz(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**21


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(position=st.integers(0, 10**6), flip=st.integers(1, 255), cut=st.booleans())
def test_damage_is_found_or_harmless(position: int, flip: int, cut: bool) -> None:
    stream = io.BytesIO()
    array = np.arange(500, dtype=np.int16) % 7
    np.savez_compressed(stream, images=array)
    content = bytearray(stream.getvalue())
    if cut:
        del content[position % len(content) :]
    else:
        content[position % len(content)] ^= flip
    try:
        back = read_npz(io.BytesIO(bytes(content)), name="a.npz")
    except FileFormatError:
        return
    # The entry's name is the one thing no checksum covers.
    assert all(np.array_equal(value, array) for value in back.values())


def test_absent(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="No such file"):
        read_npz(tmp_path / "a.npz")


IMAGES = np.arange(10 * 4 * 5, dtype=np.uint8).reshape(10, 4, 5)
LABELS = np.arange(10) % 2


@pytest.mark.parametrize("names", [("images", "labels"), ("x", "y"), ("X", "y"), ("data", "target")])
def test_without_a_test_part_a_stratified_fifth_is_held_out(tmp_path: Path, names: tuple[str, str]) -> None:
    path = saved(tmp_path / "mine.npz", {names[0]: IMAGES, names[1]: LABELS, "extra": np.zeros(3)})
    data = load(path)
    assert (len(data.train), len(data.test)) == (8, 2)
    assert data.test.counts.tolist() == [1, 1]
    assert data.train.shape == (4, 5)
    assert {image.tobytes() for part in data for image, _ in part} == {image.tobytes() for image in IMAGES}
    assert len(load(path, test_fraction=0.4).test) == 4


@pytest.mark.parametrize(
    "names",
    [
        ("train_images", "train_labels", "test_images", "test_labels"),
        ("x_train", "y_train", "x_test", "y_test"),
        ("X_train", "y_train", "X_test", "y_test"),
    ],
)
def test_with_a_test_part_it_is_kept(tmp_path: Path, names: tuple[str, ...]) -> None:
    values = (IMAGES[:7], LABELS[:7], IMAGES[7:], LABELS[7:] + 3)
    data = load(saved(tmp_path / "mine.npz", dict(zip(names, values, strict=True))))
    assert np.array_equal(data.train.images, IMAGES[:7])
    assert np.array_equal(data.test.images, IMAGES[7:])
    assert data.test.labels.tolist() == [4, 3, 4]
    assert data.train.classes == data.test.classes == ("0", "1", "2", "3", "4")


def test_labels_in_a_column(tmp_path: Path) -> None:
    data = load(saved(tmp_path / "mine.npz", {"images": IMAGES, "labels": LABELS[:, None]}))
    assert data.train.labels.ndim == 1


def test_own_level_range(tmp_path: Path) -> None:
    path = saved(tmp_path / "mine.npz", {"images": np.full((10, 8, 8), 16.0), "labels": LABELS})
    assert load(path, level_range=(0, 16)).train.level_range == (0, 16)
    assert load(path, level_range=None).train.level_range is None
    with pytest.raises(DataError, match=r"level_range=\(0, 16\), or level_range=None"):
        load(path)


def test_levels_of_which_none_exceeds_one_are_0_to_1(tmp_path: Path) -> None:
    binary = saved(tmp_path / "mine.npz", {"images": np.eye(10, 64, dtype=np.uint8), "labels": LABELS})
    assert load(binary).train.level_range == (0, 1)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"pictures": IMAGES, "labels": LABELS}, "images and labels"),
        ({"images": IMAGES}, "images and labels"),
        ({}, "images and labels"),
        ({"images": IMAGES, "labels": LABELS[:4]}, "10 images and 4 labels"),
        ({"images": IMAGES, "labels": np.zeros(0)}, "got none"),
        ({"images": IMAGES, "labels": np.eye(10)}, "argmax"),
        ({"images": np.zeros((10, 5, 4, 3)), "labels": LABELS}, r"\(10, 5, 4, 3\).*transpose\(0, 3, 1, 2\)"),
    ],
)
def test_unusable_archives(tmp_path: Path, arrays: dict[str, npt.NDArray[Any]], message: str) -> None:
    with pytest.raises(DataError, match=message):
        load(saved(tmp_path / "mine.npz", arrays))


def test_a_huge_label_takes_no_memory(tmp_path: Path) -> None:
    images, labels = np.zeros((2, 4, 4), np.uint8), np.array([0, 2**31 - 1])
    path = saved(tmp_path / "a.npz", {"x_train": images, "y_train": labels, "x_test": images, "y_test": [0, 0]})
    tracemalloc.start()
    with pytest.raises(DataError, match="below 65,536"):
        load(path)
    assert tracemalloc.get_traced_memory()[1] < 10_000_000
    tracemalloc.stop()
