"""Folders of images: classes by name, one size, all modes of PNG and JPEG, and hostile files."""

from __future__ import annotations

import struct
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from pellucid.data import load
from pellucid.data.folder import read_grey
from pellucid.errors import ConfigurationError, DataError


def picture(path: Path, level: int, size: tuple[int, int] = (6, 5)) -> Path:
    """Write a grey image of (height, width), its first row black."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.full(size, level, np.uint8)
    pixels[0] = 0
    Image.fromarray(pixels).save(path)
    return path


def classes(folder: Path, counts: dict[str, int], start: int = 1) -> Path:
    level = start
    for name, count in counts.items():
        for number in range(count):
            picture(folder / name / f"{number:02d}.png", level)
            level += 1
    return folder


def test_subfolders_are_classes_in_the_order_of_their_names(tmp_path: Path) -> None:
    data = load(classes(tmp_path, {"pear": 5, "apple": 10}))
    assert data.train.classes == data.test.classes == ("apple", "pear")
    assert data.train.counts.tolist() == [8, 4]
    assert data.test.counts.tolist() == [2, 1]
    assert data.train.shape == (6, 5)
    assert data.train.level_range == (0, 255)
    levels = {int(image[1, 0]): data.train.classes[label] for part in data for image, label in part}
    assert levels == {level: "pear" if level <= 5 else "apple" for level in range(1, 16)}


@pytest.mark.parametrize("names", [("train", "test"), ("Training", "testing")])
def test_train_and_test_folders_are_kept_apart(tmp_path: Path, names: tuple[str, str]) -> None:
    classes(tmp_path / names[0], {"a": 3, "b": 2})
    classes(tmp_path / names[1], {"b": 2}, start=100)
    data = load(tmp_path)
    assert (data.train.labels.tolist(), data.test.labels.tolist()) == ([0, 0, 0, 1, 1], [1, 1])
    assert data.test.classes == ("a", "b")
    assert data.test.images[:, 1, 1].tolist() == [100, 101]


def test_train_alone_is_split(tmp_path: Path) -> None:
    classes(tmp_path / "train", {"a": 5, "b": 5})
    data = load(tmp_path, seed=3)
    assert data.train.classes == ("a", "b")
    assert (len(data.train), len(data.test)) == (8, 2)


def test_train_beside_other_classes_is_a_class(tmp_path: Path) -> None:
    assert load(classes(tmp_path, {"train": 5, "bus": 5})).train.classes == ("bus", "train")


def test_what_is_not_an_image_is_passed_over(tmp_path: Path) -> None:
    classes(tmp_path, {"a": 5, "b": 5})
    (tmp_path / "README.txt").write_text("notes")
    (tmp_path / "a" / "Thumbs.db").write_bytes(b"x")
    (tmp_path / "a" / ".hidden.png").write_bytes(b"x")
    (tmp_path / ".git").mkdir()
    (tmp_path / "a" / "sub").mkdir()
    assert len(load(tmp_path).train) == 8


def test_size_resizes_to_height_and_width(tmp_path: Path) -> None:
    for number, size in enumerate([(30, 20), (6, 5), (100, 3), (28, 27)]):
        picture(tmp_path / "a" / f"{number}.png", 200, size)
    train, test = load(tmp_path, size=(28, 27), test_fraction=0.5)
    assert train.shape == test.shape == (28, 27)
    assert all(image[-1].tolist() == [200] * 27 for part in (train, test) for image, _ in part)


def test_resizing_averages(tmp_path: Path) -> None:
    checks = np.indices((64, 64)).sum(axis=0) % 2 * 255
    Image.fromarray(checks.astype(np.uint8)).save(tmp_path / "a.png")
    small = read_grey(tmp_path / "a.png", (8, 8))
    assert abs(small.astype(int) - 127).max() <= 8


def test_odd_size_names_the_first_file_that_is(tmp_path: Path) -> None:
    classes(tmp_path, {"a": 3, "b": 3})
    picture(tmp_path / "b" / "01.png", 9, (5, 6))
    picture(tmp_path / "b" / "02.png", 9, (7, 7))
    with pytest.raises(DataError, match=r"b.01\.png with 5x6 .*a.00\.png with 6x5.*size=\(28, 28\)"):
        load(tmp_path)


@pytest.mark.parametrize("size", [(28,), (0, 28), (28.0, 28), 28, "28", (2**20, 2**20), (28, 28, 1)])
def test_impossible_sizes(tmp_path: Path, size: Any) -> None:
    classes(tmp_path, {"a": 5})
    with pytest.raises(ConfigurationError, match="height, width"):
        load(tmp_path, size=size)


def test_unusable_folders(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="a subfolder of PNG or JPEG images for each class"):
        load(tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=r"ending in \.png.*empty, got none"):
        load(tmp_path)
    (tmp_path / "empty" / "scan.BMP").write_bytes(b"BM")
    with pytest.raises(DataError, match=r"Expected PNG or JPEG images, got .*scan\.BMP"):
        load(tmp_path)


def test_class_that_only_the_test_part_has(tmp_path: Path) -> None:
    classes(tmp_path / "train", {"a": 2})
    classes(tmp_path / "test", {"a": 1, "b": 1})
    with pytest.raises(DataError, match=r"Expected the classes of .* got others: b"):
        load(tmp_path)


def rgba(grey: int, alpha: int) -> npt.NDArray[np.uint8]:
    return np.array([[[grey, grey, grey, alpha]]], np.uint8)


@pytest.mark.parametrize(
    ("image", "level"),
    [
        (Image.new("1", (1, 1), 1), 255),
        (Image.new("L", (1, 1), 77), 77),
        (Image.new("RGB", (1, 1), (77, 77, 77)), 77),
        (Image.new("RGB", (1, 1), (255, 0, 0)), 76),
        (Image.fromarray(rgba(10, 255)), 10),
        (Image.fromarray(rgba(10, 0)), 255),
        (Image.new("LA", (1, 1), (10, 0)), 255),
        (Image.new("RGB", (1, 1), (77, 77, 77)).quantize(4), 77),
        (Image.fromarray(np.array([[65535]], np.uint16)), 255),
        (Image.fromarray(np.array([[257 * 77]], np.uint16)), 77),
    ],
    ids=lambda value: value.mode if isinstance(value, Image.Image) else value,
)
def test_every_mode_of_png(tmp_path: Path, image: Image.Image, level: int) -> None:
    image.save(tmp_path / "a.png")
    grey = read_grey(tmp_path / "a.png")
    assert grey.dtype == np.uint8
    assert grey.tolist() == [[level]]


def test_transparent_palette_colour_is_paper(tmp_path: Path) -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([10, 10, 10, 50, 50, 50])
    image.putdata([0, 1])
    image.save(tmp_path / "a.png", transparency=0)
    assert read_grey(tmp_path / "a.png").tolist() == [[255, 50]]


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_jpeg(tmp_path: Path, mode: str) -> None:
    Image.new("L", (9, 7), 77).convert(mode).save(tmp_path / "a.jpg")
    grey = read_grey(tmp_path / "a.jpg")
    assert grey.shape == (7, 9)
    assert abs(grey.astype(int) - 77).max() <= 2


def test_the_cameras_orientation_is_obeyed(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("L", (9, 7)).save(tmp_path / "a.jpg", exif=exif)
    assert read_grey(tmp_path / "a.jpg").shape == (9, 7)


def png(width: int, height: int, body: bytes = b"") -> bytes:
    """A PNG whose header says what it likes."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(body)) + chunk(b"IEND", b"")


@pytest.mark.parametrize("side", [8193, 10_000, 30_000, 2**31 - 1])
def test_bombs_are_refused_before_they_unfold(tmp_path: Path, side: int) -> None:
    (tmp_path / "a.png").write_bytes(png(side, side, bytes(1000)))
    with pytest.raises(DataError, match=r"a\.png"):
        read_grey(tmp_path / "a.png")


@pytest.mark.parametrize("content", [b"", b"x", b"\x89PNG\r\n\x1a\n", png(0, 5), png(9, 9), b"GIF89a" + bytes(50)])
def test_damaged_images_are_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "digits" / "3" / "a.png"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"a\.png, which is not one or is damaged"):
        load(tmp_path / "digits")


@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_cut_or_flipped_anywhere(tmp_path: Path, suffix: str) -> None:
    whole = picture(tmp_path / f"whole.{suffix}", 99, (12, 12)).read_bytes()
    path = tmp_path / f"a.{suffix}"
    for position in range(0, len(whole), 5):
        flipped = bytearray(whole)
        flipped[position] ^= 0x55
        for content in (whole[:position], bytes(flipped)):
            path.write_bytes(content)
            with suppress(DataError):
                assert read_grey(path).ndim == 2
