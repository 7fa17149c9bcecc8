"""The rooms Read, Turn, Learn, Nudge and Look for with convolutional networks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import pellucid as pl
from pellucid.network.files import network_bytes
from pellucid.studio.protocol.parts import LayerPlan
from pellucid.studio.protocol.refusal import RefusedError
from pellucid.studio.session import Session
from pellucid.studio.state.dataset_catalog import DatasetCatalog
from pellucid.studio.state.edited_network import EditedNetwork
from pellucid.studio.state.layer_plans import layer_plans, planned_layers
from studio.fake_page import Event, Page, session, wait_for

TEST = pl.data.load("digits").test
CONV = "digits-conv"


@pytest.fixture
def page() -> Page:
    made = Page(session(CONV))
    made.ask("openExample", part="test", index=6)
    return made


def small(seed: int = 0) -> pl.Network:
    """A small convolutional network for digits."""
    layers = [
        pl.Conv2d(4, 5, stride=2, activation="tanh"), pl.AvgPool2d(2), pl.Conv2d(6, (3, 2), padding=(1, 0)),
        pl.MaxPool2d(2), pl.Flatten(), pl.Dropout(0.2), pl.Dense(12, "sigmoid"), pl.Dense(10, "softmax"),
    ]  # fmt: skip
    return pl.Network(layers, input_shape=(28, 28), seed=seed)


def opened(net: pl.Network) -> Page:
    made = Page(session("digits-relu"))
    made.session.open_network(network_bytes(net), "small.safetensors")
    made.greeting = made.fetch()
    return made


def judged(page: Page) -> Event:
    found: list[Event] = []
    wait_for(lambda: bool(found.extend(e for e in page.fetch() if e.type == "judged")) or bool(found))
    return found[-1]


@pytest.mark.parametrize("name", [CONV, "small"])
def test_read_shows_what_the_trace_has(name: str) -> None:
    net = pl.load(CONV) if name == CONV else small()
    page = Page(session(CONV)) if name == CONV else opened(net)
    network = next(event.network for event in page.greeting if event.type == "network")
    assert [layer["kind"] for layer in network["layers"]] == [layer.kind for layer in net.layers]
    for told, layer in zip(network["layers"], net.layers, strict=True):
        assert tuple(told["inputShape"]) == layer.input_shape
        assert tuple(told["outputShape"]) == layer.output_shape(layer.input_shape)
        assert told["bias"] - told["weight"] == (layer.named()["weight"].size if layer.named() else 0)
    reading = next(e for e in page.ask("openExample", part="test", index=6) if e.type == "reading")
    for told, seen in zip(reading.layers, net.trace(TEST.images[6]).layers, strict=True):
        np.testing.assert_array_equal(told["sums"], seen.sums)
        np.testing.assert_array_equal(told["activations"], seen.activations)
    votes = page.asked("askVotes", "votes", layer=2, neuron=1, at=[0, 3])
    expected = pl.inspect.votes(net, TEST.images[6], 2, 1, (0, 3))
    np.testing.assert_array_equal(votes.terms, expected.terms)
    assert (votes.at, votes.sum) == ([0, 3], expected.sum)


def test_a_turned_weight_is_evaluated_beside_further_turns(page: Page) -> None:
    net = pl.load(CONV)
    index = int(pl.inspect.Knobs(net).find("layers[0].weight[3, 0, 2, 2]")[0])
    for value in (0.5, 1.0, 2.0):
        events = page.ask("turnKnobs", knobs=[index], values=[value], gesture=1)
        assert [event.type for event in events] == ["turned", "reading"]
    net.parameters[index] = 2.0
    assert events[0].changes[-1]["text"].startswith("weight (2, 2) → layer 1, convolution, channel 3:")
    np.testing.assert_array_equal(events[1].layers[0]["sums"], net.trace(TEST.images[6])[0].sums)
    found = judged(page)
    assert found.version == events[0].version
    assert found.accuracy == pytest.approx((net(TEST.images).argmax(axis=1) == TEST.labels).mean(), abs=1e-3)
    assert page.asked("findKnobs", "knobs", query="layers[0].weight[3, 0, 2, 2]").knobs[0]["value"] == 2.0


def test_channels_are_switched_off_and_what_cannot_be_is_refused(page: Page) -> None:
    events = page.ask("scaleNeuron", layer=0, neuron=2, factor=0.0, gesture=1)
    reading = next(event for event in events if event.type == "reading")
    expected = pl.inspect.ablate(pl.load(CONV), {(0, 2): 0.0})
    np.testing.assert_array_equal(reading.layers[-1]["activations"], expected.trace(TEST.images[6])[-1].activations)
    assert page.refused("scaleNeuron", layer=0, neuron=2, factor=-1.0, gesture=2) == "bad_value"
    assert page.refused("scaleNeuron", layer=-1, neuron=2, factor=0.0, gesture=2) == "bad_value"
    assert page.refused("scaleNeuron", layer=0, neuron=12, factor=0.0, gesture=2) == "bad_value"
    swept = page.asked("sweepKnob", "swept", knob=5, low=-1.0, high=1.0, count=5)
    assert swept.images == len(TEST)
    twin = pl.inspect.ablate(pl.load(CONV), {(0, 2): 0.0})
    twin.parameters[5] = swept.values[4]
    expected_accuracy = (twin(TEST.images).argmax(axis=1) == TEST.labels).mean()
    assert swept.accuracies[4] == pytest.approx(expected_accuracy, abs=2e-3)


def test_backpropagation_is_the_engines_and_its_step_is_taken(page: Page) -> None:
    net, label = pl.load(CONV), (int(TEST.labels[6]) + 1) % 10
    event = page.asked("askNudges", "nudges", label=label)
    expected = pl.inspect.backpropagate(net, TEST.images[6], label)
    for told, layer in zip(event.layers, expected.layers, strict=True):
        np.testing.assert_array_equal(told["bySums"], layer.by_sums)
        np.testing.assert_array_equal(told["byWeights"], layer.by_weights)
        np.testing.assert_array_equal(told["byInputs"], layer.by_inputs)
    assert [stage["caption"] for stage in event.stages] == [stage.caption for stage in pl.inspect.stages(expected)]
    check = page.asked("checkNudge", "checked", kind="parameter", knob=7, layer=0, neuron=0)
    assert check.agrees
    assert check.name == "weight (1, 2) → layer 1, convolution, channel 0"
    stepped = page.asked("takeStep", "stepped", of="example", learningRate=0.001)
    assert stepped.costAfter < stepped.costBefore


def test_lenet_is_a_ready_plan_and_is_trained(page: Page) -> None:
    choices = next(event for event in page.greeting if event.type == "dataSets").choices
    ready = {each["name"]: each["plan"] for each in choices[0]["ready"]}
    plan = ready["LeNet-5"]
    assert list(ready) == ["dense 16-16-10", "LeNet-5"]
    page.ask("setUp", plan=plan, keepNetwork=False)
    assert page.session._state.edited.net.parameter_count == 61706
    page.ask("stepBatches", count=120)
    told: dict[str, Event] = {}
    wait_for(lambda: bool(told.update({event.type: event for event in page.fetch()})) or "examined" in told)
    assert len(told["health"].dead) == 8
    assert told["judged"].accuracy > 0.6
    confusion = told["examined"].confusion
    assert np.trace(confusion) / confusion.sum() == pytest.approx(told["judged"].accuracy, abs=1e-6)
    same = page.ask("setUp", plan=plan, keepNetwork=True)
    assert not [event for event in same if event.type == "failed"]
    assert page.refused("setUp", plan={**plan, "layers": plan["layers"][1:]}, keepNetwork=True) == "bad_value"


def test_a_loss_plane_of_a_large_network_takes_fewer_images(page: Page) -> None:
    page.ask("stepBatches", count=3)
    wait_for(lambda: not page.session.training)
    plane = page.asked("askLossPlane", "lossPlane", side=31, images=2000, margin=0.3)
    assert 1 <= plane.images < 100


def test_layers_become_plans_and_plans_layers() -> None:
    net = small()
    plans = layer_plans(net.layers)
    assert [plan.kind for plan in plans] == [
        "conv2d", "avg_pool2d", "conv2d", "max_pool2d", "dropout", "dense", "dense",
    ]  # fmt: skip
    made = planned_layers(plans, (28, 28))
    again = pl.Network(made, input_shape=(28, 28), seed=0)
    np.testing.assert_array_equal(again.parameters, net.parameters)
    assert layer_plans(again.layers) == plans


@pytest.mark.parametrize(
    ("plans", "code"),
    [
        ([LayerPlan(1024, "relu", "conv2d", [5, 5]), LayerPlan(10, "softmax")], "too_large"),
        ([LayerPlan(60, "relu", "conv2d", [9, 9], [1, 1], [64, 64]), LayerPlan(1, "softmax")], "too_large"),
        ([LayerPlan(1024, "relu"), LayerPlan(10, "softmax")], "too_large"),
    ],
)
def test_plans_that_are_too_large_are_refused_before_memory_is_allocated(plans: list[LayerPlan], code: str) -> None:
    with pytest.raises(RefusedError) as caught:
        planned_layers(plans, (28, 28))
    assert caught.value.code == code


def test_layers_that_do_not_fit_are_refused(page: Page) -> None:
    plan = next(event for event in page.greeting if event.type == "training").plan
    wide = {"size": 4, "activation": "relu", "kind": "conv2d", "kernel": [40, 40]}
    dense = {"size": 10, "activation": "softmax"}
    for layers in ([wide, dense], [dense, {**wide, "kernel": [3, 3]}], [{**wide, "kernel": [3, 3]}]):
        assert page.refused("setUp", plan={**plan, "layers": layers}, keepNetwork=False) == "bad_value"
    assert page.session._state.edited.name == CONV


def test_networks_that_end_otherwise_or_are_recurrent_are_refused() -> None:
    ends = pl.Network([pl.Conv2d(2, 3), pl.Flatten()], input_shape=(4, 4))
    with pytest.raises(RefusedError, match="ends with a dense layer"):
        EditedNetwork(ends, "net", "cross_entropy")
    with pytest.raises(RefusedError, match="sequences"):
        EditedNetwork(pl.Network([pl.LSTM(3), pl.Dense(2)], input_shape=(None, 4)), "net", "cross_entropy")


def test_pictures_with_channels_are_read_and_learned(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (60, 3, 10, 12), dtype=np.uint8)
    path = tmp_path / "colour.npz"
    np.savez(path, images=images, labels=np.arange(60) % 3)
    page = Page(Session("c", DatasetCatalog(str(path)), None))
    plan = next(event for event in page.greeting if event.type == "training").plan
    filters = {"size": 5, "activation": "relu", "kind": "conv2d", "kernel": [3, 3]}
    pool = {"size": 1, "activation": "identity", "kind": "max_pool2d", "kernel": [2, 2], "stride": [2, 2]}
    layers = [filters, pool, {"size": 3, "activation": "softmax"}]
    page.ask("setUp", plan={**plan, "layers": layers}, keepNetwork=False)
    net = page.session._state.edited.net
    assert net.layers[0].weight.shape == (5, 3, 3, 3)
    page.ask("stepBatches", count=2)
    wait_for(lambda: not page.session.training)
    reading = next(e for e in page.ask("openExample", part="test", index=1) if e.type == "reading")
    assert reading.layers[0]["sums"].shape == (5, 8, 10)
    test = page.session._state.data.test
    np.testing.assert_array_equal(reading.layers[0]["sums"], net.trace(test.images[1])[0].sums)


def test_an_onnx_file_is_opened_with_its_maps(tmp_path: Path) -> None:
    pytest.importorskip("onnx", reason="needs onnx: pip install '.[onnx]'")
    path = tmp_path / "conv.onnx"
    pl.to_onnx(pl.load(CONV), path)
    edited = EditedNetwork.load(str(path))
    assert edited.is_convolutional
    page = Page(session("digits-relu"))
    page.session.open_network(path.read_bytes(), "conv.onnx")
    page.fetch()
    reading = next(e for e in page.ask("openExample", part="test", index=6) if e.type == "reading")
    expected = pl.load(CONV).trace(TEST.images[6])
    np.testing.assert_allclose(reading.layers[0]["sums"], expected[0].sums, rtol=1e-4, atol=1e-5)


def test_the_comparison_of_a_dense_network_with_a_convolutional_one() -> None:
    page = Page(session("digits-relu"))
    page.ask("openExample", part="test", index=6)
    events = page.ask("compare", network=CONV)
    reading = next(event for event in events if event.type == "comparedReading")
    np.testing.assert_array_equal(reading.layers[0]["sums"], pl.load(CONV).trace(TEST.images[6])[0].sums)


def test_channels_of_the_present_network_are_looked_for(page: Page) -> None:
    subject = page.asked("askSubject", "lookSubject")
    assert subject.others == []
    assert [each["layer"] for each in subject.layers] == [0, 1, 2, 3, 4, 5, 8]
    event = page.asked("askNeuron", "neuronResponse", layer=2, neuron=7)
    z = pl.load(CONV).trace(TEST.images[: event.images])[2].sums[:, 7].reshape(event.images, -1).max(axis=1)
    np.testing.assert_allclose(event.most["excitations"], np.sort(z)[::-1][:12], rtol=1e-4)
