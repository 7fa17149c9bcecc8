"""Groups of parameters with rates and decays of their own, and frozen layers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pellucid as pl

DIGITS = pl.data.load("digits").train[:600]
OPTIMIZERS = [pl.SGD(0.1), pl.SGD(0.1, decay=0.02), pl.Momentum(0.05), pl.Adam(), pl.AdamW(decay=0.1), pl.RMSprop()]


def network(kind: str = "dense") -> pl.Network:
    if kind == "conv":
        body: list[Any] = [pl.Conv2d(3, 5, activation="relu"), pl.MaxPool2d(4), pl.Flatten()]
        return pl.Network([*body, pl.Dense(12, "relu"), pl.Dense(10, "softmax")], input_shape=(28, 28), seed=2)
    return pl.Network(
        [pl.Dense(20, "relu"), pl.Dense(12, "relu"), pl.Dense(10, "softmax")], input_shape=(28, 28), seed=2
    )


def spans(net: pl.Network) -> dict[tuple[int, str], slice]:
    found, begin = {}, 0
    for number, layer in enumerate(net.layers):
        for name, view in layer.named().items():
            found[number, name] = slice(begin, begin + view.size)
            begin += view.size
    return found


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda each: each.kind)
def test_the_rate_of_a_group_is_that_of_an_optimiser_with_it(optimizer: pl.training.Optimizer) -> None:
    from dataclasses import replace

    whole = pl.Trainer(network(), DIGITS, optimizer=replace(optimizer, learning_rate=optimizer.learning_rate * 0.25))
    group = pl.Trainer(network(), DIGITS, optimizer=optimizer, groups=[pl.Group(rate=0.25)])
    for trainer in (whole, group):
        trainer.take_steps(20)
    np.testing.assert_allclose(group.net.parameters, whole.net.parameters, atol=1e-6)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("kind", ["dense", "conv"])
def test_each_group_moves_as_it_should_in_the_first_step(kind: str, threads: int) -> None:
    plain = network(kind)
    pl.Trainer(plain, DIGITS, optimizer=pl.SGD(0.1), threads=threads, batch_size=200).take_steps(1)
    net = network(kind)
    groups = [pl.Group(parameters="biases", rate=3), pl.Group(-1, rate=0.5), pl.Group([-2], "weights", rate=0)]
    pl.Trainer(net, DIGITS, optimizer=pl.SGD(0.1), threads=threads, batch_size=200, groups=groups).take_steps(1)
    before, places = network(kind).parameters, spans(net)
    last = len(net) - 1
    for (layer, name), place in places.items():
        factor = 3.0 if name == "bias" else 1.0
        if layer == last:
            factor = 0.5
        if (layer, name) == (last - 1, "weight"):
            factor = 0.0
        moved, usual = net.parameters[place] - before[place], plain.parameters[place] - before[place]
        np.testing.assert_allclose(moved, factor * usual, atol=1e-6)
        assert factor == 0 or np.abs(moved).max() > 1e-6


@pytest.mark.parametrize("optimizer", [pl.SGD(0.1, decay=0.5), pl.AdamW(0.01, decay=0.5)], ids=lambda each: each.kind)
def test_decay_spares_biases(optimizer: pl.training.Optimizer) -> None:
    spared, without = network(), network()
    for net in (spared, without):
        for layer in net.layers:
            layer.bias[...] = 1.0
    off = pl.SGD(0.1) if optimizer.kind == "sgd" else pl.AdamW(0.01, decay=0)
    pl.Trainer(spared, DIGITS, optimizer=optimizer, groups=[pl.Group(parameters="biases", decay=0)]).take_steps(1)
    pl.Trainer(without, DIGITS, optimizer=off).take_steps(1)
    for (_, name), place in spans(spared).items():
        same = np.allclose(spared.parameters[place], without.parameters[place], atol=1e-7)
        assert same == (name == "bias")


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda each: each.kind)
@pytest.mark.parametrize("kind", ["dense", "conv"])
def test_frozen_first_layers_train_as_without_the_shortcut(kind: str, optimizer: pl.training.Optimizer) -> None:
    frozen = [0] if kind == "conv" else [0, 1]
    short = pl.Trainer(network(kind), DIGITS, optimizer=optimizer, frozen=frozen)
    long = pl.Trainer(network(kind), DIGITS, optimizer=optimizer, groups=[pl.Group(frozen, rate=0)])
    events = [list(each.run(2, validation=DIGITS))[-1] for each in (short, long)]
    before = network(kind)
    np.testing.assert_allclose(short.net.parameters, long.net.parameters, atol=2e-5)
    assert events[0].test_loss == pytest.approx(events[1].test_loss, rel=1e-4)  # type: ignore[union-attr]
    for (layer, _), place in spans(before).items():
        kept = short.net.parameters[place].tobytes() == before.parameters[place].tobytes()
        assert kept == (layer in frozen)


def test_a_frozen_layer_that_somebody_changes_is_seen() -> None:
    net = network()
    trainer = pl.Trainer(net, DIGITS, optimizer=pl.SGD(0.1), frozen=0)
    trainer.take_steps(3)
    net.layers[0].weight[...] = 0.0
    net.layers[0].bias[...] = 0.0
    twin = net.copy()
    other = pl.Trainer(twin, DIGITS, optimizer=pl.SGD(0.1), groups=[pl.Group(0, rate=0)])
    other.restore(trainer.snapshot())
    np.testing.assert_allclose(trainer.take_steps(3), other.take_steps(3), rtol=1e-5)


def test_a_frozen_layer_in_the_middle_stays_and_a_divergence_leaves_it() -> None:
    net = network()
    middle = net.layers[1].weight.copy()
    trainer = pl.Trainer(net, DIGITS, optimizer=pl.Adam(0.01), frozen=[1])
    trainer.take_steps(10)
    assert (net.layers[1].weight == middle).all()
    wild = pl.Trainer(network(), DIGITS, optimizer=pl.SGD(1e30), frozen=[0])
    with pytest.raises(pl.DivergedError):
        wild.take_steps(30)
    assert np.isfinite(wild.net.parameters).all()


def test_groups_and_frozen_layers_are_in_checkpoints(tmp_path: Path) -> None:
    def make() -> pl.Trainer:
        groups = [pl.Group(parameters="biases", decay=0.0), pl.Group([2], rate=2.0)]
        return pl.Trainer(network(), DIGITS, optimizer=pl.Adam(decay=0.01), groups=groups, frozen=[0])

    whole, half = make(), make()
    whole.take_steps(10)
    half.take_steps(5)
    half.save(tmp_path / "half")
    again = pl.Trainer.resume(tmp_path / "half", DIGITS)
    assert (again.groups, again.frozen) == (half.groups, (0,))
    again.take_steps(5)
    assert again.net.parameters.tobytes() == whole.net.parameters.tobytes()


def test_sequences_have_groups_too() -> None:
    frames = [np.random.default_rng(n).standard_normal((5, 3)).astype(np.float32) for n in range(8)]
    data = pl.data.Sequences(frames, [0, 1] * 4)
    net = pl.Network([pl.LSTM(4, outputs="last"), pl.Dense(2, "softmax")], input_shape=(None, 3))
    before = net.parameters.copy()
    pl.Trainer(net, data, optimizer=pl.SGD(0.5), frozen=[0]).take_steps(4)
    for (layer, _), place in spans(net).items():
        assert (net.parameters[place] == before[place]).all() == (layer == 0)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"frozen": [3]}, "layers 0 to 2; got 3"),
        ({"frozen": "first"}, "expected their numbers"),
        ({"groups": [0.1]}, "expected pl.Group objects, got 0.1"),
        ({"groups": [pl.Group(-4)]}, "layers 0 to 2; got -4"),
        ({"groups": [pl.Group(decay=0.1)], "optimizer": pl.AdamW(decay=0)}, "expected an AdamW with decay"),
    ],
)
def test_wrong_groups_are_refused(options: dict[str, Any], told: str) -> None:
    with pytest.raises(pl.ConfigurationError, match=told):
        pl.Trainer(network(), DIGITS, **options)


@pytest.mark.parametrize(
    "options", [{"rate": -1}, {"rate": np.nan}, {"decay": -0.1}, {"parameters": "bias"}, {"layers": [0.5]}]
)
def test_wrong_fields_of_a_group_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(pl.ConfigurationError):
        pl.Group(**options)
