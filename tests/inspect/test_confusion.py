"""Mistakes: counted by class, and in order of confidence."""

from __future__ import annotations

import numpy as np
import pytest

import pellucid as pl
from pellucid.errors import ShapeError
from pellucid.inspect.confusion import mistakes_of


def test_mistakes_are_counted_by_class_and_sorted_by_confidence() -> None:
    outputs = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.99, 0.01]], np.float32)
    result = mistakes_of(outputs, np.array([0, 1, 1, 1]))
    assert result.confusion.tolist() == [[1, 0], [2, 1]]
    assert result.wrong.tolist() == [3, 2]
    assert result.accuracy == 0.5
    with pytest.raises(ShapeError):
        mistakes_of(outputs, np.array([0, 1, 2, 1]))


def test_levels_that_the_data_declare_are_read_as_such() -> None:
    digits = pl.data.load("digits").test[:300]
    few = pl.data.Dataset(np.round(digits.images / 255 * 16).astype(np.uint8), digits.labels, level_range=(0, 16))
    found = pl.inspect.mistakes(pl.load("digits-relu"), few)
    assert found.confusion.trace() > 285
    same = pl.data.Dataset(few.images / np.float32(16), digits.labels)
    assert (found.confusion == pl.inspect.mistakes(pl.load("digits-relu"), same).confusion).all()
