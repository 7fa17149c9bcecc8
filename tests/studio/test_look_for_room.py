"""Look for: every number is what the engine computes for the network as it is now."""

from __future__ import annotations

import numpy as np
import pytest

import pellucid as pl
from pellucid.studio.state.activity import MaximumFound, NeuronChosen, PairJudged
from studio.fake_page import Event, Page, session, wait_for

TEST = pl.data.load("digits").test
CONV = "digits-conv"


@pytest.fixture
def page() -> Page:
    return Page(session("digits-sigmoid"))


def sums(net: pl.Network, layer: int, neuron: int, images: np.ndarray = TEST.images) -> np.ndarray:
    seen = net.trace(images)[layer].sums[:, neuron]
    return seen.reshape(len(seen), -1).max(axis=1)


def check_response(event: Event, net: pl.Network, images: np.ndarray = TEST.images) -> None:
    z = sums(net, event.layer, event.neuron, images)
    up = np.argsort(z, kind="stable")
    assert event.images == len(images)
    np.testing.assert_allclose(event.most["excitations"], z[up[::-1][:12]], rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(event.least["excitations"], z[up[:12]], rtol=1e-4, atol=1e-4)
    for side in (event.most, event.least):
        np.testing.assert_allclose(side["excitations"], z[side["indices"]], rtol=1e-4, atol=1e-4)
        assert side["labels"] == TEST.labels[side["indices"]].tolist()
        expected = images[side["indices"]].reshape(12, 784) / 255
        np.testing.assert_allclose(side["pixels"], expected, rtol=1e-5)
    for percent in (0, 37, 90, 100):
        assert (z <= event.percentiles[percent] + 1e-4).mean() >= percent / 100
        assert (z < event.percentiles[percent] - 1e-4).mean() <= percent / 100
    labels = TEST.labels[: len(images)]
    quantiles = event.excitations["quantiles"]
    for digit in range(10):
        np.testing.assert_allclose(quantiles[digit, 3], np.median(z[labels == digit]), rtol=1e-3, atol=1e-3)
        assert event.excitations["counts"][digit].sum() == (labels == digit).sum()
        assert event.aucs[digit] == pytest.approx(pl.inspect.auc(z, labels == digit), abs=1e-4)


def test_the_subject_tells_layers_with_neurons(page: Page) -> None:
    own = page.asked("askSubject", "lookSubject")
    assert [(each["name"], each["neurons"], each["map"]) for each in own.layers] == [
        ("hidden layer 1", 16, None), ("hidden layer 2", 16, None), ("output layer", 10, None),
    ]  # fmt: skip
    assert own.layers[2]["names"] == list("0123456789")
    assert own.others == [CONV]
    conv = page.asked("askSubject", "lookSubject", subject=CONV)
    assert [each["layer"] for each in conv.layers] == [0, 1, 2, 3, 4, 5, 8]
    assert conv.layers[0]["map"] == [24, 24]
    assert page.refused("askSubject", subject="spoken-digits") == "unavailable"
    assert page.refused("askSubject", subject="digits-relu") == "unavailable"
    assert page.refused("askSubject", subject="no such thing") == "unavailable"


@pytest.mark.parametrize("layer", [0, 1, 2])
def test_the_strongest_and_weakest_images_are_the_traces(page: Page, layer: int) -> None:
    net = pl.load("digits-sigmoid")
    check_response(page.asked("askNeuron", "neuronResponse", layer=layer, neuron=3), net)
    twin = page.asked("askNeuron", "neuronResponse", layer=layer, neuron=3, twin=True)
    check_response(twin, pl.inspect.untrained_twin(net))


@pytest.mark.parametrize("layer", [0, 4, 5, 8])
def test_channels_of_a_convolutional_network_are_looked_at_too(page: Page, layer: int) -> None:
    net = pl.load(CONV)
    event = page.asked("askNeuron", "neuronResponse", layer=layer, neuron=7, subject=CONV)
    check_response(event, net, TEST.images[: event.images])
    fields = event.most["fields"]
    if layer == 8:
        assert fields is None
        return
    for index, (left, top, right, bottom) in zip(event.most["indices"], fields, strict=True):
        inside = np.zeros_like(TEST.images[index])
        inside[top:bottom, left:right] = TEST.images[index][top:bottom, left:right]
        z = sums(net, layer, 7, TEST.images[index][None])[0]
        assert sums(net, layer, 7, inside[None])[0] >= z - 1e-4  # nothing else was needed


def test_a_set_of_classes_has_its_auc(page: Page) -> None:
    event = page.asked("askNeuron", "neuronResponse", layer=1, neuron=5, members=[0, 6, 8, 9])
    z = sums(pl.load("digits-sigmoid"), 1, 5)
    expected = pl.inspect.auc(z, np.isin(TEST.labels, [0, 6, 8, 9]))
    assert event.memberAuc == pytest.approx(expected, abs=1e-4)
    assert page.asked("askNeuron", "neuronResponse", layer=1, neuron=5).memberAuc is None
    assert page.asked("askNeuron", "neuronResponse", layer=1, neuron=5, members=list(range(10))).memberAuc is None
    assert page.refused("askNeuron", layer=1, neuron=5, members=[10]) == "bad_value"


@pytest.mark.parametrize(("layer", "subject"), [(0, None), (1, None), (2, None), (0, CONV), (2, CONV)])
def test_the_maximum_is_above_all_images_and_told_as_the_engine_computes_it(
    page: Page, layer: int, subject: str | None
) -> None:
    net = pl.load(subject or "digits-sigmoid")
    event = page.asked("askMaximum", "neuronMaximum", layer=layer, neuron=2, subject=subject)
    image = event.pixels.reshape(net.input_shape)
    assert event.exact == (layer == 0)
    assert event.method
    assert sums(net, layer, 2, image[None])[0] == pytest.approx(event.excitation, rel=1e-4)
    assert event.rest == pytest.approx(sums(net, layer, 2, np.zeros((1, *net.input_shape)))[0], rel=1e-4, abs=1e-4)
    best = sums(net, layer, 2).max() if subject is None else event.strongest
    assert event.strongest == pytest.approx(best, rel=1e-4)
    assert event.share == pytest.approx((best - event.rest) / (event.excitation - event.rest), rel=1e-3)
    outputs = net(image)
    assert event.reading == outputs.argmax()
    assert event.confidence == pytest.approx(float(outputs.max()), rel=1e-4)
    never = event.never.reshape(28, 28) > 0
    np.testing.assert_array_equal(never, pl.inspect.never_inked(pl.data.load("digits").train.images))
    bare = np.where(never, 0, image)
    assert event.without == pytest.approx(sums(net, layer, 2, bare[None])[0], rel=1e-4)


def test_the_present_picture_excites_a_neuron_as_much_as_the_trace_says(page: Page) -> None:
    page.ask("openExample", part="test", index=4)
    for subject, layer in ((None, 1), (CONV, 3)):
        event = page.asked("askExcitement", "excitement", layer=layer, neuron=1, subject=subject)
        z = sums(pl.load(subject or "digits-sigmoid"), layer, 1, TEST.images[4][None])[0]
        assert event.excitation == pytest.approx(z, rel=1e-4)
        assert (event.field is None) == (subject is None)


def test_what_was_computed_is_of_the_network_as_it_is_now(page: Page) -> None:
    before = page.asked("askNeuron", "neuronResponse", layer=0, neuron=3)
    index = int(pl.inspect.Knobs(pl.load("digits-sigmoid")).find("layers[0].weight[3, 406]")[0])
    page.ask("turnKnobs", knobs=[index], values=[9.0], gesture=1)
    net = pl.load("digits-sigmoid")
    net.layers[0].weight[3, 406] = 9.0
    after = page.asked("askNeuron", "neuronResponse", layer=0, neuron=3)
    check_response(after, net)
    assert after.version > before.version
    assert page.asked("askMaximum", "neuronMaximum", layer=0, neuron=3).pixels[406] == 1.0
    twin = page.asked("askNeuron", "neuronResponse", layer=0, neuron=3, twin=True)
    check_response(twin, pl.inspect.untrained_twin(net))
    page.ask("scaleNeuron", layer=0, neuron=5, factor=0.0, gesture=2)
    check_response(page.asked("askNeuron", "neuronResponse", layer=1, neuron=3), pl.inspect.ablate(net, {(0, 5): 0.0}))
    page.ask("loadNetwork", name="digits-relu")
    check_response(page.asked("askNeuron", "neuronResponse", layer=1, neuron=3), pl.load("digits-relu"))
    twin = page.asked("askNeuron", "neuronResponse", layer=1, neuron=3, twin=True)
    check_response(twin, pl.inspect.untrained_twin(pl.load("digits-relu")))


def test_a_neuron_is_looked_at_while_training_runs(page: Page) -> None:
    page.ask("train")
    wait_for(lambda: any(event.type == "picture" for event in page.ask("nextPicture")))
    assert page.asked("askNeuron", "neuronResponse", layer=1, neuron=3).images == 2000
    page.ask("pause")
    check_response(page.asked("askNeuron", "neuronResponse", layer=1, neuron=3), page.session._state.edited.net)
    page.session.close("closing")


@pytest.mark.parametrize("twin", [False, True])
def test_the_quiz_shows_unseen_images_and_scores_by_the_trace(page: Page, twin: bool) -> None:
    net = pl.load("digits-sigmoid")
    z = sums(pl.inspect.untrained_twin(net) if twin else net, 1, 3)
    shown = page.asked("askNeuron", "neuronResponse", layer=1, neuron=3, twin=twin)
    ends = {*shown.most["indices"], *shown.least["indices"]}
    right = 0
    for played in range(1, 9):
        pair = page.asked("askPair", "pair", layer=1, neuron=3, twin=twin)
        assert not ends & {*pair.indices}
        np.testing.assert_allclose(pair.pixels, TEST.images[pair.indices].reshape(2, 784) / 255, rtol=1e-5)
        choice = played % 2
        answer = page.asked("answerPair", "pairAnswered", round=pair.round, choice=choice)
        np.testing.assert_allclose(answer.excitations, z[pair.indices], rtol=1e-4, atol=1e-4)
        assert answer.right == (z[pair.indices[choice]] > z[pair.indices[1 - choice]])
        right += answer.right
        assert answer.score == {"right": right, "rounds": played}
        assert answer.labels == TEST.labels[pair.indices].tolist()
    assert page.asked("askNeuron", "neuronResponse", layer=1, neuron=3, twin=twin).score["rounds"] == 8
    assert page.asked("askNeuron", "neuronResponse", layer=1, neuron=3, twin=not twin).score["rounds"] == 0


def test_a_round_is_answered_once_and_only_of_the_present_network(page: Page) -> None:
    assert page.refused("answerPair", round=1, choice=0) == "out_of_order"
    pair = page.asked("askPair", "pair", layer=0, neuron=0)
    assert page.refused("answerPair", round=pair.round + 1, choice=0) == "out_of_order"
    page.asked("answerPair", "pairAnswered", round=pair.round, choice=0)
    assert page.refused("answerPair", round=pair.round, choice=0) == "out_of_order"
    pair = page.asked("askPair", "pair", layer=0, neuron=0)
    page.ask("turnKnobs", knobs=[5], values=[0.25], gesture=1)
    assert page.refused("answerPair", round=pair.round, choice=0) == "out_of_order"
    assert page.asked("askNeuron", "neuronResponse", layer=0, neuron=0).score == {"right": 0, "rounds": 0}


def test_a_neuron_that_all_images_excite_alike_has_no_quiz_but_all_else(page: Page) -> None:
    net = page.session._state.edited.net
    weights = [knob for knob in range(784 * 16) if knob % 16 == 0]
    assert net.layers[0].weight.shape == (16, 784)
    page.ask("turnKnobs", knobs=weights, values=[0.0] * len(weights), gesture=1)
    assert page.refused("askPair", layer=0, neuron=0) == "bad_value"
    event = page.asked("askNeuron", "neuronResponse", layer=0, neuron=0)
    assert event.aucs == [0.5] * 10
    assert page.asked("askMaximum", "neuronMaximum", layer=0, neuron=0).share is None


@pytest.mark.parametrize("kind", ["askNeuron", "askMaximum", "askExcitement", "askPair"])
def test_neurons_and_networks_that_do_not_exist_are_refused(page: Page, kind: str) -> None:
    assert page.refused(kind, layer=3, neuron=0) == "bad_value"
    assert page.refused(kind, layer=0, neuron=16) == "bad_value"
    assert page.refused(kind, layer=6, neuron=0, subject=CONV) == "bad_value"
    assert page.refused(kind, layer=0, neuron=0, subject="../digits-conv") == "unavailable"
    assert page.refused(kind, layer=0, neuron=-1) == "malformed"


def test_weights_beyond_all_numbers_are_survived(page: Page) -> None:
    page.ask("turnKnobs", knobs=list(range(13002)), values=[1e30] * 13002, gesture=1)
    for layer in range(3):
        page.asked("askNeuron", "neuronResponse", layer=layer, neuron=0)
        page.asked("askMaximum", "neuronMaximum", layer=layer, neuron=0)
        page.asked("askExcitement", "excitement", layer=layer, neuron=0)


def test_what_was_done_is_recorded_for_lessons(page: Page) -> None:
    page.ask("askNeuron", layer=1, neuron=5, members=[0, 6, 8, 9])
    page.ask("askMaximum", layer=1, neuron=5)
    pair = page.asked("askPair", "pair", layer=1, neuron=5, twin=True)
    answer = page.asked("answerPair", "pairAnswered", round=pair.round, choice=1)
    activity = page.session._state.activity
    [chosen], [found], [judged] = (activity.of(kind) for kind in (NeuronChosen, MaximumFound, PairJudged))
    assert (chosen.layer, chosen.neuron, chosen.members) == (1, 5, (0, 6, 8, 9))
    assert chosen.auc == pytest.approx(
        pl.inspect.auc(sums(pl.load("digits-sigmoid"), 1, 5), np.isin(TEST.labels, [0, 6, 8, 9])), abs=1e-4
    )
    assert found.share is not None
    assert (judged.twin, judged.right) == (True, answer.right)
