"""Nudge: the events equal the engine's backpropagation, with checks and steps."""

from __future__ import annotations

import numpy as np
import pytest

import pellucid as pl
from studio.fake_page import Page, session


@pytest.fixture
def page() -> Page:
    made = Page(session("digits-sigmoid"))
    made.ask("openExample", part="test", index=4)
    return made


def test_nudges_are_the_engines(page: Page) -> None:
    net, (image, label) = pl.load("digits-sigmoid"), pl.data.load("digits").test[4]
    received = page.asked("askNudges", "nudges")
    expected = pl.inspect.backpropagate(net, image, label)
    assert received.label == label
    assert received.cost == pytest.approx(expected.cost)
    np.testing.assert_array_equal(received.wishes, expected.wishes)
    for got, layer in zip(received.layers, expected.layers, strict=True):
        for name in ("weights", "sums", "slopes", "inputs"):
            np.testing.assert_array_equal(got[name], getattr(layer, name))
        np.testing.assert_array_equal(got["byWeights"], layer.by_weights)
        np.testing.assert_array_equal(got["byInputs"], layer.by_inputs)
        np.testing.assert_array_equal(got["byActivations"], layer.by_activations)
    assert [stage["kind"] for stage in received.stages][-1] == "pixels"


def test_any_number_is_checked(page: Page) -> None:
    assert page.refused("checkNudge", kind="parameter", knob=3) == "out_of_order"
    page.ask("askNudges", label=7)
    for fields in [
        {"kind": "parameter", "knob": 13001},
        {"kind": "parameter", "knob": 5000},
        {"kind": "activation", "layer": 1, "neuron": 15},
        {"kind": "input", "neuron": 400},
    ]:
        received = page.asked("checkNudge", "checked", **fields)
        assert received.agrees is True
        assert received.derivative == pytest.approx(received.difference, rel=2e-3, abs=1e-5)
        assert (received.costAbove - received.costBelow) / (2 * received.h) == pytest.approx(received.difference)
    assert page.refused("checkNudge", kind="parameter", knob=13002) == "bad_value"
    assert page.refused("checkNudge", kind="activation", layer=3, neuron=0) == "bad_value"


def test_a_drawing_needs_a_label(page: Page) -> None:
    page.ask("pen", stroke=0, points=[0.5, 0.2, 0.5, 0.8], width=0.1)
    assert page.refused("askNudges") == "bad_value"
    assert page.asked("askNudges", "nudges", label=1).label == 1
    assert page.refused("askNudges", label=10) == "bad_value"


def test_a_batch_is_the_mean_of_its_images(page: Page) -> None:
    net, test = pl.load("digits-sigmoid"), pl.data.load("digits").test
    received = page.asked("askBatchNudges", "batchNudges", part="test", indices=[4, 9, 30], knob=200)
    expected = net.gradient(test.images[[4, 9, 30]].astype(np.float32) / 255, test.labels[[4, 9, 30]])
    np.testing.assert_allclose(received.gradient, expected.parameters, rtol=1e-4, atol=1e-7)
    assert received.cost == pytest.approx(expected.loss)
    assert received.costs.mean() == pytest.approx(received.cost, rel=1e-4)
    assert received.wishes.mean() == pytest.approx(-received.gradient[200], rel=1e-3, abs=1e-7)
    assert received.gradientNorm <= received.norms.mean()
    assert page.refused("askBatchNudges", part="test", indices=[2000]) == "bad_value"
    assert page.refused("askBatchNudges", part="test", indices=[1], knob=13002) == "bad_value"


@pytest.mark.parametrize("of", ["example", "batch"])
def test_a_step_is_taken_reported_and_undone(page: Page, of: str) -> None:
    before = page.session._state.edited.net.parameters.copy()
    assert page.refused("takeStep", of=of, learningRate=0.1) == "out_of_order"
    page.ask("askNudges", label=3)
    page.ask("askBatchNudges", part="train", indices=[1, 2, 3])
    accuracies = [page.session._state.evaluation().accuracy]
    received = page.ask("takeStep", of=of, learningRate=0.01)
    accuracies.append(page.session._state.evaluation().accuracy)
    assert [event.type for event in received] == ["turned", "parameters", "reading", "judged", "stepped"]
    stepped = received[-1]
    assert stepped.costAfter < stepped.costBefore
    assert [stepped.accuracyBefore, stepped.accuracyAfter] == accuracies
    assert stepped.predicted == pytest.approx(stepped.costBefore - 0.01 * stepped.gradientNorm**2)
    assert stepped.costAfter == pytest.approx(stepped.predicted, abs=0.2 * (stepped.costBefore - stepped.predicted))
    assert received[0].changes[0]["kind"] == "step"
    assert page.refused("takeStep", of=of, learningRate=0.1) == "out_of_order"
    page.ask("undoTurn")
    np.testing.assert_array_equal(page.session._state.edited.net.parameters, before)


def test_a_step_with_neurons_switched_off_follows_the_knobs_gradient(page: Page) -> None:
    page.ask("scaleNeuron", layer=0, neuron=2, factor=0.5, gesture=1)
    page.ask("askNudges", label=3)
    edited = page.session._state.edited
    before, knob = edited.net.parameters.copy(), int(pl.inspect.Knobs(edited.net).find("layers[1].weight[4, 2]")[0])
    stepped = page.asked("takeStep", "stepped", of="example", learningRate=0.01)
    slope = (before - edited.net.parameters)[knob] / 0.01
    twin, costs = edited.net.copy(), []
    image = page.session._state.inputs
    for h in (1e-2, -1e-2):
        twin.parameters[...] = before
        twin.parameters[knob] += h
        costs.append(pl.inspect.ablate(twin, {(0, 2): 0.5}).gradient(image, 3).loss)
    assert slope == pytest.approx((costs[0] - costs[1]) / 2e-2, rel=0.02, abs=1e-4)
    assert stepped.costAfter < stepped.costBefore


def test_a_step_past_all_numbers_is_refused(page: Page) -> None:
    page.ask("turnKnobs", knobs=[0], values=[1e30], gesture=1)
    page.ask("askNudges", label=3)
    before = page.session._state.edited.net.parameters.copy()
    received = page.ask("takeStep", of="example", learningRate=1e6)
    assert received[-1].type in ("failed", "stepped")
    assert np.isfinite(page.session._state.edited.net.parameters).all()
    if received[-1].type == "failed":
        np.testing.assert_array_equal(page.session._state.edited.net.parameters, before)
