"""Sequences: content, selections, splits, and errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pellucid.data import Sequences
from pellucid.errors import ConfigurationError, DataError


def three() -> Sequences:
    frames = [np.arange(8.0).reshape(4, 2), np.ones((2, 2)), np.zeros((3, 2), np.uint8)]
    return Sequences(frames, [[1, 2], [], [2]], classes=["-", "a", "b"], name="three")


def test_what_it_holds() -> None:
    data = three()
    assert (len(data), data.shape, data.transcribed) == (3, (None, 2), True)
    assert data.flat.dtype == np.float32
    assert data.flat.flags.c_contiguous
    assert data.lengths.tolist() == [4, 2, 3]
    assert [part.shape for part in data.frames] == [(4, 2), (2, 2), (3, 2)]
    assert [labels.tolist() for labels in data.labels] == [[1, 2], [], [2]]
    frames, labels = data[-1]
    assert frames.shape == (3, 2)
    assert isinstance(labels, np.ndarray)
    assert labels.tolist() == [2]
    assert [len(frames) for frames, _ in data] == [4, 2, 3]
    assert "three: 3 sequences of 2 to 4 frames of 2 features, 3 labels of 2 kinds" in repr(data)


def test_one_class_each() -> None:
    data = Sequences([np.ones((2, 1))] * 3, np.array([2, 0, 1]))
    assert not data.transcribed
    assert isinstance(data.labels, np.ndarray)
    assert data.labels.tolist() == [2, 0, 1]
    assert data[0][1] == 2
    assert data.classes == ("0", "1", "2")
    assert "3 classes" in repr(data)


@pytest.mark.parametrize("index", [[2, 0], np.array([2, 0]), slice(2, None, -2)])
def test_choosing(index: Any) -> None:
    part = three()[index]
    assert [labels.tolist() for labels in part.labels] == [[2], [1, 2]]
    assert part.lengths.tolist() == [3, 4]
    np.testing.assert_array_equal(part[1][0], np.arange(8.0).reshape(4, 2))
    assert part.classes == ("-", "a", "b")


def test_a_mask_chooses_and_nothing_is_refused() -> None:
    assert len(three()[np.array([True, False, True])]) == 2
    with pytest.raises(DataError, match="at least one of the 3"):
        three()[[]]
    with pytest.raises(IndexError):
        three()[3]


def test_splitting() -> None:
    data = Sequences([np.full((2, 1), i) for i in range(10)], list(range(10)))
    first, second = data.split(0.7, seed=5)
    assert sorted([*first.labels, *second.labels]) == list(range(10))
    assert list(first.labels) == sorted(first.labels)
    assert list(data.split(0.7, seed=5)[0].labels) == list(first.labels)
    with pytest.raises(ConfigurationError, match="between 0 and 1"):
        data.split(1.5)
    with pytest.raises(DataError, match="in each part"):
        data.split(0.01)


@pytest.mark.parametrize(
    ("frames", "labels", "words"),
    [
        ([], [], "at least one sequence"),
        ([np.ones((2, 1))], [], "1 sequences and labels for 0"),
        ([np.ones(2)], [[1]], "sequence 0"),
        ([np.ones((2, 1)), np.ones((2, 2))], [[1], [1]], "(T, 1).*sequence 1"),
        ([np.ones((0, 1))], [[1]], "at least one frame"),
        ([np.ones((2, 0))], [[1]], "sequence 0"),
        ([[["a"]]], [[1]], "numbers"),
        ([[[1.0], [np.nan]]], [[1]], "frame 1 of sequence 0"),
        ([[[1e300]]], [[1]], "frame 0 of sequence 0"),
        ([np.ones((2, 1))], [[0]], "blank"),
        ([np.ones((2, 1))], [[-1]], "of at least 1"),
        ([np.ones((2, 1))], [-1], "of at least 0"),
        ([np.ones((2, 1))], [[1.5]], "integer"),
        ([np.ones((2, 1))], [[[1]]], "sequence 0"),
        ([np.ones((2, 1))] * 2, [1, [1]], "sequence 1"),
        ([np.ones((2, 1))], [[2**31]], "of at least 1"),
    ],
)
def test_what_is_refused(frames: Any, labels: Any, words: str) -> None:
    with pytest.raises(DataError, match=words.replace("(", r"\(").replace(")", r"\)")):
        Sequences(frames, labels)


@pytest.mark.parametrize("classes", [["-", "a"], "abc", ["-", "a", "a"]])
def test_class_names_are_checked(classes: Any) -> None:
    with pytest.raises(DataError, match="name"):
        Sequences([np.ones((2, 1))], [[1, 2]], classes=classes)
