"""Turn: every change has its effect, is reported, evaluated, and undone to the same bits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pellucid as pl
from pellucid.studio.state import edit_history
from studio.fake_page import Page, session


def knobs_of(page: Page) -> np.ndarray:
    return page.session._state.edited.net.parameters


def accuracy_of(net: pl.Network) -> float:
    test = pl.data.load("digits").test
    trace = net.trace(test.images).outputs
    return float((trace.argmax(axis=1) == test.labels).mean())


def test_a_knob_is_turned_evaluated_and_undone() -> None:
    page, net = Page(session()), pl.load("digits-relu")
    index = int(pl.inspect.Knobs(net).find("layers[2].bias[7]")[0])
    events = page.ask("turnKnobs", knobs=[index], values=[9.0], gesture=1)
    assert [event.type for event in events] == ["turned", "reading", "judged"]
    turned, _, judged = events
    assert (turned.knobs, turned.values, turned.position) == ([index], [9.0], 1)
    assert turned.changes[0]["text"] == f"bias of output 7: {net.layers[2].bias[7]:.4g} to 9"
    net.layers[2].bias[7] = 9.0
    assert judged.accuracy == pytest.approx(accuracy_of(net))
    assert judged.accuracy < judged.baseline
    assert judged.seen is True
    undone = page.ask("undoTurn")
    assert undone[0].values == [pytest.approx(float(pl.load("digits-relu").layers[2].bias[7]))]
    assert undone[-1].accuracy == judged.baseline
    np.testing.assert_array_equal(knobs_of(page), pl.load("digits-relu").parameters)
    page.ask("redoTurn")
    np.testing.assert_array_equal(knobs_of(page), net.parameters)


def test_one_gesture_is_one_change() -> None:
    page = Page(session())
    first = float(knobs_of(page)[5])
    for value in (0.1, 0.2, 0.3):
        received = page.asked("turnKnobs", "turned", knobs=[5], values=[value], gesture=4)
    assert len(received.changes) == 1
    assert received.changes[0]["before"] == pytest.approx(first)
    assert received.changes[0]["after"] == pytest.approx(0.3)
    received = page.asked("turnKnobs", "turned", knobs=[6], values=[0.3], gesture=5)
    assert len(received.changes) == 2
    page.ask("goToChange", position=0)
    np.testing.assert_array_equal(knobs_of(page), pl.load("digits-relu").parameters)


def test_one_gesture_may_sweep_over_many_knobs() -> None:
    page, trained = Page(session()), pl.load("digits-relu").parameters
    for knobs in ([7, 3], [5], [3, 9]):
        received = page.asked("turnKnobs", "turned", knobs=knobs, values=[0.5 + knob for knob in knobs], gesture=4)
    assert [change["text"] for change in received.changes] == ["4 knobs"]
    assert dict(zip(received.knobs, received.values, strict=True)) == {3: 3.5, 5: 5.5, 7: 7.5, 9: 9.5}
    page.ask("undoTurn")
    np.testing.assert_array_equal(knobs_of(page), trained)
    page.ask("redoTurn")
    swept = trained.copy()
    swept[[3, 5, 7, 9]] = [3.5, 5.5, 7.5, 9.5]
    np.testing.assert_array_equal(knobs_of(page), swept)


def test_a_new_change_after_an_undone_one_forgets_it() -> None:
    page = Page(session())
    page.ask("turnKnobs", knobs=[1], values=[1], gesture=1)
    page.ask("turnKnobs", knobs=[2], values=[1], gesture=2)
    page.ask("undoTurn")
    received = page.asked("turnKnobs", "turned", knobs=[3], values=[1], gesture=2)
    assert [change["knob"] for change in received.changes] == [1, 3]
    assert page.asked("redoTurn", "turned").position == 2


@pytest.mark.parametrize(
    ("kind", "fields", "expected"),
    [
        ("scaleNeuron", {"layer": 1, "neuron": 3, "factor": 0}, {"neurons": {(1, 3): 0.0}}),
        ("scaleNeuron", {"layer": -1, "neuron": 400, "factor": 2.5}, {"neurons": {(-1, 400): 2.5}}),
        ("scaleNeuron", {"layer": 2, "neuron": 9, "factor": 0}, {"neurons": {(2, 9): 0.0}}),
        ("scaleLayer", {"layer": 0, "factor": 0}, {"layers": {0: 0.0}}),
        ("scaleLayer", {"layer": 2, "factor": 0.5}, {"layers": {2: 0.5}}),
    ],
)
def test_neurons_and_layers_are_switched_as_ablation_does(kind: str, fields: dict, expected: dict) -> None:
    page, net = Page(session()), pl.load("digits-relu")
    test = pl.data.load("digits").test
    page.ask("openExample", part="test", index=3)
    events = page.ask(kind, gesture=1, **fields)
    assert [event.type for event in events] == ["turned", "parameters", "reading", "judged"]
    twin = pl.inspect.ablate(net, **expected)
    np.testing.assert_array_equal(events[1].knobs, net.parameters)
    np.testing.assert_array_equal(events[1].effective, twin.parameters)
    np.testing.assert_array_equal(events[2].layers[-1]["activations"], twin.trace(test.images[3]).outputs)
    assert events[3].accuracy == pytest.approx(accuracy_of(twin))
    restored = page.ask("undoTurn")
    assert restored[0].factors == []
    assert restored[1].effective is None
    assert restored[3].accuracy == restored[3].baseline


def test_a_knob_is_turned_while_a_neuron_is_off() -> None:
    page, net = Page(session()), pl.load("digits-relu")
    page.ask("scaleNeuron", layer=0, neuron=3, factor=0, gesture=1)
    events = page.ask("turnKnobs", knobs=[1923], values=[7.0], gesture=2)
    net.parameters[1923] = 7.0
    np.testing.assert_array_equal(events[1].effective, pl.inspect.ablate(net, {(0, 3): 0.0}).parameters)


def test_noise_of_one_gesture_is_drawn_on_the_same_start() -> None:
    page, net = Page(session()), pl.load("digits-relu")
    for spread in (0.1, 0.5):
        received = page.asked("addNoise", "turned", layer=None, spread=spread, seed=3, gesture=8)
    assert (received.noise, len(received.changes)) == (0.5, 1)
    np.testing.assert_array_equal(knobs_of(page), pl.inspect.noisy(net, 0.5, seed=3).parameters)
    assert page.asked("undoTurn", "turned").noise == 0.0
    np.testing.assert_array_equal(knobs_of(page), net.parameters)


def test_reset_gives_the_same_initial_weights_every_time() -> None:
    page, net = Page(session()), pl.load("digits-relu")
    page.ask("scaleNeuron", layer=0, neuron=3, factor=0, gesture=1)
    received = page.asked("resetKnobs", "parameters", to="initial")
    net.reset()
    np.testing.assert_array_equal(received.knobs, net.parameters)
    assert received.effective is None
    np.testing.assert_array_equal(page.asked("resetKnobs", "parameters", to="trained").knobs, received.trained)
    page.ask("undoTurn")
    page.ask("undoTurn")
    assert page.session._state.edited.factors == {(0, 3): 0.0}


def test_a_sweep_judges_every_value_and_changes_nothing() -> None:
    page, net = Page(session()), pl.load("digits-relu")
    before = knobs_of(page).copy()
    index = int(pl.inspect.Knobs(net).find("layers[2].bias[7]")[0])
    received = page.asked("sweepKnob", "swept", knob=index, low=-5, high=5, count=5)
    assert received.values.tolist() == [-5, -2.5, 0, 2.5, 5]
    for value, accuracy in zip(received.values, received.accuracies, strict=True):
        net.layers[2].bias[7] = value
        assert accuracy == pytest.approx(accuracy_of(net))
    np.testing.assert_array_equal(knobs_of(page), before)


def test_a_sweep_of_a_switched_off_weight_is_flat() -> None:
    page = Page(session())
    page.ask("scaleNeuron", layer=1, neuron=0, factor=0, gesture=1)
    index = int(pl.inspect.Knobs(pl.load("digits-relu")).find("layers[2].weight[4, 0]")[0])
    received = page.asked("sweepKnob", "swept", knob=index, low=-50, high=50, count=3)
    assert len(set(received.losses.tolist())) == 1


def test_knobs_are_found_by_name() -> None:
    page, net = Page(session()), pl.load("digits-relu")
    received = page.asked("findKnobs", "knobs", query="layers[0].weight[3, 120]")
    assert received.found == 1
    [knob] = received.knobs
    assert knob["value"] == net.layers[0].weight[3, 120] == knob["trained"]
    net.reset()
    assert knob["initial"] == net.layers[0].weight[3, 120]
    assert page.refused("findKnobs", query="the best one; DROP TABLE") == "bad_value"


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("turnKnobs", {"knobs": [13002], "values": [0], "gesture": 1}),
        ("turnKnobs", {"knobs": [1, 2], "values": [0], "gesture": 1}),
        ("turnKnobs", {"knobs": [1, 1], "values": [0, 1], "gesture": 1}),
        ("scaleNeuron", {"layer": 3, "neuron": 0, "factor": 0, "gesture": 1}),
        ("scaleNeuron", {"layer": 0, "neuron": 16, "factor": 0, "gesture": 1}),
        ("scaleLayer", {"layer": 9, "factor": 0, "gesture": 1}),
        ("addNoise", {"layer": 3, "spread": 0.1, "seed": 0, "gesture": 1}),
        ("sweepKnob", {"knob": 20000, "low": 0, "high": 1, "count": 3}),
    ],
)
def test_invalid_changes_have_no_effect(kind: str, fields: dict) -> None:
    page = Page(session())
    assert page.refused(kind, **fields) == "bad_value"
    np.testing.assert_array_equal(knobs_of(page), pl.load("digits-relu").parameters)
    assert page.asked("undoTurn", "turned").changes == []


def test_overflowing_weights_are_reported() -> None:
    page = Page(session())
    page.ask("openExample", part="test", index=0)
    events = page.ask("turnKnobs", knobs=list(range(13002)), values=[1e30] * 13002, gesture=1)
    assert [event.type for event in events] == ["turned", "parameters", "reading", "judged"]
    assert "not numbers" in events[2].words
    assert events[3].loss > 1e30


def test_the_list_of_changes_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edit_history, "MAX_BYTES", 4 * 13002 * 4 * 2)
    page = Page(session())
    for seed in range(6):
        received = page.asked("addNoise", "turned", layer=None, spread=0.01, seed=seed, gesture=seed)
    assert (len(received.changes), received.position) == (4, 4)


@settings(max_examples=8, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 40), st.floats(-2, 2, width=32)), max_size=12))
def test_any_changes_undone_leave_the_same_bits(steps: list[tuple[int, int, float]]) -> None:
    page = Page(session(), greet=False)
    begun = knobs_of(page).copy()
    for gesture, knob, value in steps:
        page.ask("turnKnobs", knobs=[knob], values=[value], gesture=gesture)
    after = knobs_of(page).copy()
    page.ask("goToChange", position=0)
    np.testing.assert_array_equal(knobs_of(page), begun)
    page.ask("goToChange", position=1000)
    np.testing.assert_array_equal(knobs_of(page), after)
