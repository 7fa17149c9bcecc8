"""Specks beside the largest stroke are taken away; a digit in two large parts keeps both."""

from __future__ import annotations

import numpy as np

from pellucid.data.drawings.specks import without_specks


def ring(side: int = 24) -> np.ndarray:
    """Return the ink of a 0 in the middle of a square."""
    y, x = np.indices((side, side)) - (side - 1) / 2
    return np.asarray(np.abs(np.hypot(x, y) - side / 4) < 1.5, np.float32)


def test_specks_go_and_the_stroke_stays_as_it_is() -> None:
    clean, rng = ring(), np.random.default_rng(0)
    dirty = clean.copy()
    for y, x in rng.integers(0, 23, (12, 2)):
        if not clean[max(0, y - 3) : y + 5, max(0, x - 3) : x + 5].any():
            dirty[y : y + 2, x : x + 2] = 0.9
    assert dirty.sum() > clean.sum()
    cleaned = without_specks(dirty)
    assert cleaned is not None
    np.testing.assert_array_equal(cleaned, clean)


def test_soft_edges_stay() -> None:
    soft = np.zeros((20, 20), np.float32)
    soft[4:16, 8:12], soft[4:16, 7] = 1, 0.3
    dirty = soft.copy()
    dirty[1:3, 17:19] = 1
    cleaned = without_specks(dirty)
    assert cleaned is not None
    np.testing.assert_array_equal(cleaned, soft)


def test_one_patch_has_no_specks_and_halves_are_none() -> None:
    assert without_specks(ring()) is None
    assert without_specks(np.hstack([ring(), ring()])) is None
    assert without_specks(np.zeros((8, 8), np.float32)) is None
