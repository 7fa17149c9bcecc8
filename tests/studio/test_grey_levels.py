"""Grey levels: what is read is rounded in every room; it is undone like any change, and never reaches training."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import pellucid as pl
from pellucid.inspect.grey_levels import rounded, with_grey_levels
from pellucid.studio.session import Session
from pellucid.studio.state.dataset_catalog import DatasetCatalog
from studio.fake_page import Event, Page, session, wait_for
from studio.tables import write_flowers

TEST = pl.data.load("digits").test
NET = pl.load("digits-relu")


@pytest.fixture
def page() -> Page:
    page = Page(session())
    page.ask("openExample", part="test", index=3)
    return page


def set_levels(page: Page, levels: int | None, gesture: int = 1) -> list[Event]:
    return page.ask("setGreyLevels", levels=levels, gesture=gesture)


def accuracy(net: pl.Network, levels: int) -> float:
    data = with_grey_levels(TEST, levels)
    pixels = (data.images / np.float32(levels - 1)).astype(np.float32)
    return float((net(pixels).argmax(axis=1) == TEST.labels).mean())


def one(events: list[Event], kind: str) -> Event:
    [found] = [event for event in events if event.type == kind]
    return found


def test_the_picture_and_the_test_images_are_read_with_so_many_levels(page: Page) -> None:
    pixels = (TEST.images[3] / np.float32(255)).astype(np.float32)
    for levels in (2, 10, 256):
        events = set_levels(page, levels)
        assert [event.type for event in events] == ["turned", "reading", "judged"]
        turned, reading, judged = events
        assert turned.greyLevels == levels
        np.testing.assert_array_equal(reading.pixels, rounded(pixels, levels))
        expected = NET.trace(rounded(pixels, levels)).outputs
        np.testing.assert_allclose(reading.layers[-1]["activations"], expected, rtol=1e-5, atol=1e-7)
        assert judged.accuracy == pytest.approx(accuracy(NET, levels))
        assert judged.baseline == one(page.greeting, "judged").accuracy
    assert len(turned.changes) == 1  # one gesture
    assert turned.changes[0]["text"] == "pixels rounded to 256 grey levels"


def test_drawings_and_bare_pixels_are_rounded_and_come_back_as_they_were(page: Page) -> None:
    ramp = np.linspace(0, 1, 784, dtype=np.float32)
    page.ask("openPixels", pixels=ramp.tolist())
    np.testing.assert_array_equal(
        one(set_levels(page, 3), "reading").pixels.reshape(-1), rounded(ramp.astype(np.float32), 3)
    )
    np.testing.assert_allclose(one(set_levels(page, None, 2), "reading").pixels.reshape(-1), ramp, atol=1e-7)
    drawn = one(page.ask("clearDrawing"), "reading")
    assert not drawn.pixels.any()
    whole = one(page.ask("pen", stroke=0, points=[0.3, 0.2, 0.6, 0.8], width=0.08), "reading").pixels
    set_levels(page, 2, 3)
    drawn = one(page.ask("pen", stroke=1, points=[0.3, 0.2, 0.3, 0.2], width=0.08), "reading").pixels
    assert set(np.unique(drawn)) == {0.0, 1.0}
    assert len(np.unique(whole)) > 2


def test_it_is_undone_redone_and_reverted_like_any_change(page: Page) -> None:
    plain = one(page.greeting, "judged").accuracy
    set_levels(page, 2)
    page.ask("turnKnobs", knobs=[5], values=[0.5], gesture=2)
    set_levels(page, 4, 3)
    assert one(page.ask("undoTurn"), "turned").greyLevels == 2
    assert one(page.ask("goToChange", position=0), "turned").greyLevels is None
    redone = page.ask("goToChange", position=3)
    assert one(redone, "turned").greyLevels == 4
    reverted = page.ask("resetKnobs", to="opened")
    assert one(reverted, "turned").greyLevels is None
    assert one(reverted, "judged").accuracy == plain
    assert one(page.ask("undoTurn"), "turned").greyLevels == 4


def test_it_stays_with_factors_and_noise(page: Page) -> None:
    set_levels(page, 2)
    page.ask("scaleNeuron", layer=0, neuron=3, factor=0, gesture=2)
    page.ask("addNoise", layer=None, spread=0.1, seed=3, gesture=3)
    events = page.ask("addNoise", layer=None, spread=0.2, seed=3, gesture=3)
    assert one(events, "turned").greyLevels == 2
    net = pl.inspect.ablate(pl.inspect.noisy(NET, 0.2, seed=3), {(0, 3): 0.0})
    assert one(events, "judged").accuracy == pytest.approx(accuracy(net, 2))


def test_another_network_reads_pixels_as_they_are(page: Page) -> None:
    set_levels(page, 2)
    events = page.ask("loadNetwork", name="digits-sigmoid")
    assert one(events, "turned").greyLevels is None
    assert len(np.unique(one(events, "reading").pixels)) > 2


def test_examples_and_mistakes_are_those_that_are_read(page: Page) -> None:
    set_levels(page, 2)
    shown = page.asked("browseExamples", "examples", part="test", begin=0, count=20)
    np.testing.assert_array_equal(shown.pixels, rounded((TEST.images[:20] / np.float32(255)).astype(np.float32), 2))
    readings = NET(with_grey_levels(TEST[:20], 2).images.astype(np.float32)).argmax(axis=1)
    assert shown.readings == readings.tolist()
    examined = page.asked("askExamined", "examined")
    assert 1 - examined.wrong / examined.total == pytest.approx(accuracy(NET, 2))


def test_a_sweep_and_a_comparison_see_the_same_images(page: Page) -> None:
    page.ask("compare", network="digits-sigmoid")
    compared = one(set_levels(page, 2), "compared").fields["other"]
    assert compared["accuracy"] == pytest.approx(accuracy(pl.load("digits-sigmoid"), 2))
    value = float(NET.parameters[7])
    swept = page.asked("sweepKnob", "swept", knob=7, low=value, high=value, count=2)
    assert swept.accuracies[0] == pytest.approx(accuracy(NET, 2))
    back = one(set_levels(page, None, 2), "compared").fields["other"]
    assert back["accuracy"] != compared["accuracy"]


def test_other_rooms_look_through_the_rounded_images(page: Page) -> None:
    for gesture, subject in enumerate((None, "digits-conv"), 1):
        ask = {"subject": subject, "layer": 0, "neuron": 3, "twin": False}
        plain = page.asked("askNeuron", "neuronResponse", **ask).most
        set_levels(page, 2, gesture)
        seen = page.asked("askNeuron", "neuronResponse", **ask).most
        assert set(np.unique(seen["pixels"])) == {0.0, 1.0}
        sums = (NET if subject is None else pl.load(subject)).trace(seen["pixels"][0].reshape(28, 28))[0].sums[3]
        assert seen["excitations"][0] == pytest.approx(sums.max(), rel=1e-4)
        assert seen["excitations"][0] != plain["excitations"][0]
        set_levels(page, None, gesture + 10)


def test_a_repair_is_sought_for_what_is_read(page: Page) -> None:
    readings = NET(with_grey_levels(TEST, 2).images.astype(np.float32)).argmax(axis=1)
    wrong = int(np.flatnonzero(readings != TEST.labels)[0])
    page.ask("openExample", part="test", index=wrong)
    set_levels(page, 2)
    label = int(TEST.labels[wrong])
    found = page.asked("askRepair", "repaired", label=label)
    assert set(np.unique(found.pixels)) <= {0.0, 1.0}
    np.testing.assert_allclose(found.after, NET(found.pixels.reshape(28, 28)), rtol=1e-4, atol=1e-6)
    page.ask("applyRepair", label=label)
    outputs = page.session._state.trace().outputs
    assert int(outputs.argmax()) == label or not found.mended


def test_training_uses_pixels_as_they_are(page: Page) -> None:
    page.ask("setUp", plan=next(event for event in page.greeting if event.type == "training").fields["plan"])
    set_levels(page, 2)
    seen = page.ask("runToEpoch")
    wait_for(lambda: bool(seen.extend(page.fetch())) or any(e.type == "epochDone" for e in seen))
    assert [event.greyLevels for event in seen if event.type == "turned"][-1] is None
    wait_for(lambda: not page.session._learn.busy)
    net = page.session._state.edited.net
    done = next(event for event in seen if event.type == "epochDone")
    assert done.testAccuracy == pytest.approx((net(TEST.images).argmax(axis=1) == TEST.labels).mean())
    page.ask("setPace", batchesPerSecond=1)
    page.ask("train")
    assert page.refused("setGreyLevels", levels=2, gesture=9) == "out_of_order"
    page.ask("pause")
    assert one(set_levels(page, 2, 10), "turned").greyLevels == 2
    assert [event.greyLevels for event in page.ask("goToStep", step=0) if event.type == "turned"][-1] is None
    assert page.session._state.edited.grey_levels is None


def test_rows_have_no_grey_levels(tmp_path: Path) -> None:
    catalog = DatasetCatalog(str(write_flowers(tmp_path / "flowers.csv")), table={"label": "last"})
    page = Page(Session("t", catalog, None))
    assert page.refused("setGreyLevels", levels=4, gesture=1) == "bad_value"
    for levels in (1, 257, 0):
        assert page.refused("setGreyLevels", levels=levels, gesture=1) == "malformed"
