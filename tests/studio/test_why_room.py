"""Why misread: every vote adds up to the trace, and a repair is proven by the reading of what it draws."""

from __future__ import annotations

import numpy as np
import pytest

import pellucid as pl
from pellucid.data.drawings import center
from pellucid.inspect.misreadings import STEPS
from pellucid.studio.rooms.read.pad import Pad
from pellucid.studio.rooms.why import BRIEF_STEPS
from pellucid.studio.state.activity import MisreadingSeen, RepairApplied, RepairFound
from studio.fake_page import Event, Page, session

TEST = pl.data.load("digits").test
NET = pl.load("digits-sigmoid")
WRONG = np.flatnonzero(NET(TEST.images).argmax(axis=1) != TEST.labels)


@pytest.fixture
def page() -> Page:
    return Page(session("digits-sigmoid"))


def last(events: list[Event], kind: str) -> Event:
    return [event for event in events if event.type == kind][-1]


@pytest.mark.parametrize("name", ["digits-sigmoid", "digits-relu"])
def test_the_votes_are_those_of_the_trace(name: str) -> None:
    page, net = Page(session(name)), pl.load(name)
    index = int(WRONG[0])
    page.ask("openExample", part="test", index=index)
    event = page.asked("askMisreading", "misreading", label=3)
    trace = net.trace(TEST.images[index])
    np.testing.assert_allclose(event.sums, trace[2].sums, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(event.outputs, trace.outputs, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(event.terms, net.layers[2].weight * trace[2].inputs, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(event.terms.sum(axis=1) + event.biases, event.sums, atol=1e-3)
    two = [event.reading, 3]
    np.testing.assert_allclose(event.rest, net.trace(np.zeros((28, 28)))[2].sums[two], rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(event.pixels.sum(axis=1) + event.rest + event.missing, event.sums[two], atol=1e-3)
    np.testing.assert_allclose(
        event.pixels, pl.inspect.misreading(net, TEST.images[index], 3).pixels[two], rtol=1e-4, atol=1e-6
    )
    assert np.abs(event.missing).max() < 0.5
    assert not event.pixels[:, TEST.images[index].reshape(-1) == 0].any()
    assert (event.label, event.reading) == (3, trace.outputs.argmax())
    gap = event.terms[event.reading] - event.terms[3]
    assert np.array_equal(event.ranking, np.argsort(-gap, kind="stable"))


def test_the_votes_for_a_picture_in_motion_take_fewer_steps_where_all_take_long() -> None:
    index = int(WRONG[0])
    for name, shorter in [("digits-sigmoid", False), ("digits-conv", True)]:
        page, net = Page(session(name)), pl.load(name)
        page.ask("openExample", part="test", index=index)
        brief = page.asked("askMisreading", "misreading", label=3, brief=True)
        whole = page.asked("askMisreading", "misreading", label=3)
        steps = BRIEF_STEPS if shorter else STEPS
        assert (brief.brief, whole.brief) == (shorter, False)
        assert (brief.steps, whole.steps) == (steps, STEPS)
        two = [brief.reading, 3]
        found = pl.inspect.misreading(net, TEST.images[index], 3, steps=steps)
        np.testing.assert_allclose(brief.pixels, found.pixels[two], rtol=1e-4, atol=1e-6)
        for event in (brief, whole):
            np.testing.assert_allclose(
                event.pixels.sum(axis=1) + event.rest + event.missing, event.sums[two], atol=1e-2
            )
        found = pl.inspect.misreading(net, TEST.images[index], 3)
        np.testing.assert_allclose(whole.pixels, found.pixels[two], rtol=1e-4, atol=1e-6)


def test_a_repair_of_an_example_is_applied_to_its_pixels(page: Page) -> None:
    for index in WRONG[:4].tolist():
        label = int(TEST.labels[index])
        page.ask("openExample", part="test", index=index)
        event = page.asked("askRepair", "repaired", label=label)
        assert event.mended
        assert event.before.argmax() != label == event.after.argmax()
        assert 0 < event.changed < 1
        assert event.readings > 100
        np.testing.assert_allclose(NET(event.pixels.reshape(28, 28)), event.after, rtol=1e-4, atol=1e-6)
        events = page.ask("applyRepair", label=label)
        assert last(events, "drawing").source == "pixels"
        reading = last(events, "reading")
        np.testing.assert_allclose(reading.layers[-1]["activations"], event.after, rtol=1e-4, atol=1e-6)
        np.testing.assert_array_equal(reading.pixels.reshape(-1), event.pixels)


def test_a_repair_of_a_drawing_is_strokes_that_the_pad_draws_and_undoes(page: Page) -> None:
    seven = {"points": [0.25, 0.2, 0.5, 0.19, 0.72, 0.2, 0.6, 0.45, 0.5, 0.65, 0.45, 0.85], "width": 0.07}
    page.ask("setDrawing", strokes=[seven])
    event = page.asked("askRepair", "repaired", label=9)
    assert event.mended
    pad = Pad()
    pad.draw(0, seven["points"], seven["width"])
    np.testing.assert_array_equal(event.ink, pad.ink)
    for number, stroke in enumerate(event.strokes, 1):
        pad.draw(number, stroke["points"], stroke["width"], stroke["erase"])
    np.testing.assert_array_equal(event.changedInk, pad.ink)
    np.testing.assert_array_equal(event.pixels, center(pad.ink, thicken=True).reshape(-1))
    events = page.ask("applyRepair", label=9)
    assert last(events, "drawing").source == "pad"
    assert last(events, "drawing").strokes[1:] == event.fields["strokes"]
    outputs = last(events, "reading").layers[-1]["activations"]
    assert outputs.argmax() == 9
    np.testing.assert_allclose(outputs, event.after, rtol=1e-4, atol=1e-6)
    for _ in event.strokes:
        events = page.ask("undoStroke")
    outputs = last(events, "reading").layers[-1]["activations"]
    np.testing.assert_allclose(outputs, event.before, rtol=1e-4, atol=1e-6)


def test_a_repair_belongs_to_what_it_was_searched_for(page: Page) -> None:
    page.ask("openExample", part="test", index=0)
    assert page.refused("applyRepair", label=3) == "out_of_order"
    page.asked("askRepair", "repaired", label=3)
    assert page.refused("applyRepair", label=4) == "out_of_order"
    page.ask("openExample", part="test", index=1)
    assert page.refused("applyRepair", label=3) == "out_of_order"
    page.asked("askRepair", "repaired", label=3)
    page.ask("turnKnobs", knobs=[5], values=[0.25], gesture=1)
    assert page.refused("applyRepair", label=3) == "out_of_order"


def test_what_is_read_right_needs_no_repair(page: Page) -> None:
    index = int(np.setdiff1d(np.arange(len(TEST)), WRONG)[0])
    page.ask("openExample", part="test", index=index)
    event = page.asked("askRepair", "repaired", label=int(TEST.labels[index]))
    assert (event.mended, event.strokes, event.changed) == (True, [], 0.0)


def test_what_cannot_be_repaired_is_refused(page: Page) -> None:
    page.ask("clearDrawing")
    assert page.refused("askRepair", label=3) == "out_of_order"
    page.asked("askMisreading", "misreading", label=3)
    for kind in ("askMisreading", "askRepair", "applyRepair"):
        assert page.refused(kind, label=10) == "bad_value"
        assert page.refused(kind, label=-1) == "malformed"
        assert page.refused(kind) == "malformed"


def test_weights_beyond_all_numbers_are_survived(page: Page) -> None:
    page.ask("openExample", part="test", index=0)
    page.ask("turnKnobs", knobs=list(range(13002)), values=[1e30] * 13002, gesture=1)
    page.asked("askMisreading", "misreading", label=3)
    page.asked("askRepair", "repaired", label=3)


def test_what_was_done_is_recorded_for_lessons(page: Page) -> None:
    index = int(WRONG[0])
    label = int(TEST.labels[index])
    page.ask("openExample", part="test", index=index)
    page.ask("askMisreading", label=label)
    event = page.asked("askRepair", "repaired", label=label)
    page.ask("applyRepair", label=label)
    activity = page.session._state.activity
    [seen], [found], [applied] = (activity.of(kind) for kind in (MisreadingSeen, RepairFound, RepairApplied))
    assert (seen.reading, seen.label) == (event.before.argmax(), label)
    assert (found.mended, found.strokes, found.changed) == (True, len(event.strokes), pytest.approx(event.changed))
    assert applied.right
