"""Maps of layers: principal planes, aligned, with neighbours counted as brute force counts them."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import pellucid as pl

TEST = pl.data.load("digits").test


@pytest.fixture(scope="module")
def values() -> list[np.ndarray]:
    return pl.inspect.layer_values(pl.load("digits-sigmoid"), TEST.images[:400])


def test_values_are_those_of_the_trace(values: list[np.ndarray]) -> None:
    trace = pl.load("digits-sigmoid").trace(TEST.images[:400])
    np.testing.assert_allclose(values[0], TEST.images[:400].reshape(400, -1) / 255, rtol=1e-5)
    for at, layer in enumerate(trace.layers):
        np.testing.assert_allclose(values[at + 1], layer.activations, rtol=1e-5, atol=1e-6)


def test_each_map_is_the_plane_of_most_variance(values: list[np.ndarray]) -> None:
    for found, layer in zip(pl.inspect.layer_maps(values), values, strict=True):
        centred = layer.astype(np.float64) - layer.mean(axis=0, dtype=np.float64)
        sizes = np.linalg.svd(centred, compute_uv=False) ** 2
        assert found.variance == pytest.approx(sizes[:2].sum() / sizes.sum(), rel=1e-3)
        np.testing.assert_allclose((found.points**2).sum(axis=1).mean(), 1, rtol=1e-3)
        np.testing.assert_allclose(found.points.mean(axis=0), 0, atol=1e-3)
        np.testing.assert_allclose(found.place(layer), found.points, atol=1e-3)
        unit = found.axes / np.linalg.norm(found.axes, axis=0)
        np.testing.assert_allclose(unit.T @ unit, np.eye(2), atol=1e-3)


def test_no_turn_or_reflection_brings_points_nearer(values: list[np.ndarray]) -> None:
    maps = pl.inspect.layer_maps(values)
    for before, found in itertools.pairwise(maps):
        away = np.square(found.points - before.points).sum()
        for angle in np.linspace(0, 2 * np.pi, 40):
            turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
            for flip in (1, -1):
                moved = found.points @ turn * [1, flip]
                assert np.square(moved - before.points).sum() >= away - 1e-2


def test_the_same_values_give_the_same_maps_also_towards_earlier_ones(values: list[np.ndarray]) -> None:
    maps = pl.inspect.layer_maps(values)
    again = pl.inspect.layer_maps(values, maps)
    for one, other, third in zip(maps, again, pl.inspect.layer_maps(values), strict=True):
        np.testing.assert_allclose(other.points, one.points, atol=1e-3)
        np.testing.assert_array_equal(third.points, one.points)


def test_neighbours_are_those_of_brute_force(values: list[np.ndarray]) -> None:
    away = np.linalg.norm(values[2] - values[2][7], axis=1)
    rows, distances = pl.inspect.nearest(values[2], values[2][7], 5)
    assert rows[0] == 7
    np.testing.assert_allclose(distances, np.sort(away)[:5], atol=1e-5)
    points = pl.inspect.layer_maps(values)[2].points
    kept = 0
    for row in range(len(points)):
        near = []
        for space in (values[2], points):
            far = np.linalg.norm(space - space[row], axis=1)
            far[row] = np.inf
            near.append(set(np.argsort(far)[:10].tolist()))
        kept += len(near[0] & near[1])
    found = pl.inspect.neighbours_kept(values[2], points)
    assert found == pytest.approx(kept / (10 * len(points)), abs=0.01)


def test_wrong_arguments_are_refused(values: list[np.ndarray]) -> None:
    with pytest.raises(pl.ShapeError, match="same three"):
        pl.inspect.layer_maps([values[0], values[1][:-1]])
    with pytest.raises(pl.ConfigurationError, match="earlier maps"):
        pl.inspect.layer_maps(values, pl.inspect.layer_maps(values[:2]))
    with pytest.raises(pl.ShapeError, match="more than 10"):
        pl.inspect.neighbours_kept(values[0][:10], np.zeros((10, 2)))
    with pytest.raises(pl.ShapeError, match="batch"):
        pl.inspect.layer_values(pl.load("digits-sigmoid"), TEST.images[0])


def test_what_is_known_already_changes_nothing(values: list[np.ndarray]) -> None:
    maps = pl.inspect.layer_maps(values)
    again = pl.inspect.layer_maps(values, first=maps[0])
    assert again[0] is maps[0]
    for found, expected in zip(again, maps, strict=True):
        np.testing.assert_array_equal(found.points, expected.points)
    given = pl.inspect.layer_values(pl.load("digits-sigmoid"), TEST.images[:400], inputs=values[0])
    assert given[0] is values[0]
    np.testing.assert_array_equal(given[2], values[2])
    with pytest.raises(pl.ConfigurationError, match="first map"):
        pl.inspect.layer_maps(values[1:], first=maps[0])


@pytest.mark.parametrize("column", [0, 1, 3])
def test_neighbours_are_found_alike_with_and_without_norms(values: list[np.ndarray], column: int) -> None:
    given = np.concatenate([values[column], values[column][:50], values[column] * np.float32(1 + 1e-7)])
    sizes = np.square(given).sum(axis=1)
    for query in (0, 17, 399):
        for count in (1, 9, len(given)):
            slow = pl.inspect.nearest(given, given[query], count)
            quick = pl.inspect.nearest(given, given[query], count, sizes=sizes)
            for found, expected in zip(quick, slow, strict=True):
                np.testing.assert_array_equal(found, expected)
