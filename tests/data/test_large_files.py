"""Files larger than the memory limit are read as needed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import pellucid as pl
from pellucid.data.rows import ArrayRows, Rows, mapping_of, rows_of

COUNT = 240


def examples() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (COUNT, 5, 6), np.uint8), np.arange(COUNT) % 3


def first_loss(data: Any, **options: Any) -> float:
    net = pl.Network([pl.Dense(3, "softmax")], input_shape=(5, 6))
    (event,) = pl.Trainer(net, data, batch_size=8, **options).run(1)
    return event.loss


def picture_folder(root: Path) -> Path:
    images, labels = examples()
    for number, (image, label) in enumerate(zip(images, labels, strict=True)):
        folder = root / "abc"[label]
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(folder / f"{number:03}.png")
    return root


def test_pictures_are_read_as_needed_and_train_with_the_same_bits(tmp_path: Path) -> None:
    folder = picture_folder(tmp_path / "pictures")
    whole, large = pl.data.load(folder), pl.data.load(folder, memory_limit="4 kB")
    assert isinstance(large.train.images, Rows)
    assert (len(large.train), len(large.test), large.train.classes) == (192, 48, ("a", "b", "c"))
    for before, now in zip(whole, large, strict=True):
        np.testing.assert_array_equal(np.asarray(now.images), before.images)
        np.testing.assert_array_equal(now.images[5:9], before.images[5:9])
        np.testing.assert_array_equal(now[-1][0], before[-1][0])
        np.testing.assert_array_equal([image for image, _ in now], before.images)
        assert repr(now) == repr(before)
    assert first_loss(large.train) == first_loss(whole.train)


def test_a_picture_that_is_damaged_or_of_another_size_is_named_when_it_is_read(tmp_path: Path) -> None:
    folder = picture_folder(tmp_path / "pictures")
    large = pl.data.load(folder, memory_limit="4 kB")
    (folder / "b" / "100.png").write_bytes(b"no picture")
    with pytest.raises(pl.DataError, match=r"Expected a PNG or JPEG image, got .*100\.png"):
        first_loss(large.train), first_loss(large.test)
    Image.fromarray(np.zeros((7, 7), np.uint8)).save(folder / "b" / "100.png")
    with pytest.raises(pl.DataError, match=r"images of one size, got .*100\.png with 7x7"):
        first_loss(large.train), first_loss(large.test)


@pytest.mark.parametrize("level_range", ["auto", None, (0, 255), (-1, 300)])
def test_pictures_have_the_levels_of_those_in_memory(tmp_path: Path, level_range: Any) -> None:
    folder = picture_folder(tmp_path / "pictures")
    whole, large = (pl.data.load(folder, memory_limit=limit, level_range=level_range) for limit in (None, "4 kB"))
    assert large.train.level_range == whole.train.level_range
    assert large.train.images.dtype == whole.train.images.dtype
    assert first_loss(large.train) == pytest.approx(first_loss(whole.train), rel=1e-6)


def test_levels_of_pictures_outside_their_range_are_refused(tmp_path: Path) -> None:
    with pytest.raises(pl.DataError, match="Expected levels from 0 to 9"):
        pl.data.load(picture_folder(tmp_path / "pictures"), memory_limit="4 kB", level_range=(0, 9))


@pytest.mark.parametrize("names", [("images", "labels"), ("x", "y"), ("x_train", "y_train")])
def test_npy_files_stay_where_they_are(tmp_path: Path, names: tuple[str, str]) -> None:
    for name, array in zip(names, examples(), strict=True):
        np.save(tmp_path / f"{name}.npy", array)
    small = pl.data.load(tmp_path)
    assert isinstance(small.train.images, np.ndarray)
    by_folder = pl.data.load(tmp_path, memory_limit="5 kB")
    by_file = pl.data.load(tmp_path / f"{names[0]}.npy", memory_limit="5 kB")
    assert by_file.train.memory_limit == by_file.test.memory_limit == 5_000
    for parts in (by_folder, by_file):
        assert (len(parts.train), len(parts.test)) == (192, 48)
        assert rows_of(parts.train.images).in_order
        held = np.concatenate([np.asarray(part.images) for part in parts])
        np.testing.assert_array_equal(np.sort(held, axis=0), np.sort(examples()[0], axis=0))


def test_npy_files_with_a_test_part(tmp_path: Path) -> None:
    images, labels = examples()
    for part, begin in (("train", 40), ("test", 0)):
        np.save(tmp_path / f"x_{part}.npy", images[begin : begin + 40])
        np.save(tmp_path / f"y_{part}.npy", labels[begin : begin + 40, None])
    train, test = pl.data.load(tmp_path, memory_limit="1 kB")
    assert mapping_of(train.images) is not None
    np.testing.assert_array_equal(test.images, images[:40])
    np.testing.assert_array_equal(train.labels, labels[40:80])


def test_npy_files_that_cannot_be_used(tmp_path: Path) -> None:
    images, _ = examples()
    np.save(tmp_path / "x.npy", images)
    with pytest.raises(pl.DataError, match=r"Expected labels beside .*x\.npy"):
        pl.data.load(tmp_path / "x.npy")
    (tmp_path / "y.npy").write_bytes(b"\x93NUMPY damaged")
    with pytest.raises(pl.FileFormatError, match=r"Expected an array of numbers .*y\.npy"):
        pl.data.load(tmp_path)
    np.save(tmp_path / "y.npy", np.array(["a"] * COUNT))
    with pytest.raises(pl.FileFormatError, match="Expected an array of numbers, got something else"):
        pl.data.load(tmp_path)
    whole = (tmp_path / "x.npy").read_bytes()
    (tmp_path / "x.npy").write_bytes(whole[:-500])
    with pytest.raises(pl.FileFormatError, match=r"x\.npy, which is not one or is damaged"):
        pl.data.load(tmp_path / "x.npy")


def test_arrays_in_a_folder_are_no_pictures_to_prepare(tmp_path: Path) -> None:
    from pellucid.data.preparation import is_picture_folder

    assert is_picture_folder(picture_folder(tmp_path / "pictures"))
    for name, array in zip(("images", "labels"), examples(), strict=True):
        np.save(tmp_path / f"{name}.npy", array)
    assert not is_picture_folder(tmp_path)


def test_an_uncompressed_archive_is_mapped(tmp_path: Path) -> None:
    images, labels = examples()
    np.savez(tmp_path / "stored.npz", images=np.asfortranarray(images.astype(np.float64) / 255), labels=labels)
    np.savez_compressed(tmp_path / "packed.npz", images=images / 255, labels=labels)
    stored, packed = (pl.data.load(tmp_path / f"{name}.npz", memory_limit="4 kB") for name in ("stored", "packed"))
    assert rows_of(stored.train.images).in_order
    assert not rows_of(packed.train.images).in_order
    for part, other in zip(stored, packed, strict=True):
        np.testing.assert_array_equal(np.asarray(part.images), other.images)
    assert isinstance(pl.data.load(tmp_path / "stored.npz").train.images, np.ndarray)


def test_an_archive_whose_header_lies_is_refused(tmp_path: Path) -> None:
    images, labels = examples()
    np.savez(tmp_path / "a.npz", images=images, labels=labels)
    data = (tmp_path / "a.npz").read_bytes()
    (tmp_path / "a.npz").write_bytes(data.replace(b"(240, 5, 6)", b"(241, 5, 6)"))
    with pytest.raises(pl.FileFormatError, match="Expected 7328 bytes, got shape"):
        pl.data.load(tmp_path / "a.npz", memory_limit="4 kB")


def test_a_named_data_set_has_no_memory_limit() -> None:
    with pytest.raises(pl.ConfigurationError, match="memory_limit cannot be chosen for 'digits'"):
        pl.data.load("digits", memory_limit="1 MB")


@pytest.mark.parametrize("index", [3, -1, slice(2, 9, 3), slice(None, None, -1), [4, -2, 0], np.arange(20) % 3 == 0])
def test_rows_are_indexed_like_arrays(tmp_path: Path, index: Any) -> None:
    array = np.arange(120, dtype=np.float64).reshape(20, 6)
    np.save(tmp_path / "x.npy", array)
    file = np.load(tmp_path / "x.npy", mmap_mode="r")
    for rows in (ArrayRows(file, np.float32), ArrayRows(array), ArrayRows(file).astype(np.float32)):
        np.testing.assert_array_equal(rows[index], array[index])
        np.testing.assert_array_equal(rows.reshape(20, 3, 2)[index], array.reshape(20, 3, 2)[index])
        np.testing.assert_array_equal(rows.pick(slice(5, 15)).pick([1, 3])[1], array[8])
        assert (rows.shape, len(rows), rows.ndim) == ((20, 6), 20, 2)


def test_rows_have_no_number_out_of_range_and_say_how_to_read_all() -> None:
    rows = ArrayRows(np.zeros((4, 2)))
    with pytest.raises(IndexError, match="There are 4 examples"):
        rows[4]
    with pytest.raises(AttributeError, match=r"numpy\.asarray\(images\) reads all"):
        rows.mean()
    assert repr(rows) == "<4 examples of 2 (float64), read as needed>"
