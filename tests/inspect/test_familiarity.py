"""Familiarity: digits are within the limit, scribbles are not."""

from __future__ import annotations

import numpy as np
import pytest

import pellucid as pl
from pellucid.data.preparation import Preparation
from pellucid.inspect.familiarity import DIRECTIONS, FEWEST, Familiarity
from pellucid.studio.rooms.read.pad import Pad


@pytest.fixture(scope="module")
def digits() -> pl.data.TrainTest:
    return pl.data.load("digits")


@pytest.fixture(scope="module")
def known(digits: pl.data.TrainTest) -> Familiarity:
    found = Familiarity.of(digits.train)
    assert found is not None
    return found


def scribble(draw: np.random.Generator) -> np.ndarray:
    """Some strokes with corners anywhere on the pad, centred as every drawing is."""
    pad = Pad()
    for stroke in range(int(draw.integers(2, 5))):
        corners = draw.uniform(0.1, 0.9, (int(draw.integers(4, 9)), 2))
        pad.draw(stroke, corners.ravel().tolist(), 0.08)
    return Preparation().steps(pad.ink)[-1].picture


def test_at_most_one_in_a_hundred_digits_is_unlike_the_others(digits: pl.data.TrainTest, known: Familiarity) -> None:
    distances = known.distance(digits.test.images[:1000] / 255)
    assert np.mean(distances > known.limit) <= 0.012  # measured: 0.8 %


def test_most_scribbles_are_unlike_digits(known: Familiarity) -> None:
    draw = np.random.default_rng(0)
    distances = known.distance(np.stack([scribble(draw) for _ in range(200)]))
    print(f"{np.mean(distances > known.limit):.1%} of 200 scribbles are noticed")
    assert np.mean(distances > known.limit) >= 0.8


def test_the_distance_is_that_from_the_nearest_subspace(digits: pl.data.TrainTest, known: Familiarity) -> None:
    x = digits.test.images[3].reshape(-1) / 255.0
    rests = []
    for mean, main in zip(known.means.astype(float), known.directions.astype(float), strict=True):
        np.testing.assert_allclose(main.T @ main, np.eye(DIRECTIONS), atol=1e-4)
        rest = (np.eye(len(x)) - main @ main.T) @ (x - mean)
        rests.append(np.linalg.norm(rest))
    assert known.distance(x) == pytest.approx(min(rests), rel=1e-4)


def test_the_directions_are_those_of_the_largest_variance(digits: pl.data.TrainTest, known: Familiarity) -> None:
    rows = digits.train.images[digits.train.labels == 7][:400].reshape(400, -1) / 255.0
    fitted = rows[np.arange(400) % 5 > 0]
    _, sizes, axes = np.linalg.svd(fitted - fitted.mean(axis=0), full_matrices=False)
    within = (fitted - fitted.mean(axis=0)) @ known.directions[7]
    assert (within**2).sum() == pytest.approx((sizes[:DIRECTIONS] ** 2).sum(), rel=1e-4)
    assert np.abs(known.directions[7][:, -1] @ axes[0]) == pytest.approx(1, abs=1e-3)


def test_the_same_images_give_the_same_limit(digits: pl.data.TrainTest, known: Familiarity) -> None:
    again = Familiarity.of(digits.train)
    assert again is not None
    assert again.limit == pytest.approx(known.limit, rel=1e-5)


def test_a_class_with_few_images_says_nothing(digits: pl.data.TrainTest) -> None:
    few = digits.train[np.flatnonzero(np.cumsum(digits.train.labels == 0) < FEWEST)]
    assert Familiarity.of(few) is None


def test_pictures_of_another_size_are_refused(known: Familiarity) -> None:
    with pytest.raises(pl.ShapeError, match="784 values"):
        known.distance(np.zeros((27, 27)))
