"""Pellucid's results against PyTorch's, which tools/make_golden_sequences.py stored in a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import pellucid as pl
from pellucid.programs.interface import StepperOptions
from pellucid.programs.sequence_targets import Targets
from pellucid.programs.sequences_stepper import SequenceEpoch
from pellucid.training.optimizers import Adam

GOLDEN = Path(__file__).parents[1] / "golden" / "sequences.npz"
BATCH, STEPS = 4, 10

with np.load(GOLDEN, allow_pickle=False) as _file:
    STORED = {key: _file[key] for key in _file.files}
CASES: dict[str, dict[str, Any]] = json.loads(str(STORED["about"]))["cases"]


def kept(name: str) -> dict[str, npt.NDArray[Any]]:
    return {key.removeprefix(f"{name}/"): array for key, array in STORED.items() if key.startswith(f"{name}/")}


def network(name: str) -> Any:
    case = CASES[name]
    kind, options = getattr(pl, case.get("cell", "LSTM")), {"bidirectional": case["both"]}
    if "activation" in case:
        options["activation"] = case["activation"]
    layers: list[Any] = [kind(hidden, **options) for hidden in case["hidden"]]
    if case["loss"] != "ctc":
        layers[-1] = kind(case["hidden"][-1], outputs="last", **options)
    net = pl.Network([*layers, pl.Dense(4, "softmax")], input_shape=(None, 3))
    net.parameters[...] = kept(name)["start"]
    return net


def sequences(name: str) -> tuple[list[Any], list[Any]]:
    golden = kept(name)
    xs = np.split(golden["frames"], np.cumsum(golden["lengths"])[:-1])
    labels: list[Any] = np.split(golden["labels"], np.cumsum(golden["counts"])[:-1])
    return xs, labels if CASES[name]["loss"] == "ctc" else [int(label[0]) for label in labels]


@pytest.mark.parametrize("name", CASES)
def test_hidden_values_and_gradients(name: str) -> None:
    net, golden, (xs, labels) = network(name), kept(name), sequences(name)
    trace = net.trace(xs[0])
    for i in range(len(CASES[name]["hidden"])):
        np.testing.assert_allclose(trace[i].h, golden[f"hidden{i}"], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(trace[-1].sums, golden["sums"], rtol=1e-5, atol=1e-6)
    gradient = net.gradient(xs, labels)
    assert gradient.loss == pytest.approx(float(golden["loss"]), rel=1e-6)
    np.testing.assert_allclose(gradient.parameters, golden["gradient"], rtol=2e-5, atol=5e-7)
    np.testing.assert_allclose(np.concatenate(gradient.inputs), golden["by_input"], rtol=2e-5, atol=5e-7)


@pytest.mark.parametrize("name", CASES)
def test_ten_steps(name: str) -> None:
    net, golden, (xs, labels) = network(name), kept(name), sequences(name)
    data, optimizer = pl.data.Sequences(xs, labels), Adam(0.02, epsilon=1e-3)
    stepper = net.program.stepper(
        StepperOptions(optimizer, CASES[name]["loss"], BATCH, clip=CASES[name]["clip"], threads=2)
    )
    order = np.arange(STEPS * BATCH) % len(data)
    targets = Targets(data.symbols, data.label_starts, data.transcribed)
    rates = optimizer.step_rates(np.full(STEPS, 0.02), np.arange(STEPS))
    history = stepper.run(SequenceEpoch(data.flat, data.starts, targets, order), 0, STEPS, optimizer, rates)
    np.testing.assert_allclose(history[:, 0] / BATCH, golden["losses"], rtol=3e-5)
    np.testing.assert_allclose(net.parameters, golden["end"], rtol=1e-4, atol=1e-5)
