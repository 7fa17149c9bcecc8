"""Calls of the public API with arguments of any type, size and shape: refused with a typed error, or served."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import pellucid as pl
from hostile import EXTREMES
from tools.fuzz.campaign import ACCEPTED, Campaign, Case, Tally
from tools.fuzz.mutations import FRAMES, Rng, any_size, chance, pick

_RNG = np.random.default_rng(0)
_IMAGES = _RNG.random((12, 6, 6)).astype(np.float32)
_FRAMES = [_RNG.random((5, 4)).astype(np.float32) for _ in range(12)]
_LABELS = [k % 3 for k in range(12)]
_LARGEST = 1 << 8
"""Of the sizes between small and absurd: larger ones rightly take memory and time."""

_LONG = ("count", "epochs")
"""Arguments that rightly take long if they are large."""

_LONGEST = 100

_ARRAYS: list[Any] = [
    np.zeros(0), np.zeros((0, 6, 6)), np.zeros((6, 6)), np.zeros((1, 6, 6)), np.zeros((2, 36)), np.zeros((2, 3, 4, 5)),
    np.full((6, 6), np.nan), np.full((6, 6), np.inf), np.full((6, 6), 1e300), np.full((6, 6), -1e-300),
    np.zeros((6, 6), "c8"), np.zeros((6, 6), "M8[s]"), np.array([["a"] * 6] * 6), np.array([None] * 36, object),
    np.zeros((6, 6), np.float16), np.zeros((6, 6), np.longdouble), np.zeros((6, 6), ">f4"),
    np.zeros((6, 12))[:, ::2],
    np.zeros((6, 6)).T[::-1], np.zeros((6, 6), "i4,f4"), np.ma.MaskedArray(np.zeros((6, 6)), True),
    np.array(3), np.zeros((1,) * 32),
    np.broadcast_to(np.float32(0), (6, 6)), np.zeros((6, 6), bool), np.full((6, 6), 1 << 62), [[1, 2], [3]], [[]],
    np.zeros((5, 4)), np.zeros((3, 5, 4)), [np.zeros((5, 4)), np.zeros((2, 4))], [np.zeros((5, 4)), np.zeros((2, 3))],
    range(6), iter(()), b"abc", bytearray(36), memoryview(bytes(36)), {1, 2}, {"a": 1}, print, object(), type,
]  # fmt: skip


class _Call(NamedTuple):
    """A public function with arguments that are right, and what is done with the result."""

    function: Callable[..., Any]
    arguments: dict[str, Any]
    use: Callable[[Any], Any] = lambda made: None


def _layer(shape: Any) -> Callable[[Any], Any]:
    return lambda layer: pl.Network([layer, pl.Dense(3, "softmax")], input_shape=shape)


def _steps(trainer: pl.Trainer) -> None:
    trainer.take_steps(2)
    list(trainer.run(1))


def calls() -> list[_Call]:
    """Return calls that all succeed."""
    layers = [pl.Dense(4, "relu"), pl.Dense(3, "softmax")]
    dense = pl.Network(layers, input_shape=(6, 6))
    lstm = pl.Network([pl.LSTM(3), pl.Dense(3, "softmax")], input_shape=FRAMES)
    images, spoken = pl.data.Dataset(_IMAGES, _LABELS), pl.data.Sequences(_FRAMES, [[1, 2]] * 12)
    trainer = pl.Trainer(dense.copy(), images, batch_size=5)
    options = {"optimizer": pl.SGD(0.1), "batch_size": 4, "seed": 0, "threads": 1}
    return [
        _Call(pl.Dense, {"out_features": 3, "activation": "relu", "initialization": "he_normal"}, _layer((6, 6))),
        _Call(pl.Conv2d, {"out_channels": 2, "kernel_size": (3, 3), "stride": 1, "padding": (1, 0)}, _layer((6, 6))),
        _Call(pl.MaxPool2d, {"kernel_size": (2, 2), "stride": 2}, _layer((6, 6))),
        _Call(pl.AvgPool2d, {"kernel_size": 2, "stride": (1, 2)}, _layer((6, 6))),
        _Call(pl.Dropout, {"rate": 0.5}, _layer((6, 6))),
        _Call(pl.LSTM, {"hidden_size": 3, "bidirectional": True, "outputs": "mean"}, _layer(FRAMES)),
        _Call(pl.GRU, {"hidden_size": 3, "bidirectional": True, "outputs": "last"}, _layer(FRAMES)),
        _Call(pl.RNN, {"hidden_size": 3, "activation": "relu", "bidirectional": False}, _layer(FRAMES)),
        _Call(pl.Network, {"layers": layers, "input_shape": (6, 6), "seed": 1, "level_range": (0, 1)}),
        _Call(pl.Network, {"layers": layers, "input_shape": (6, 6), "classes": ["a", "b", "c"]}),
        _Call(pl.SGD, {"learning_rate": 0.1, "decay": 0.0}),
        _Call(pl.Momentum, {"learning_rate": 0.1, "momentum": 0.9, "nesterov": True}),
        _Call(pl.Adam, {"learning_rate": 0.1, "beta1": 0.9, "beta2": 0.99, "epsilon": 1e-8}),
        _Call(pl.Constant, {"learning_rate": 0.1}),
        _Call(pl.Step, {"learning_rate": 0.1, "every": 2, "factor": 0.5}),
        _Call(pl.Cosine, {"learning_rate": 0.1, "floor": 0.1}),
        _Call(pl.WarmUp, {"learning_rate": 0.1, "epochs": 2, "then": pl.Cosine(0.1)}),
        _Call(pl.Augment, {"shift": 1.0, "rotation": 5.0, "scale": 0.1, "elastic": 1.0, "elastic_sigma": 4.0}),
        _Call(pl.data.Dataset, {"images": _IMAGES, "labels": _LABELS, "classes": list("abc"), "level_range": (0, 1)}),
        _Call(pl.data.Sequences, {"frames": _FRAMES, "labels": [[1, 2]] * 12, "classes": list("abc")}),
        _Call(images.split, {"fraction": 0.5, "seed": 0}),
        _Call(pl.Trainer, {"net": dense.copy(), "data": images, "loss": "squared", **options}, _steps),
        _Call(pl.Trainer, {"net": lstm.copy(), "data": spoken, "loss": "ctc", "clip": 1.0, **options}, _steps),
        _Call(trainer.take_steps, {"count": 2}),
        _Call(trainer.run, {"epochs": 1, "validation": images, "patience": 2, "progress": 0.1}, list),
        _Call(trainer.restore, {"snapshot": trainer.snapshot()}),
        _Call(dense, {"x": _IMAGES[0]}),
        _Call(dense.read, {"x": _IMAGES[0]}),
        _Call(dense.trace, {"x": _IMAGES[0]}),
        _Call(dense.gradient, {"x": _IMAGES[:2], "labels": [0, 1], "loss": "cross_entropy"}),
        _Call(dense.reset, {"seed": 3}),
        _Call(lstm, {"x": np.stack(_FRAMES[:2]), "lengths": [5, 3]}),
        _Call(lstm.trace, {"x": _FRAMES[0]}),
        _Call(lstm.gradient, {"x": _FRAMES[:2], "labels": [[1], [2]], "loss": "ctc", "lengths": None}),
        _Call(lambda frames: lstm.stream().feed(frames), {"frames": _FRAMES[0]}),
        _Call(lambda value: setattr(dense, "parameters", value), {"value": dense.parameters.copy()}),
        _Call(lambda rate: setattr(trainer, "learning_rate", rate), {"rate": 0.1}),
        _Call(pl.load, {"source": "digits-sigmoid"}),
        _Call(pl.data.load, {"source": "digits", "test_fraction": 0.2}),
    ]  # fmt: skip


def prepare(folder: Path) -> Case:
    """Return the case."""
    every = calls()

    def case(rng: Rng) -> Tally:
        call = pick(rng, every)
        arguments = dict(call.arguments)
        for _ in range(1 + chance(rng, 0.2)):
            name = pick(rng, sorted(arguments))
            value = _value(rng)
            if not (name in _LONG and isinstance(value, int) and value > _LONGEST):
                arguments[name] = value
        call.use(call.function(**arguments))
        return ACCEPTED

    return case


def _value(rng: Rng) -> Any:
    match int(rng.integers(8)):
        case 0 | 1 | 2:
            return pick(rng, EXTREMES)
        case 3:
            return any_size(rng, _LARGEST)
        case 4:
            return tuple(int(side) - 1 for side in rng.integers(0, 9, int(rng.integers(1, 4))))
        case 5:
            return np.float64(np.exp(rng.normal(0, 20)))
    return pick(rng, _ARRAYS)


CAMPAIGN = Campaign("calls with arguments of any type, size and shape", prepare, share=60)
