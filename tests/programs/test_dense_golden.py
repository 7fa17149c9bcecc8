"""Pellucid's results against PyTorch's, which tools/make_golden.py stored in a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import naive
import pellucid as pl
from pellucid.inspect import reference
from pellucid.programs.feed import Feed
from pellucid.programs.image_stepper import Batches
from pellucid.programs.image_targets import class_targets
from pellucid.programs.interface import StepperOptions
from pellucid.training.optimizers import SGD, Adam, AdamW, Momentum, Optimizer, RMSprop
from pellucid.training.schedules import Cosine, Schedule, WarmUp

GOLDEN = Path(__file__).parents[1] / "golden" / "pytorch.npz"
BATCH, STEPS = 4, 10

with np.load(GOLDEN, allow_pickle=False) as _file:
    STORED = {key: _file[key] for key in _file.files}
CASES: dict[str, dict[str, Any]] = json.loads(str(STORED["about"]))["cases"]


def kept(name: str) -> dict[str, npt.NDArray[Any]]:
    """One case's arrays."""
    return {key.removeprefix(f"{name}/"): array for key, array in STORED.items() if key.startswith(f"{name}/")}


def network(name: str) -> pl.Network:
    layers = [pl.Dense(size, activation) for size, activation in CASES[name]["layers"]]
    net = pl.Network(layers, input_shape=(kept(name)["images"].shape[1],))
    net.parameters[...] = kept(name)["start"]
    return net


def optimizer(name: str) -> Optimizer:
    options = CASES[name]["optimizer"]
    schedules: dict[str | None, float | Schedule] = {
        None: options["rate"],
        "cosine": Cosine(options["rate"]),
        "warm_up": WarmUp(options["rate"], epochs=0.5),
    }
    rate, decay = schedules[options.get("schedule")], options.get("decay", 0.0)
    if options["kind"] == "rmsprop":
        return RMSprop(rate, decay=decay)
    if options["kind"] in ("adam", "adamw"):
        beta1, beta2 = options.get("betas", (0.9, 0.999))
        kind = Adam if options["kind"] == "adam" else AdamW
        return kind(rate, beta1=beta1, beta2=beta2, epsilon=options.get("epsilon", 1e-8), decay=decay)
    if options["kind"] == "momentum":
        return Momentum(rate, momentum=options["momentum"], nesterov=options.get("nesterov", False), decay=decay)
    return SGD(rate, decay=decay)


def test_the_file_is_small_and_names_its_versions() -> None:
    assert GOLDEN.stat().st_size < 100_000
    assert json.loads(str(STORED["about"]))["torch"]
    assert len(CASES) >= 10


@pytest.mark.parametrize("name", CASES)
def test_activations_and_gradients(name: str) -> None:
    net, golden = network(name), kept(name)
    some = len(golden["by_input"])
    x, labels = golden["images"][:some], golden["labels"][:some].astype(np.int64)
    for i, step in enumerate(net.trace(x).layers):
        np.testing.assert_allclose(step.sums, golden[f"sums{i}"], rtol=1e-5, atol=2e-6)
        np.testing.assert_allclose(step.activations, golden[f"activations{i}"], rtol=1e-5, atol=2e-6)
    np.testing.assert_allclose(net(x), net.trace(x).outputs, rtol=1e-5, atol=1e-6)
    gradient = net.gradient(x, labels, CASES[name]["loss"])
    assert gradient.loss == pytest.approx(float(golden["loss"]), rel=1e-6)
    np.testing.assert_allclose(gradient.parameters, golden["gradient"], rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(gradient.inputs, golden["by_input"], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", CASES)
def test_ten_steps(name: str) -> None:
    net, golden, rule = network(name), kept(name), optimizer(name)
    feed, labels = Feed(golden["images"], None), golden["labels"].astype(np.int64)
    stepper = net.program.stepper(StepperOptions(rule, CASES[name]["loss"], BATCH, threads=1), sparse=feed.is_sparse)
    steps = np.arange(STEPS)
    rates = rule.step_rates(rule.schedule.rates(steps, STEPS, STEPS), steps)
    history = stepper.run(Batches(feed, feed.order, class_targets(labels)), 0, STEPS, rule, rates)
    sizes = np.minimum(len(labels) - steps * BATCH, BATCH)
    np.testing.assert_allclose(history[:, 0] / sizes, golden["losses"], rtol=2e-5)
    np.testing.assert_allclose(net.parameters, golden["end"], rtol=1e-4, atol=2e-5)
    assert np.abs(golden["end"] - golden["start"]).max() > 0.01


@pytest.mark.parametrize("name", CASES)
def test_the_reference_network_takes_the_same_ten_steps(name: str) -> None:
    golden, options, rule = kept(name), CASES[name]["optimizer"], optimizer(name)
    beta1, beta2 = options.get("betas", (0.9, 0.99 if options["kind"] == "rmsprop" else 0.999))
    kind = "nesterov" if options.get("nesterov") else options["kind"]
    descent = naive.Descent(
        kind, options.get("decay", 0.0), options.get("momentum", 0.9), beta1, beta2, options.get("epsilon", 1e-8)
    )
    x, labels = golden["images"].astype(np.float64), golden["labels"].tolist()
    batches = [(x[i : i + BATCH], labels[i : i + BATCH]) for i in range(0, len(x), BATCH)]
    schedule = rule.schedule.configuration()
    rates = [naive.rate_at(schedule, step, STEPS, STEPS) for step in range(STEPS)]
    layers, gradients = naive.train(reference.layers_of(network(name)), batches, CASES[name]["loss"], descent, rates)
    np.testing.assert_allclose([gradient.loss for gradient in gradients], golden["losses"], rtol=1e-6)
    np.testing.assert_allclose(reference.flatten(layers), golden["end"], rtol=1e-5, atol=1e-6)
