"""Map: points, neighbours and mistakes are those of the library, and repeat from the seed."""

from __future__ import annotations

import numpy as np
import pytest

import pellucid as pl
from pellucid.inspect.maps_of_layers import layer_maps, layer_values
from pellucid.studio.rooms.map import QUERIES
from pellucid.studio.state.activity import LassoDrawn, MapSeen, NeighboursSeen
from studio.fake_page import Page, session, wait_for

TEST = pl.data.load("digits").test


@pytest.fixture(scope="module")
def page() -> Page:
    return Page(session("digits-sigmoid"))


def chosen(count: int, seed: int = 0) -> np.ndarray:
    return np.sort(np.random.default_rng(seed).permutation(len(TEST))[:count])


def test_points_and_errors_are_those_of_the_library(page: Page) -> None:
    found = Page(session("digits-sigmoid")).asked("askMap", "map", count=300, seed=3)
    net, indices = pl.load("digits-sigmoid"), chosen(300, 3)
    np.testing.assert_array_equal(found.indices, indices)
    np.testing.assert_array_equal(found.labels, TEST.labels[indices])
    np.testing.assert_array_equal(found.readings, net(TEST.images[indices]).argmax(axis=1))
    assert (found.seed, found.total, found.queries) == (3, len(TEST), min(QUERIES, 300))
    values = pl.inspect.layer_values(net, TEST.images[indices])
    for column, each, value in zip(found.columns, pl.inspect.layer_maps(values), values, strict=True):
        np.testing.assert_allclose(column["points"], each.points, atol=1e-4)
        assert column["variance"] == pytest.approx(each.variance, rel=1e-5)
        assert column["size"] == value.shape[1]
        assert column["kept"] == pytest.approx(pl.inspect.neighbours_kept(value, each.points), abs=0.002)
    assert [column["name"] for column in found.columns] == [
        "pixels", "hidden layer 1", "hidden layer 2", "output layer",
    ]  # fmt: skip


def test_the_largest_seed_comes_back() -> None:
    seed = 2**53 - 1
    assert Page(session("digits-sigmoid")).asked("askMap", "map", count=20, seed=seed, brief=True).seed == seed


def test_the_same_seed_gives_the_same_map_and_another_one_another() -> None:
    maps = [Page(session("digits-sigmoid")).asked("askMap", "map", count=100, seed=seed) for seed in (1, 1, 2)]
    for a, b in zip(maps[0].columns, maps[1].columns, strict=True):
        np.testing.assert_array_equal(a["points"], b["points"])
    assert set(maps[0].indices) != set(maps[2].indices)


@pytest.mark.parametrize("column", [0, 1, 2, 3])
def test_neighbours_are_the_nearest_of_the_trace(page: Page, column: int) -> None:
    page.asked("askMap", "map", count=200, brief=True)
    indices, net = chosen(200), pl.load("digits-sigmoid")
    trace = net.trace(TEST.images[indices])
    space = TEST.images[indices].reshape(200, -1) / 255 if column == 0 else trace.layers[column - 1].activations
    away = np.linalg.norm(space - space[17], axis=1)
    found = page.asked("askNeighbours", "neighbours", column=column, position=17, count=5)
    assert found.positions == np.argsort(away, kind="stable")[1:6].tolist()
    np.testing.assert_allclose(found.distances, np.sort(away)[1:6], rtol=1e-4, atol=1e-5)
    shown = indices[[17, *found.positions]]
    np.testing.assert_allclose(found.pixels, TEST.images[shown].reshape(6, -1) / np.float32(255), rtol=1e-6)


def test_ones_own_picture_lies_where_the_library_places_it(page: Page) -> None:
    page.asked("askMap", "map", count=200, brief=True)
    page.ask("openExample", part="test", index=4)
    net = pl.load("digits-sigmoid")
    values = pl.inspect.layer_values(net, TEST.images[chosen(200)])
    maps = pl.inspect.layer_maps(values)
    own = pl.inspect.layer_values(net, TEST.images[4:5])
    places = np.stack([each.place(row[0]) for each, row in zip(maps, own, strict=True)])
    np.testing.assert_allclose(page.asked("askMapOwn", "mapOwn").points, places, atol=1e-3)
    for column, (value, row) in enumerate(zip(values, own, strict=True)):
        rows, _ = pl.inspect.nearest(value, row[0], 8)
        found = page.asked("askNeighbours", "neighbours", column=column)
        assert found.position is None
        assert found.positions == rows.tolist()


def test_a_lasso_leads_to_the_mistakes(page: Page) -> None:
    found = page.asked("askMap", "map", count=900, brief=True)
    assert all(column["kept"] is None for column in found.columns)
    inside = [*range(0, 900, 2), 4, 4]
    lasso = page.asked("askLasso", "lasso", column=2, positions=inside)
    kept = np.unique(inside)
    wrong = kept[(found.labels != found.readings)[kept]]
    assert (lasso.selected, lasso.wrong) == (len(kept), len(wrong))
    assert lasso.positions == wrong[: len(lasso.positions)].tolist()
    assert lasso.byClass == np.bincount(found.labels[kept].astype(int), minlength=10).tolist()
    shown = found.indices[lasso.positions].astype(int)
    pixels = TEST.images[shown].reshape(len(shown), -1) / np.float32(255)
    np.testing.assert_allclose(lasso.pixels, pixels, rtol=1e-6)
    nothing = page.asked("askLasso", "lasso", column=0, positions=[])
    assert (nothing.selected, nothing.wrong, nothing.positions) == (0, 0, [])


def test_what_is_not_on_the_map_is_refused(page: Page) -> None:
    fresh = Page(session("digits-sigmoid"))
    assert fresh.refused("askMapOwn") == "out_of_order"
    assert fresh.refused("askNeighbours", column=0) == "out_of_order"
    assert fresh.refused("askLasso", column=0, positions=[1]) == "out_of_order"
    page.asked("askMap", "map", count=50, brief=True)
    assert page.refused("askNeighbours", column=4, position=1) == "bad_value"
    assert page.refused("askNeighbours", column=0, position=50) == "bad_value"
    assert page.refused("askLasso", column=0, positions=[50]) == "bad_value"
    assert page.refused("askMap", count=19) == "malformed"


def test_the_map_is_of_the_network_as_it_is_now() -> None:
    page = Page(session("digits-sigmoid"))
    before = page.asked("askMap", "map", count=400, brief=True)
    page.ask("scaleNeuron", layer=1, neuron=5, factor=0.9, gesture=1)
    after = page.asked("askMap", "map", count=400, brief=True)
    assert after.version > before.version
    net = pl.inspect.ablate(pl.load("digits-sigmoid"), {(1, 5): 0.9})
    np.testing.assert_array_equal(after.readings, net(TEST.images[chosen(400)]).argmax(axis=1))
    for old, new in zip(before.columns, after.columns, strict=True):
        assert np.square(new["points"] - old["points"]).sum(axis=1).mean() < 0.5


@pytest.fixture
def learner() -> Page:
    """A page whose network is trained for 80 mini-batches."""
    page = Page(session("digits-sigmoid"))
    assert page.asked("askMap", "map", count=400, brief=True).step is None
    page.ask("stepBatches", count=80)
    wait_for(lambda: not page.session._learn.busy)
    page.fetch()
    return page


def test_the_same_step_of_a_training_has_the_same_map_whichever_way_one_came(learner: Page) -> None:
    seen: dict[int, list[bytes]] = {}
    pixels = learner.asked("askMap", "map", count=400, brief=True).columns[0]["points"]
    for step in (80, 10, 40, 80, 40, 10):
        learner.ask("goToStep", step=step)
        found = learner.asked("askMap", "map", count=400, brief=True)
        assert found.step == step
        np.testing.assert_array_equal(found.columns[0]["points"], pixels)
        points = [each["points"].tobytes() for each in found.columns]
        assert seen.setdefault(step, points) == points
    assert seen[10] != seen[40] != seen[80]
    net = learner.session._state.edited.net
    maps = layer_maps(layer_values(net, TEST.images[chosen(400)]))
    np.testing.assert_allclose(found.columns[3]["points"], maps[3].points, atol=1e-4)
    assert found.seconds > 0
    assert learner.session._state.activity.of(MapSeen) == []  # what follows by itself is no deed


def test_ones_own_picture_is_placed_by_the_network_of_the_map(learner: Page) -> None:
    learner.asked("askMap", "map", count=100, brief=True)
    learner.ask("openExample", part="test", index=8)
    before = learner.asked("askMapOwn", "mapOwn").points
    learner.ask("goToStep", step=5)
    np.testing.assert_array_equal(learner.asked("askMapOwn", "mapOwn").points, before)
    learner.asked("askMap", "map", count=100, brief=True)
    assert (learner.asked("askMapOwn", "mapOwn").points != before).any()


def test_convolutional_networks_have_a_map() -> None:
    page = Page(session("digits-conv"))
    found = page.asked("askMap", "map", count=60)
    assert len(found.columns) == 1 + len(pl.load("digits-conv").layers)
    assert all(np.isfinite(column["points"]).all() and 0 <= column["kept"] <= 1 for column in found.columns)


@pytest.mark.parametrize("size", [1e4, 1e30])
def test_values_are_measured_or_refused_however_large(size: float) -> None:
    page = Page(session("digits-relu"))
    page.ask("turnKnobs", knobs=list(range(13002)), values=[size] * 13002, gesture=1)
    if size > 1e5:
        assert page.refused("askMap", count=60) == "bad_value"
        return
    found = page.asked("askMap", "map", count=60)
    assert all(np.isfinite(column["points"]).all() for column in found.columns)
    page.asked("askMapOwn", "mapOwn")
    page.asked("askNeighbours", "neighbours", column=3)


def test_what_was_done_is_recorded_for_lessons() -> None:
    page = Page(session("digits-sigmoid"))
    page.asked("askMap", "map", count=100, seed=5)
    page.asked("askNeighbours", "neighbours", column=2, position=3)
    page.asked("askNeighbours", "neighbours", column=1)
    lasso = page.asked("askLasso", "lasso", column=3, positions=list(range(60)))
    activity = page.session._state.activity
    assert [(deed.images, deed.seed) for deed in activity.of(MapSeen)] == [(100, 5)]
    assert [(deed.column, deed.own) for deed in activity.of(NeighboursSeen)] == [(2, False), (1, True)]
    [drawn] = activity.of(LassoDrawn)
    assert (drawn.column, drawn.selected, drawn.wrong) == (3, 60, lasso.wrong)
