"""Convolve: every cell is the trace's, and moved pictures are read by the same networks."""

from __future__ import annotations

import numpy as np
import pytest

import pellucid as pl
from pellucid.lessons.deeds import NetworksRetrained
from pellucid.studio.rooms.convolve.moved_pixels import pixel_order
from pellucid.studio.rooms.convolve.shuffled_training import PLANNED
from pellucid.studio.state.activity import CellStudied, MapsMoved
from studio.fake_page import Event, Page, session, wait_for

TEST = pl.data.load("digits").test
CONV = "digits-conv"
NET = pl.load(CONV)


@pytest.fixture
def page() -> Page:
    """A page whose network is dense, so that the room shows the shipped one."""
    made = Page(session("digits-sigmoid"))
    made.ask("openExample", part="test", index=4)
    return made


def maps(events: list[Event]) -> Event:
    [found] = [event for event in events if event.type == "maps"]
    return found


def check_cells(event: Event, net: pl.Network, picture: np.ndarray) -> None:
    """All sums and activations are those of the trace."""
    trace = net.trace(picture)
    assert len(event.layers) == len(net.layers)
    for layer, seen in zip(event.layers, trace.layers, strict=True):
        np.testing.assert_array_equal(layer["sums"], seen.sums)
        np.testing.assert_array_equal(layer["activations"], seen.activations)
    np.testing.assert_allclose(event.pixels, picture / 255, rtol=1e-6)


def check_twin(event: Event, picture: np.ndarray) -> None:
    np.testing.assert_allclose(event.twin["outputs"], pl.load("digits-relu")(picture), rtol=1e-4, atol=1e-6)


def test_every_cell_of_the_shipped_network_is_the_traces(page: Page) -> None:
    events = page.ask("showMaps", subject=CONV)
    [subject] = [event for event in events if event.type == "convolveSubject"]
    assert (subject.others, subject.twin, subject.twinLayers) == ([CONV], "digits-relu", [784, 16, 16, 10])
    assert "mnist (train), pixels in place" in (subject.trained, subject.twinTrained)
    np.testing.assert_array_equal(subject.knobs, NET.parameters)
    event = maps(events)
    check_cells(event, NET, TEST.images[4])
    check_twin(event, TEST.images[4])


def test_the_networks_are_told_once_and_again_to_a_page_that_connects(page: Page) -> None:
    assert [each.type for each in page.ask("showMaps", subject=CONV)] == ["convolveSubject", "maps"]
    assert [each.type for each in page.ask("showMaps", subject=CONV, right=1)] == ["maps"]
    again = Page(page.session)
    assert [each.type for each in again.ask("showMaps", subject=CONV)] == ["convolveSubject", "maps"]


def test_maps_follow_every_reading_until_the_room_is_left(page: Page) -> None:
    page.ask("showMaps", subject=CONV)
    event = maps(page.ask("openExample", part="test", index=9))
    check_cells(event, NET, TEST.images[9])
    stroke = page.ask("pen", stroke=0, points=[0.3, 0.3, 0.7, 0.7], width=0.08, erase=False)
    assert [each.type for each in stroke if each.type != "drawing"] == ["reading", "maps"]
    page.ask("hideMaps")
    assert [each.type for each in page.ask("openExample", part="test", index=3)] == ["drawing", "reading"]


def test_the_present_networks_maps_are_those_of_the_reading(page: Page) -> None:
    assert page.refused("showMaps") == "unavailable"
    page.ask("loadNetwork", name=CONV)
    events = page.ask("showMaps")
    assert maps(events).layers == []
    reading = next(e for e in page.ask("openExample", part="test", index=7) if e.type == "reading")
    trace = NET.trace(TEST.images[7])
    for layer, seen in zip(reading.layers, trace.layers, strict=True):
        np.testing.assert_array_equal(layer["sums"], seen.sums)
    assert page.refused("showMaps", subject="digits-relu") == "unavailable"
    moved = maps(page.ask("showMaps", right=2))
    shifted = np.zeros_like(TEST.images[7])
    shifted[:, 2:] = TEST.images[7][:, :-2]
    check_cells(moved, NET, shifted)


def test_a_turned_weight_changes_all_places_of_its_map(page: Page) -> None:
    page.ask("loadNetwork", name=CONV)
    page.ask("showMaps", right=1)
    before = maps(page.ask("showMaps", right=1))
    index = int(pl.inspect.Knobs(NET).find("layers[0].weight[3, 0, 2, 2]")[0])
    after = maps(page.ask("turnKnobs", knobs=[index], values=[0.9], gesture=1))
    net = NET.copy()
    net.parameters[index] = 0.9
    check_cells(after, net, np.roll(TEST.images[4], 1, axis=1) * (np.arange(28) > 0))
    changed = after.layers[0]["sums"] != before.layers[0]["sums"]
    inked = changed.any(axis=(1, 2))
    assert inked[3]
    assert inked.sum() == 1
    wait_for(lambda: any(event.type == "judged" for event in page.fetch()))


@pytest.mark.parametrize(("right", "down", "shuffle"), [(3, 0, None), (-2, 5, None), (0, 0, 7), (64, -64, 1)])
def test_moved_pictures_are_read_by_the_same_networks(page: Page, right: int, down: int, shuffle: int | None) -> None:
    move = {"right": right, "down": down, "shuffle": shuffle}
    event = maps(page.ask("showMaps", subject=CONV, **move))
    expected = moved(TEST.images[4:5], **move)[0]
    check_cells(event, NET, expected)
    check_twin(event, expected)
    scores = page.asked("askShiftScores", "shiftScores", subject=CONV, **move)
    pictures = moved(TEST.images, **move)[: scores.images]
    for told, name in ((scores.accuracy, CONV), (scores.twinAccuracy, "digits-relu")):
        right_ones = (pl.load(name)(pictures).argmax(axis=1) == TEST.labels[: scores.images]).mean()
        assert told == pytest.approx(right_ones, abs=2e-3)
    deeds = page.session._state.activity.of(MapsMoved)
    assert (deeds[-1].right, deeds[-1].down, deeds[-1].shuffle) == (right, down, shuffle)


def moved(images: np.ndarray, right: int, down: int, shuffle: int | None) -> np.ndarray:
    """The same, one pixel at a time."""
    made = np.zeros_like(images)
    for row, column in np.ndindex(28, 28):
        if 0 <= row - down < 28 and 0 <= column - right < 28:
            made[:, row, column] = images[:, row - down, column - right]
    if shuffle is None:
        return made
    order = np.random.default_rng(shuffle).permutation(784)
    return made.reshape(-1, 784)[:, order].reshape(made.shape)


@pytest.mark.parametrize(("layer", "place"), [(0, (3, 10, 11)), (1, (5, 4, 7)), (3, (17, 0, 11)), (5, (40, 3, 3))])
def test_a_cells_computation_adds_up_to_the_traces_sum(page: Page, layer: int, place: tuple[int, int, int]) -> None:
    assert page.refused("studyCell", layer=0, channel=0, row=0, column=0) == "out_of_order"
    page.ask("showMaps", subject=CONV, down=-1)
    channel, row, column = place
    cell = page.asked("studyCell", "cell", layer=layer, channel=channel, row=row, column=column)
    seen = NET.trace(moved(TEST.images[4:5], 0, -1, None)[0])[layer]
    assert cell.sum == seen.sums[place]
    assert cell.activation == seen.activations[place]
    assert (cell.inputs.astype(float) * cell.weights).sum() + cell.bias == pytest.approx(cell.added, abs=1e-9)
    assert cell.added == pytest.approx(cell.sum, rel=1e-4, abs=1e-5)
    assert tuple(cell.field) == pl.inspect.receptive_field(NET, layer, row, column)
    if layer == 0:
        np.testing.assert_array_equal(cell.weights, NET.layers[0].weight[channel])
    assert page.session._state.activity.of(CellStudied)[-1].layer == layer
    assert page.refused("studyCell", layer=layer, channel=99, row=0, column=0) == "bad_value"
    assert page.refused("studyCell", layer=6, channel=0, row=0, column=0) == "bad_value"


def test_networks_are_retrained_on_shuffled_pictures(page: Page) -> None:
    first = page.asked("retrainShuffled", "retrained", shuffle=3)
    assert (first.networks, first.expected) == ([], len(PLANNED))
    told: list[Event] = []
    wait_for(
        lambda: bool(told.extend(page.fetch())) or any(len(e.networks) == 4 for e in told if e.type == "retrained")
    )
    last = [event for event in told if event.type == "retrained"][-1]
    found = {(each["convolutional"], each["shuffled"]): each["accuracy"] for each in last.networks}
    assert set(found) == set(PLANNED)
    assert all(accuracy > 0.7 for accuracy in found.values())
    assert abs(found[False, True] - found[False, False]) < 0.05  # a dense network knows no neighbours
    assert found[True, False] > found[True, True]
    deed = page.session._state.activity.of(NetworksRetrained)[-1]
    assert deed.order == tuple(pixel_order(3, 784))
    assert (deed.convolutional, deed.dense_shuffled) == (found[True, False], found[False, True])


def test_other_data_and_networks_leave_the_room_without_maps(page: Page) -> None:
    page.ask("loadNetwork", name=CONV)
    page.ask("showMaps")
    answers = [event.type for event in page.ask("loadNetwork", name="digits-relu")]
    assert "maps" not in answers
    assert "convolveSubject" not in answers
