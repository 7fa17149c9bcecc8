"""Whole training loops against the reference network: batches of any size, loops cut anywhere, diverging losses."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import naive
import pellucid as pl
from pellucid.engine.programs.table import TILE
from pellucid.engine.simd.lanes import PLAIN
from pellucid.inspect import reference
from pellucid.programs.feed import Feed
from pellucid.programs.image_stepper import Batches
from pellucid.programs.image_targets import class_targets
from pellucid.programs.images import MAX_SPARSE_INPUTS
from pellucid.programs.interface import StepperOptions
from pellucid.training.optimizers import SGD, Adam, Momentum, Optimizer

EXAMPLES = 6 if PLAIN else 40
# Adam divides by the size of the gradient; with a small epsilon, one that is all rounding error would make a full step.
EPSILON = 1e-3
KINDS = {
    "sgd": SGD(0.3),
    "momentum": Momentum(0.05),
    "nesterov": Momentum(0.05, nesterov=True),
    "adam": Adam(0.01, epsilon=EPSILON),
}

Floats = npt.NDArray[np.float32]


def images(count: int, width: int, seed: int = 0) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Images with a few non-zero pixels, and their classes, from 0 to 2."""
    rng = np.random.default_rng(seed)
    x = (rng.random((count, width)) * (rng.random((count, width)) < 0.3)).astype(np.float32)
    return x, rng.integers(0, 3, count)


class Loop:
    """A network in training: one pass over the images in a shuffled order."""

    def __init__(self, net: pl.Network, rule: Optimizer, batch: int, data: Any, loss: str, threads: int = 1) -> None:
        self.net, self.rule = net, rule
        x, labels = data
        feed = Feed(x, (0.0, 255.0) if x.dtype == np.uint8 else None)
        self.order = np.random.default_rng(2).permutation(len(x))
        self.batches = Batches(feed, self.order, class_targets(labels))
        self.stepper = net.program.stepper(StepperOptions(rule, loss, batch, threads=threads), sparse=feed.is_sparse)
        self.steps = -(-len(x) // batch)

    def run(self, begin: int = 0, end: int | None = None) -> npt.NDArray[np.float64]:
        steps = np.arange(begin, self.steps if end is None else end)
        rates = self.rule.step_rates(self.rule.schedule.rates(steps, self.steps, self.steps), steps)
        return self.stepper.run(self.batches, begin, begin + len(steps), self.rule, rates)


@pytest.mark.parametrize("kind", KINDS)
@settings(deadline=None, max_examples=EXAMPLES)
@given(
    sizes=st.lists(st.integers(1, 20), max_size=2),
    width=st.integers(1, 30),
    count=st.integers(1, 40),
    batch=st.integers(1, 50),
    loss=st.sampled_from(["cross_entropy", "squared"]),
    seed=st.integers(0, 1 << 40),
)
def test_an_epoch(kind: str, sizes: list[int], width: int, count: int, batch: int, loss: str, seed: int) -> None:
    layers = [pl.Dense(size, "tanh") for size in sizes] + [pl.Dense(3, "softmax")]
    compare(pl.Network(layers, input_shape=(width,), seed=seed), kind, batch, images(count, width, seed), loss)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("batch", [TILE - 1, TILE, TILE + 1, 2 * TILE + 5])
def test_batches_of_about_a_tile_and_of_several(kind: str, batch: int) -> None:
    net = pl.Network([pl.Dense(5, "sigmoid"), pl.Dense(3, "softmax")], input_shape=(9,), seed=1)
    compare(net, kind, batch, images(batch + 40, 9), "cross_entropy")


@pytest.mark.skipif(PLAIN, reason="slow in plain Python")
@pytest.mark.parametrize("kind", ["sgd", "adam"])
def test_images_too_large_for_sparse_rows(kind: str) -> None:
    net = pl.Network([pl.Dense(2, "tanh"), pl.Dense(3, "softmax")], input_shape=(MAX_SPARSE_INPUTS + 1,), seed=1)
    rule = {"sgd": SGD(0.001), "adam": Adam(0.0001, epsilon=EPSILON)}[kind]
    compare(net, kind, 4, images(7, MAX_SPARSE_INPUTS + 1), "cross_entropy", rule)


def compare(net: pl.Network, kind: str, batch: int, data: Any, loss: str, rule: Optimizer | None = None) -> None:
    """Compare one epoch in the engine and in the reference network."""
    twin, rule = reference.layers_of(net), rule or KINDS[kind]
    loop = Loop(net, rule, batch, data, loss)
    history = loop.run()
    x, labels = data[0][loop.order].astype(np.float64), data[1][loop.order].tolist()
    batches = [(x[i : i + batch], labels[i : i + batch]) for i in range(0, len(x), batch)]
    rates = [rule.schedule.learning_rate] * len(batches)
    descent, gradients, ties = naive.Descent(kind, epsilon=EPSILON), [], []
    for one, rate in zip(batches, rates, strict=True):
        ties.append(naive.ties(twin, *one, 1e-4))
        twin, found = naive.train(twin, [one], loss, descent, [rate])
        gradients += found
    means = history[:, 0] / [len(targets) for _, targets in batches]
    np.testing.assert_allclose(means, [gradient.loss for gradient in gradients], rtol=2e-4, atol=1e-6)
    np.testing.assert_allclose(net.parameters, reference.flatten(twin), rtol=2e-4, atol=2e-5)
    # Equal except for rows in which rounding decides which output is largest.
    assert (np.abs(history[:, 1] - [gradient.right for gradient in gradients]) <= ties).all()


@pytest.mark.parametrize("kind", KINDS)
def test_a_loop_cut_in_pieces_gives_the_same_bits(kind: str) -> None:
    nets = [pl.Network([pl.Dense(8, "relu"), pl.Dense(3, "softmax")], input_shape=(20,), seed=4) for _ in range(2)]
    data = images(61, 20)
    whole, pieces = (Loop(net, KINDS[kind], 4, data, "cross_entropy") for net in nets)
    history = whole.run()
    parts = [pieces.run(0, 1), pieces.run(1, 7), pieces.run(7)]
    assert np.concatenate(parts).tobytes() == history.tobytes()
    assert nets[0].parameters.tobytes() == nets[1].parameters.tobytes()


@pytest.mark.parametrize("threads", [1] if PLAIN else [1, 2, 3])
@pytest.mark.parametrize("width", [6, 80], ids=["narrow", "wide"])
@pytest.mark.parametrize("kind", ["sgd", "adam"])
def test_a_loss_that_is_not_finite_ends_the_loop_before_its_step(kind: str, width: int, threads: int) -> None:
    x, labels = images(40, 20)
    net = pl.Network([pl.Dense(width, "relu"), pl.Dense(3, "softmax")], input_shape=(20,), seed=4)
    loop = Loop(net, KINDS[kind], 8, (x, labels), "cross_entropy", threads)
    assert len(loop.run(0, 2)) == 2
    before = net.parameters.copy()
    net.parameters[-1] = np.nan
    history = loop.run(2)
    assert len(history) == 1
    assert np.isnan(history[0, 0])
    np.testing.assert_array_equal(net.parameters[:-1], before[:-1])
    net.parameters[...] = before
    again = loop.run(2)
    assert len(again) == 3
    assert np.isfinite(again).all()
    assert np.isfinite(net.parameters).all()


def test_correct_outputs_are_counted_before_the_step() -> None:
    x, labels = images(50, 12)
    net = pl.Network([pl.Dense(3, "softmax")], input_shape=(12,), seed=4)
    loop = Loop(net, SGD(0.1), 50, (x, labels), "cross_entropy")
    correct = int((net(x).argmax(axis=1) == labels).sum())
    assert loop.run()[0, 1] == correct


@pytest.mark.skipif(PLAIN, reason="slow in plain Python")
@pytest.mark.parametrize("small", [False, True], ids=["floats", "bytes"])
@pytest.mark.parametrize("batch", [5, 45, TILE + 22])
@pytest.mark.parametrize("kind", ["sgd", "adam"])
def test_wide_layers_on_any_number_of_threads(kind: str, batch: int, small: bool) -> None:
    levels = np.random.default_rng(3).integers(-600, 256, (170, 91)).clip(0)
    labels = np.arange(170) % 3
    x: Any = levels.astype(np.uint8) if small else levels.astype(np.float32) / np.float32(255)
    layers = [pl.Dense(264, "tanh"), pl.Dense(257, "tanh"), pl.Dense(3, "softmax")]
    nets = [pl.Network(layers, input_shape=(91,), seed=4) for _ in range(4)]
    loops = [Loop(net, KINDS[kind], batch, (x, labels), "cross_entropy", 1 + i) for i, net in enumerate(nets[:3])]
    histories = [loop.run() for loop in loops]
    assert {net.parameters.tobytes() for net in nets[:3]} == {nets[0].parameters.tobytes()}
    assert {history.tobytes() for history in histories} == {histories[0].tobytes()}
    steps = [loops[0].order[i : i + batch] for i in range(0, 170, batch)]
    truth = [float(gradient_step(nets[3], kind, levels[step] / 255, labels[step])) for step in steps[:1]]
    np.testing.assert_allclose(histories[0][:1, 0] / len(steps[0]), truth, rtol=2e-4)
    one = Loop(pl.Network(layers, input_shape=(91,), seed=4), KINDS[kind], batch, (x, labels), "cross_entropy", 2)
    one.run(0, 1)
    np.testing.assert_allclose(one.net.parameters, nets[3].parameters, rtol=2e-4, atol=2e-6)


def gradient_step(net: pl.Network, kind: str, x: npt.NDArray[np.float64], labels: npt.NDArray[np.int64]) -> float:
    """Take one step in float64 with whole matrices; return the mean loss before it."""
    weights = [(layer.weight.astype(np.float64).T, layer.bias.astype(np.float64)) for layer in net.layers]  # type: ignore[attr-defined]
    values = [x]
    for w, b in weights[:-1]:
        values.append(np.tanh(values[-1] @ w + b))
    logits = values[-1] @ weights[-1][0] + weights[-1][1]
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    delta = (p - np.eye(3)[labels]) / len(x)
    for layer, (w, _), a in zip(net.layers[::-1], weights[::-1], values[::-1], strict=True):
        for memory, gradient in ((layer.weight, (a.T @ delta).T), (layer.bias, delta.sum(axis=0))):  # type: ignore[attr-defined]
            memory -= 0.3 * gradient if kind == "sgd" else 0.01 * gradient / (abs(gradient) + EPSILON)
        delta = delta @ w.T * (1 - a * a)
    return float(-np.log(p[np.arange(len(x)), labels]).mean())
