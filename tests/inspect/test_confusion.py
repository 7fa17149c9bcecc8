"""Mistakes: counted by class, and in order of confidence."""

from __future__ import annotations

import numpy as np
import pytest

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
