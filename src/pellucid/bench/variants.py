"""Pellucid compared with itself: the cost of other activations, optimisers, augmentation and parallel training."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pellucid.bench.measure import PAUSE, ROUNDS, Progress, quiet_collector, timed
from pellucid.bench.results import Variant
from pellucid.bench.work import Floats, Integers
from pellucid.data import Dataset
from pellucid.layers import Dense
from pellucid.network.network import Network
from pellucid.training.augmentation import Augment
from pellucid.training.optimizers import SGD, Adam, Momentum
from pellucid.training.parallel import train_many
from pellucid.training.trainer import Trainer

_PLAIN = "plain epoch: sigmoid, SGD, batch 32"
_CHANGED: dict[str, dict[str, Any]] = {
    _PLAIN: {},
    "ReLU": {"activation": "relu", "optimizer": SGD(0.1)},
    "momentum": {"optimizer": Momentum(0.1)},
    "Adam": {"optimizer": Adam(0.001)},
    "augmentation": {"augment": Augment.standard()},
}
_MIX = ((16, 16), (32,), (24, 12), (16, 16, 16))
"""Hidden layers of the networks trained in parallel, two of each."""


def measure_variants(
    images: Floats, labels: Integers, *, rounds: int = ROUNDS, progress: Progress | None = None
) -> list[Variant]:
    """Time epochs with one change at a time, in turns, and many networks on one core and on several.

    Parameters
    ----------
    images, labels
        Shapes (N, 784), values 0 to 1, and (N,).
    rounds, progress
        As in `measure`.
    """
    data = Dataset(np.round(255 * images).astype(np.uint8).reshape(-1, 28, 28), labels)
    singles = {name: _epoch(data, **options) for name, options in _CHANGED.items()}
    found = _compared(singles, len(data), rounds, progress)
    many = {
        f"{2 * len(_MIX)} networks, one at a time": _many(data, workers=1),
        f"{2 * len(_MIX)} networks, one a core": _many(data, workers=None),
    }
    return found + _compared(many, 2 * len(_MIX) * len(data), rounds, progress)


def _compared(
    runs: dict[str, Callable[[], object]], images: int, rounds: int, progress: Progress | None
) -> list[Variant]:
    """Let the runs take turns; the others are compared with the first."""
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    with quiet_collector():
        for number in range(rounds + 1):
            if progress:
                progress(f"Pellucid compared with itself: round {number} of {rounds}")
            for name, run in runs.items():
                took = timed(run, PAUSE)
                if number:
                    seconds[name].append(took)
    than = next(iter(runs))
    ratios = {name: [a / b for a, b in zip(own, seconds[than], strict=True)] for name, own in seconds.items()}
    return [Variant(name, than, images, seconds[name], ratios[name]) for name in runs]


def _trainer(
    data: Dataset, hidden: tuple[int, ...] = (16, 16), activation: str = "sigmoid", seed: int = 0, **options: Any
) -> Trainer:
    net = Network([*(Dense(size, activation) for size in hidden), Dense(10, "softmax")], seed=seed)
    return Trainer(net, data, **{"optimizer": SGD(1.0), "batch_size": 32, "threads": 1, **options})


def _epoch(data: Dataset, **options: Any) -> Callable[[], object]:
    """Run the next epoch of the trainer."""
    trainer = _trainer(data, **options)
    return lambda: trainer.advance(trainer.steps_per_epoch)


def _many(data: Dataset, workers: int | None) -> Callable[[], object]:
    trainers = [_trainer(data, hidden, seed=seed) for hidden in _MIX for seed in range(2)]
    return lambda: list(train_many(trainers, 1, workers=workers, on_error="raise"))
