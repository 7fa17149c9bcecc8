"""Inverted stripes along two edges are turned back; strokes along the edges are not."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.data.drawings import find_digits
from pellucid.data.drawings.stripes import without_stripes


def ring(side: int = 28) -> np.ndarray:
    y, x = np.indices((side, side)) - (side - 1) / 2
    away = np.hypot(x, y) * 28 / side
    return ((away > 5) & (away < 9)).astype(np.float32)


@pytest.mark.parametrize("upright", [True, False])
@pytest.mark.parametrize("dark", [True, False])
def test_stripes_are_turned_back(upright: bool, dark: bool) -> None:
    grey = 1 - ring() if dark else ring()
    striped = grey.copy()
    striped[:, :7], striped[:, 21:] = 1 - grey[:, :7], 1 - grey[:, 21:]
    picture = striped if upright else striped.T
    assert np.array_equal(without_stripes(picture), grey if upright else grey.T)
    (digit,) = find_digits(picture)
    assert digit.box == pytest.approx((5, 5, 23, 23), abs=1)


def test_a_cropped_zero_keeps_its_sides() -> None:
    zero = ring()[5:23, 5:23]
    large = np.kron(zero, np.ones((2, 2), np.float32))
    assert without_stripes(large) is large


def test_the_ones_of_a_number_are_no_stripes() -> None:
    number = np.zeros((28, 60), np.float32)
    number[:, :6] = number[:, -6:] = 1
    number[:, 16:44] = ring()
    assert without_stripes(number) is number
