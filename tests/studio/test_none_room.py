"""None of these: certainties and prices are those of the networks, and repeat from the seed."""

from __future__ import annotations

import numpy as np
import pytest

import pellucid as pl
from pellucid.inspect.familiarity import Familiarity
from pellucid.studio.rooms.none.crowds import COUNTS
from pellucid.studio.state.activity import SurenessSeen, ThresholdJudged
from studio.fake_page import Event, Page, session

DIGITS = pl.data.load("digits")
TEST = DIGITS.test
UNIT = TEST.images / np.float32(255)


@pytest.fixture(scope="module")
def page() -> Page:
    return Page(session("digits-sigmoid"))


def complete(page: Page, measure: str = "output") -> Event:
    """All pictures judged, by asking as often as it takes."""
    before = -1
    while True:
        event = page.asked("askSureness", "sureness", measure=measure)
        if event.judged == event.total:
            return event
        assert event.judged > before
        before = event.judged


def certainties(net: pl.Network, pictures: np.ndarray, measure: str) -> np.ndarray:
    outputs = net(pictures)
    if measure == "output":
        return np.asarray(outputs.max(axis=1))
    if measure == "likeness":
        known = Familiarity.of(DIGITS.train)
        assert known is not None
        return np.atleast_1d(known.distance(pictures))
    found = pl.inspect.sureness(pictures, outputs)
    return np.array([0.0 if each.is_none else each.confidence for each in found])


@pytest.mark.parametrize("measure", ["output", "both", "likeness"])
def test_test_images_are_judged_as_the_library_does(page: Page, measure: str) -> None:
    net = pl.load("digits-sigmoid")
    event = complete(page, measure)
    values = certainties(net, UNIT, measure)
    right = net(UNIT).argmax(axis=1) == TEST.labels
    np.testing.assert_allclose(event.right, np.sort(values[right]), rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(event.wrong, np.sort(values[~right]), rtol=1e-3, atol=1e-4)
    assert event.total == len(TEST) + sum(COUNTS.values())
    assert event.measures == ["output", "both", "likeness"]
    assert event.low == (measure == "likeness")


@pytest.mark.parametrize("measure", ["output", "both", "likeness"])
def test_strangers_are_those_of_the_library(page: Page, measure: str) -> None:
    net, event = pl.load("digits-sigmoid"), complete(page, measure)
    assert [each["kind"] for each in event.kinds] == list(COUNTS)
    for kind in event.kinds:
        pictures = pl.inspect.strangers(kind["kind"], COUNTS[kind["kind"]], images=UNIT[:500])
        values = certainties(net, pictures, measure)
        np.testing.assert_allclose(kind["values"], np.sort(values), rtol=1e-3, atol=1e-3)
        assert kind["count"] == kind["total"] == len(pictures)
        np.testing.assert_allclose(kind["pixels"], pictures[kind["numbers"]].reshape(len(kind["numbers"]), -1))
        np.testing.assert_allclose(kind["sureness"], values[kind["numbers"]], rtol=1e-3, atol=1e-3)
        assert kind["readings"] == net(pictures[kind["numbers"]]).argmax(axis=1).tolist()
        best = np.sort(values)[: len(kind["numbers"])] if event.low else np.sort(values)[::-1][: len(kind["numbers"])]
        np.testing.assert_allclose(kind["sureness"], best, rtol=1e-3, atol=1e-3)


def test_noise_shows_that_it_depends_on_the_network() -> None:
    told = {}
    for name in ("digits-sigmoid", "digits-relu"):
        noise = complete(Page(session(name))).kinds[0]
        told[name] = (noise["values"] >= 0.9).mean()
    assert told["digits-sigmoid"] < 0.02
    assert 0.4 < told["digits-relu"] < 0.6


@pytest.mark.parametrize(("measure", "threshold"), [("output", 0.9), ("both", 0.95), ("likeness", 6.0), ("output", 2)])
def test_a_threshold_has_its_price(page: Page, measure: str, threshold: float) -> None:
    event = complete(page, measure)
    told = page.asked("judgeThreshold", "thresholdPrice", measure=measure, threshold=threshold)
    sign = -1 if event.low else 1
    counts = [sign * event.right >= np.float32(sign * threshold), sign * event.wrong >= np.float32(sign * threshold)]
    assert (told.kept, told.lost) == (counts[0].sum(), (~counts[0]).sum())
    assert (told.missed, told.caught) == (counts[1].sum(), (~counts[1]).sum())
    assert told.kept + told.lost + told.missed + told.caught == len(TEST)
    for kind, mine in zip(event.kinds, told.kinds, strict=True):
        assert mine["told"] == (sign * kind["values"] >= np.float32(sign * threshold)).sum()
        assert (mine["kind"], mine["count"]) == (kind["kind"], kind["count"])


def test_ones_own_picture_is_judged(page: Page) -> None:
    page.ask("openExample", part="test", index=4)
    net = pl.load("digits-sigmoid")
    for measure in ("output", "both", "likeness"):
        event = page.asked("askOwnSureness", "ownSureness", measure=measure)
        assert event.value == pytest.approx(float(certainties(net, UNIT[4:5], measure)[0]), rel=1e-3)
        assert event.reading == net(UNIT[4]).argmax()


def test_what_was_computed_is_of_the_network_as_it_is_now() -> None:
    page = Page(session("digits-sigmoid"))
    complete(page, "both")
    page.ask("scaleNeuron", layer=1, neuron=5, factor=0.0, gesture=1)
    net = pl.inspect.ablate(pl.load("digits-sigmoid"), {(1, 5): 0.0})
    for measure in ("output", "both"):
        event = complete(page, measure)
        values = certainties(net, UNIT, measure)
        right = net(UNIT).argmax(axis=1) == TEST.labels
        np.testing.assert_allclose(event.right, np.sort(values[right]), rtol=1e-3, atol=1e-4)


def test_other_networks_have_the_measures_that_suit_them() -> None:
    page = Page(session("digits-relu"))
    assert page.refused("askSureness", measure="nothing") == "malformed"
    assert page.refused("judgeThreshold", measure="output") == "malformed"


def test_weights_beyond_all_numbers_are_survived() -> None:
    page = Page(session("digits-sigmoid"))
    page.ask("turnKnobs", knobs=list(range(13002)), values=[1e30] * 13002, gesture=1)
    page.asked("askSureness", "sureness", measure="both")
    page.asked("askOwnSureness", "ownSureness", measure="both")


def test_what_was_done_is_recorded_for_lessons() -> None:
    page = Page(session("digits-sigmoid"))
    event = complete(page)
    told = page.asked("judgeThreshold", "thresholdPrice", measure="output", threshold=0.8)
    activity = page.session._state.activity
    assert activity.of(SurenessSeen)[0].measure == "output"
    [judged] = activity.of(ThresholdJudged)
    assert (judged.measure, judged.threshold) == ("output", 0.8)
    assert judged.lost == pytest.approx(told.lost / (told.lost + told.kept))
    assert judged.noise_told == pytest.approx((event.kinds[0]["values"] >= np.float32(0.8)).mean())
