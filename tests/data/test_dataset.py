"""Dataset: valid and invalid arguments, and selections."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pellucid.data import Dataset
from pellucid.errors import ConfigurationError, DataError


def numbered(count: int, classes: int = 3) -> Dataset:
    """Images whose every pixel is the image's number, so that a mix-up shows."""
    images = np.broadcast_to(np.arange(count, dtype=np.float32)[:, None, None], (count, 2, 3))
    return Dataset(images, np.arange(count) % classes, level_range=(0, max(1, count)))


def numbers(data: Dataset) -> list[int]:
    return [int(image[0, 0]) for image in data.images]


@pytest.mark.parametrize("shape", [(5, 28, 28), (5, 7), (5, 3, 8, 9), (5, 1), (1, 1, 1)])
def test_shape_is_that_of_one_image(shape: tuple[int, ...]) -> None:
    data = Dataset(np.zeros(shape, np.uint8), np.zeros(shape[0], int))
    assert data.shape == shape[1:]
    assert len(data) == shape[0]


@pytest.mark.parametrize(
    ("given_type", "kept", "level_range"),
    [
        (np.uint8, np.uint8, (0, 1)),
        (np.int64, np.float32, None),
        (np.uint16, np.float32, None),
        (bool, np.uint8, (0, 1)),
        (np.float16, np.float32, (0, 1)),
        (np.float32, np.float32, (0, 1)),
        (np.float64, np.float32, (0, 1)),
        (">f8", np.float32, (0, 1)),
    ],
)
def test_types_and_their_natural_range(given_type: Any, kept: type, level_range: tuple[float, float]) -> None:
    images = np.array([[0, 1], [1, 0]], dtype=given_type)
    data = Dataset(images, [0, 1])
    assert data.images.dtype == kept
    assert data.images.tolist() == [[0, 1], [1, 0]]
    assert data.level_range == level_range
    assert data.unit_range == (0, 1)


@pytest.mark.parametrize("given_type", [np.uint8, np.int64, np.uint16])
@pytest.mark.parametrize("shape", [(2, 3, 3), (2, 1, 3, 3), (2, 64)])
def test_integers_of_pictures_are_bytes(given_type: Any, shape: tuple[int, ...]) -> None:
    images = np.zeros(shape, given_type)
    for most, level_range in ((1, (0, 1)), (2, (0, 255)), (255, (0, 255))):
        images[0] = most
        data = Dataset(images, [0, 1])
        assert (data.images.dtype, data.level_range) == (np.uint8, level_range)


@pytest.mark.parametrize(
    "rows",
    [
        np.array([[-1.5, 0.2], [0.3, 1.9]]),
        np.array([[300, 1], [2, 3]]),
        np.array([[0, -1], [2, 3]]),
        np.random.default_rng(0).standard_normal((2, 28, 28)),
    ],
)
def test_numbers_that_cannot_be_levels_stay_as_they_are(rows: Any) -> None:
    data = Dataset(rows, [0, 1])
    np.testing.assert_array_equal(data.images, rows.astype(np.float32))
    assert data.level_range is None
    assert "numbers as they are (float32)" in repr(data)


@pytest.mark.parametrize("images", [np.full((2, 8, 8), 16.0), np.full((2, 8, 8), 3, np.uint8), np.ones((2, 64)) > 0])
def test_all_numbers_are_taken_as_they_are_on_request(images: Any) -> None:
    data = Dataset(images, [0, 1], level_range=None)
    assert (data.level_range, data.unit_range, data.images.dtype) == (None, (0, 1), np.float32)
    np.testing.assert_array_equal(data.images, images.astype(np.float32))


def test_the_advice_for_levels_out_of_range_works() -> None:
    for images in (np.full((2, 28, 28), 254.5), np.full((2, 28, 28), 65535), np.full((2, 28, 28), -3)):
        with pytest.raises(DataError, match="level_range=None") as refused:
            Dataset(images, [0, 1])
        low, high = map(float, str(refused.value).split("level_range=(")[1].split(")")[0].split(","))
        assert Dataset(images, [0, 1], level_range=(low, max(high, low + 1))).level_range is not None


def test_arrays_that_fit_are_not_copied() -> None:
    images, labels = np.zeros((4, 2, 2), np.uint8), np.zeros(4, np.int64)
    data = Dataset(images, labels)
    assert np.shares_memory(data.images, images)
    assert np.shares_memory(data.labels, labels)


def test_strided_images_become_contiguous() -> None:
    images = np.arange(64, dtype=np.uint8).reshape(4, 4, 4)[::2, :, ::-1]
    data = Dataset(images, [0, 1])
    assert data.images.flags.c_contiguous
    assert np.array_equal(data.images, images)


def test_levels_counted_to_nine() -> None:
    data = Dataset(np.array([[0, 9]], np.uint8), [0], level_range=(0, 9))
    assert data.level_range == (0.0, 9.0)


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        (np.zeros((3, 2, 2)), [0, 1], "3 images and 2 labels"),
        (np.zeros((0, 2, 2)), [], r"at least one image.*got \(0, 2, 2\)"),
        (np.zeros((2, 0, 2)), [0, 1], "at least one image and one pixel"),
        (np.zeros(4), [0, 1, 2, 3], r"got \(4,\)"),
        (np.zeros((1, 1, 1, 1, 1)), [0], "got"),
        (np.zeros((2, 2)), [0, -1], "of at least 0, got -1 at 1"),
        (np.zeros((2, 2)), [0, np.nan], "whole class numbers, got nan at 1"),
        (np.zeros((2, 2)), [0, np.inf], "whole class numbers, got inf at 1"),
        (np.zeros((2, 2)), [0, 2**40], "renumber the classes"),
        (np.zeros((2, 2)), np.array([0, 2**64 - 1], np.uint64), "renumber the classes"),
        (np.zeros((2, 2)), [0, 2**20], "renumber"),
        (np.zeros((2, 2)), ["a", "b"], "labels as numbers"),
        (np.zeros((2, 2)), [], r"2 images and 0 labels"),
        (np.array([[0.0, np.nan], [0, 0]]), [0, 1], "finite numbers, got nan in image 0"),
        (np.array([[0.0, 0], [np.inf, 0]]), [0, 1], "finite numbers, got inf in image 1"),
        (np.array([[0.0, 1e300]]), [0], "finite numbers, got 1e.300 in image 0"),
        (np.array([[[0.0, 1.01]]]), [0], r"Expected levels from 0 to 1, got 0 to 1.01.*level_range=\(0, 1.01\)"),
        (np.array([[[0, 256]]]), [0], "Expected integer images from 0 to 255, got 0 to 256"),
        (np.array([[[0, -1]]]), [0], "Expected integer images from 0 to 255, got -1 to 0"),
        (np.array([["a", "b"]]), [0], "images as numbers"),
        (np.array([[1j, 2]]), [0], "images as numbers"),
        ([[1, 2], [3]], [0, 1], "rows of different shapes"),
        (None, [0], "images as numbers"),
    ],
)
def test_refusals_say_what_came(images: Any, labels: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        Dataset(images, labels)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0, 1.5], "whole class numbers, got 1.5 at 1"),
        ([[1, 0], [0, 1]], "argmax"),
    ],
)
def test_what_cannot_be_classes(labels: Any, message: str) -> None:
    assert not Dataset(np.zeros((2, 2)), labels).has_classes
    with pytest.raises(DataError, match=message):
        Dataset(np.zeros((2, 2)), labels, task="classes")


@pytest.mark.parametrize("labels", [[[1.0, np.nan], [0, 1]], [[np.inf], [0]], np.zeros((2, 0)), np.zeros((2, 2, 2))])
def test_impossible_values(labels: Any) -> None:
    with pytest.raises(DataError, match="target values"):
        Dataset(np.zeros((2, 2)), labels, task="values")


@pytest.mark.parametrize(
    "level_range", [(0, 0), (1, 0), (0, np.inf), (np.nan, 1), (0,), (0, 1, 2), ("a", "b"), 5, (), (0, 8), "wide"]
)
def test_impossible_level_ranges(level_range: Any) -> None:
    with pytest.raises(DataError, match="level"):
        Dataset(np.array([[0, 9]], np.uint8), [0], level_range=level_range)


def test_classes_are_named_up_to_the_largest_label() -> None:
    assert Dataset(np.zeros((2, 2)), [0, 3]).classes == ("0", "1", "2", "3")
    assert Dataset(np.zeros((2, 2)), [0, 1], classes=["no", "yes", "never"]).counts.tolist() == [1, 1, 0]


@pytest.mark.parametrize("classes", [["one"], "ab", 2, ["a", "a"], [0, 1]])
def test_impossible_classes(classes: Any) -> None:
    with pytest.raises(DataError, match="name"):
        Dataset(np.zeros((2, 2)), [0, 1], classes=classes)


@pytest.mark.parametrize("index", [0, 4, -1, np.int64(2)])
def test_a_number_gives_an_image_and_its_label(index: int) -> None:
    image, label = numbered(5)[index]
    assert image.shape == (2, 3)
    assert image[0, 0] == index % 5
    assert type(label) is int
    assert label == index % 5 % 3


def test_out_of_bounds() -> None:
    with pytest.raises(IndexError):
        numbered(5)[5]


@pytest.mark.parametrize(
    ("index", "expected"),
    [
        (slice(1, 3), [1, 2]),
        (slice(None, None, -2), [4, 2, 0]),
        ([3, 0, 3], [3, 0, 3]),
        (np.array([True, False, False, True, False]), [0, 3]),
    ],
)
def test_choices_keep_what_belongs_together(index: Any, expected: list[int]) -> None:
    whole = numbered(5)
    part = whole[index]
    assert numbers(part) == expected
    assert part.labels.tolist() == [number % 3 for number in expected]
    assert (part.classes, part.level_range, part.name) == (whole.classes, whole.level_range, whole.name)
    assert part.images.flags.c_contiguous


@pytest.mark.parametrize("index", [slice(5, 5), [], np.zeros(5, bool), np.array([[0, 1]])])
def test_empty_or_folded_choices(index: Any) -> None:
    if isinstance(index, list):
        index = np.array(index, dtype=int)
    with pytest.raises(DataError, match="at least one of the 5 images"):
        numbered(5)[index]


def test_iteration_gives_every_pair_in_order() -> None:
    assert [(int(image[0, 0]), label) for image, label in numbered(5)] == [(0, 0), (1, 1), (2, 2), (3, 0), (4, 1)]


@given(
    labels=st.lists(st.integers(0, 4), min_size=2, max_size=80),
    fraction=st.floats(0.01, 0.99),
    seed=st.integers(0, 2**63),
)
def test_split_is_a_partition_that_keeps_shares(labels: list[int], fraction: float, seed: int) -> None:
    data = Dataset(np.arange(len(labels), dtype=np.float32)[:, None], labels, level_range=(0, 100))
    count = round(fraction * len(labels))
    if count in (0, len(labels)):
        with pytest.raises(DataError, match="in each part"):
            data.split(fraction, seed)
        return
    first, second = data.split(fraction, seed)
    ids = [part.images[:, 0].astype(int).tolist() for part in (first, second)]
    assert sorted(ids[0] + ids[1]) == list(range(len(labels)))
    assert len(first) == count
    assert ids == [sorted(part) for part in ids]
    assert all(labels[int(image[0])] == label for part in (first, second) for image, label in part)
    assert np.abs(first.counts - data.counts * count / len(labels)).max() < 1


def test_same_seed_same_parts_other_seed_others() -> None:
    data = numbered(60)
    assert numbers(data.split(0.5, 7)[0]) == numbers(data.split(0.5, 7)[0])
    assert numbers(data.split(0.5, 7)[0]) != numbers(data.split(0.5, 8)[0])


def test_the_split_of_a_seed_never_changes() -> None:
    assert numbers(numbered(12).split(0.5, seed=3)[0]) == [0, 4, 5, 7, 9, 11]


def test_take_keeps_shares_and_order() -> None:
    part = numbered(30).take(9, seed=2)
    assert part.counts.tolist() == [3, 3, 3]
    assert numbers(part) == sorted(numbers(part))
    assert numbers(numbered(30).take(30)) == list(range(30))


@pytest.mark.parametrize("fraction", [0, 1, -0.1, 1.5, float("nan")])
def test_impossible_fractions(fraction: float) -> None:
    with pytest.raises(ConfigurationError, match="between 0 and 1"):
        numbered(5).split(fraction)


@pytest.mark.parametrize("n", [0, 6, -1, 2.5, True, "3"])
def test_impossible_takes(n: Any) -> None:
    with pytest.raises(ConfigurationError, match="from 1 to 5"):
        numbered(5).take(n)


@pytest.mark.parametrize("seed", [-1, 1.5, None, True, "a"])
def test_impossible_seeds(seed: Any) -> None:
    with pytest.raises(ConfigurationError, match="seed"):
        numbered(5).take(2, seed)


def test_repr_is_one_line_however_many_classes() -> None:
    assert repr(numbered(6)) == ("<Dataset data: 6 images of 2x3, levels 0 to 6 (float32), 3 classes: 0 2, 1 2, 2 2>")
    many = repr(numbered(40, classes=40))
    assert re.search(r"40 classes: 0 1, .*, 9 1, and 30 more>$", many)
    assert "\n" not in many
