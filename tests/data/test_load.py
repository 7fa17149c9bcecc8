"""load: names, paths of every kind, and the errors for all others."""

from __future__ import annotations

import gzip
import pydoc
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pellucid import data
from pellucid.data import TrainTest, load
from pellucid.errors import ConfigurationError, DataError, FileFormatError


def idx(array: np.ndarray[Any, np.dtype[np.uint8]]) -> bytes:
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes()


IMAGES = np.arange(20 * 6, dtype=np.uint8).reshape(20, 2, 3)
LABELS = (np.arange(20) % 4).astype(np.uint8)


def put(folder: Path, packed: bool = False, **files: np.ndarray[Any, np.dtype[np.uint8]]) -> Path:
    for name, array in files.items():
        content = idx(array)
        path = folder / (name.replace("_", "-") + (".gz" if packed else ""))
        path.write_bytes(gzip.compress(content) if packed else content)
    return folder


@pytest.mark.parametrize("packed", [False, True])
def test_idx_folder(tmp_path: Path, packed: bool) -> None:
    put(tmp_path, packed, train_images_idx3_ubyte=IMAGES[:15], train_labels_idx1_ubyte=LABELS[:15],
        t10k_images_idx3_ubyte=IMAGES[15:], t10k_labels_idx1_ubyte=LABELS[15:])  # fmt: skip
    train, test = load(tmp_path)
    assert np.array_equal(train.images, IMAGES[:15])
    assert np.array_equal(test.images, IMAGES[15:])
    assert np.array_equal(test.labels, LABELS[15:])


def test_idx_folder_with_dots_and_no_test_part(tmp_path: Path) -> None:
    (tmp_path / "train-images.idx3-ubyte").write_bytes(idx(IMAGES))
    (tmp_path / "train-labels.idx1-ubyte").write_bytes(idx(LABELS))
    train, test = load(str(tmp_path))
    assert (len(train), len(test)) == (16, 4)


@pytest.mark.parametrize("packed", [False, True])
def test_one_idx_file_with_its_labels_beside_it(tmp_path: Path, packed: bool) -> None:
    put(tmp_path, packed, my_images_idx3=IMAGES)
    put(tmp_path, not packed, my_labels_idx1=LABELS)
    train, test = load(next(tmp_path.glob("my-images*")), seed=5)
    pairs = {image.tobytes(): label for part in (train, test) for image, label in part}
    assert pairs == {image.tobytes(): label for image, label in zip(IMAGES, LABELS.tolist(), strict=True)}


@pytest.mark.parametrize("name", ["my-images-idx3", "pictures"])
def test_images_without_labels(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(idx(IMAGES))
    with pytest.raises(DataError, match=f"labels beside .*{name}"):
        load(tmp_path / name)


def test_labels_in_place_of_images(tmp_path: Path) -> None:
    put(tmp_path, images_idx3=LABELS, labels_idx1=LABELS)
    with pytest.raises(DataError, match=r"Expected images of shape .*got \(20,\)"):
        load(tmp_path / "images-idx3")


def test_unknown_name_lists_what_there_is() -> None:
    with pytest.raises(ConfigurationError, match=r"'mnits' is neither.*'digits', 'mnist'.*\.npz"):
        load("mnits")


def test_path_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"There is no .*absent"):
        load(tmp_path / "absent")


def test_name_comes_before_a_folder_of_that_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "digits").mkdir()
    monkeypatch.chdir(tmp_path)
    assert len(load("digits").train) == 8000
    with pytest.raises(DataError, match="a subfolder of PNG or JPEG images for each class"):
        load(Path("digits"))


def test_home_is_expanded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    np.savez(tmp_path / "a.npz", images=IMAGES, labels=LABELS)
    assert len(load("~/a.npz").train) == 16


@pytest.mark.parametrize("content", [b"", b"hello", b"\0\0\x05\x01", b"\x89PNG\r\n\x1a\n"])
def test_unknown_format(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.bin").write_bytes(content)
    with pytest.raises(FileFormatError, match=r"a\.bin: convert it"):
        load(tmp_path / "a.bin")


def test_options_that_mean_nothing(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", images=IMAGES, labels=LABELS)
    with pytest.raises(ConfigurationError, match="to resize with size"):
        load(tmp_path / "a.npz", size=(28, 28))
    with pytest.raises(ConfigurationError, match="size and level_range cannot be chosen for 'digits'"):
        load("digits", size=(28, 28), level_range=(0, 1))
    for fraction in (0, 1, -1, float("nan")):
        with pytest.raises(ConfigurationError, match="test_fraction"):
            load(tmp_path / "a.npz", test_fraction=fraction)


def test_same_seed_same_parts(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", images=IMAGES, labels=LABELS)

    def held_out(seed: int) -> bytes:
        return load(tmp_path / "a.npz", seed=seed).test.images.tobytes()

    assert held_out(1) == held_out(1)
    assert held_out(1) != held_out(2)


def test_names_say_what_they_are() -> None:
    assert {"digits", "mnist"} <= set(data.names())
    assert all(len(summary) > 20 for summary in data.names().values())


def test_help_introduces_the_room() -> None:
    text = pydoc.plain(pydoc.TextDoc().docmodule(data))
    for part in ("data.load(", "class Dataset", "class TrainTest", "load(source", "read_idx("):
        assert part in text


def test_pair_unpacks() -> None:
    train, test = pair = load("digits")
    assert isinstance(pair, TrainTest)
    assert (pair.train, pair.test) == (train, test)


def test_importing_costs_nothing_but_numpy() -> None:
    code = (
        "import sys; from pellucid import data; data.load('digits');"
        "print([m for m in ('PIL', 'requests', 'platformdirs', 'scipy', 'mahotas', 'numba') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_unknown_attribute() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nope'"):
        data.nope  # noqa: B018
