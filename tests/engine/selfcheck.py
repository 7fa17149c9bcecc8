"""Results that must be the same for any lane width, as a script that prints them as JSON.

Usage: ``python tests/engine/selfcheck.py``, with PELLUCID_LANES or NUMBA_DISABLE_JIT set if needed.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np

import pellucid as pl
from pellucid.engine.compiler.library import engine
from pellucid.engine.kernels import functions
from pellucid.engine.simd.lanes import LANES, PLAIN
from pellucid.programs.feed import Feed
from pellucid.programs.image_stepper import Batches
from pellucid.programs.image_targets import class_targets
from pellucid.programs.interface import StepperOptions

COUNT, BATCH, WIDTH = 21, 8, 37
CASES: dict[str, tuple[list[tuple[int, str]], str, Any]] = {
    "sgd": ([(19, "sigmoid"), (5, "softmax")], "cross_entropy", pl.SGD(0.5)),
    "adam": ([(35, "relu"), (17, "tanh"), (5, "softmax")], "cross_entropy", pl.Adam(0.01, decay=0.001)),
    "nesterov": ([(70, "tanh"), (5, "sigmoid")], "squared", pl.Momentum(0.1, nesterov=True)),
    "momentum": ([(5, "sigmoid")], "cross_entropy", pl.Momentum(0.1)),
}


def images() -> np.ndarray:
    rng = np.random.default_rng(0)
    return (rng.random((COUNT, WIDTH)) * (rng.random((COUNT, WIDTH)) < 0.4)).astype(np.float32)


def labels() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 5, COUNT)


def network(name: str) -> pl.Network:
    layers = [pl.Dense(size, activation) for size, activation in CASES[name][0]]
    return pl.Network(layers, input_shape=(WIDTH,), seed=3)


def learned(name: str) -> dict[str, Any]:
    """Outputs, gradient, losses of one epoch, and the parameters at its end."""
    net, (_, loss, optimizer) = network(name), CASES[name]
    gradient = net.gradient(images(), labels(), loss)
    results = {
        "outputs": net(images()).tolist(),
        "gradient": gradient.parameters.tolist(),
        "inputs": gradient.inputs.tolist(),
    }
    feed, steps = Feed(images(), None), -(-COUNT // BATCH)
    stepper = net.program.stepper(StepperOptions(optimizer, loss, BATCH, threads=2), sparse=feed.is_sparse)
    rates = optimizer.step_rates(np.full(steps, optimizer.learning_rate), np.arange(steps))
    history = stepper.run(Batches(feed, feed.order, class_targets(labels())), 0, steps, optimizer, rates)
    return {**results, "losses": history[:, 0].tolist(), "end": net.parameters.tolist()}


PLANES: list[Any] = [
    pl.Conv2d(5, 3, padding=1, activation="relu"), pl.MaxPool2d(2), pl.Conv2d(3, 2, (1, 2), activation="tanh"),
    pl.AvgPool2d((2, 1)), pl.Flatten(), pl.Dense(7, "relu"), pl.Dense(5, "softmax"),
]  # fmt: skip
SHAPE = (9, 8)


def pictures() -> np.ndarray:
    return np.random.default_rng(2).random((COUNT, *SHAPE)).astype(np.float32)


def planes() -> dict[str, Any]:
    """Outputs, all at once and one by one, gradient, and the losses of two training steps with dropout."""
    net = pl.Network(PLANES, input_shape=SHAPE, seed=3)
    gradient, singles = net.gradient(pictures(), labels()), [net(x).tolist() for x in pictures()[:3]]
    results = {"outputs": net(pictures()).tolist(), "single": singles, "gradient": gradient.parameters.tolist()}
    results["inputs"] = gradient.inputs.tolist()
    dropping = pl.Network([*PLANES[:4], pl.Dropout(0.3), *PLANES[4:]], input_shape=SHAPE, seed=3)
    data = pl.data.Dataset(pictures(), labels(), classes=list("abcde"))
    trainer = pl.Trainer(dropping, data, optimizer=pl.Momentum(0.05), batch_size=COUNT, seed=4)
    return {**results, "losses": trainer.take_steps(2).tolist()}


def applied() -> dict[str, list[float]]:
    """The functions over a few hundred numbers, including the ends of their ranges."""
    x = np.linspace(-87, 88, 256).astype(np.float32)
    made = {}
    for name in ("EXP", "LOG", "SIGMOID", "TANH"):
        y, given = np.zeros_like(x), np.abs(x) + 1 if name == "LOG" else x
        engine().apply(getattr(functions, name), y, given, len(x))
        made[name] = y.tolist()
    return made


def main() -> None:
    results = {
        "planes": planes(),
        "lanes": LANES,
        "plain": PLAIN,
        "functions": applied(),
        **{name: learned(name) for name in CASES},
    }
    json.dump(results, sys.stdout)


if __name__ == "__main__":
    main()
