"""Network files with random changes: they are refused with a typed error, or read one input."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import pellucid as pl
from pellucid.network.files import network_bytes
from tools.fuzz.campaign import ACCEPTED, Campaign, Case, Tally
from tools.fuzz.mutations import FRAMES, Rng, TensorFile, pick


def networks() -> list[pl.Network]:
    """Return one small network of every kind."""
    dense = [pl.Dense(4, "relu"), pl.Dense(3, "softmax")]
    planes = [pl.Conv2d(2, 3, padding=1, activation="relu"), pl.MaxPool2d(2), pl.Dropout(0.1), pl.Flatten(), *dense]
    wide = [pl.Conv2d(3, (2, 3), (1, 2)), pl.AvgPool2d((2, 1)), pl.Dense(3, "sigmoid")]
    both_ways = [pl.LSTM(3, bidirectional=True), pl.LSTM(2), pl.Dense(3, "softmax")]
    named = [pl.Dense(5, "tanh"), pl.Dropout(0.5), pl.Dense(2, "sigmoid")]
    return [
        pl.Network(dense, input_shape=(6, 6), level_range=(0, 9)),
        pl.Network(named, input_shape=(4,), classes=["a", "b"]),
        pl.Network(planes, input_shape=(8, 8)),
        pl.Network(wide, input_shape=(2, 7, 6)),
        pl.Network(both_ways, input_shape=FRAMES),
        pl.Network([pl.LSTM(3, outputs="mean"), pl.Dense(3, "softmax")], input_shape=FRAMES),
    ]  # fmt: skip


def an_input(net: pl.Network) -> np.ndarray:
    """Return an input that suits a network."""
    if net.input_shape[0] is None:
        return np.ones((2, net.input_shape[1]), np.float32)
    return np.ones(net.input_shape, np.float32)


def prepare(folder: Path) -> Case:
    """Return the case."""
    files = [TensorFile(network_bytes(net)) for net in networks()]
    path = folder / "net.safetensors"

    def case(rng: Rng) -> Tally:
        path.write_bytes(pick(rng, files).changed(rng))
        net = pl.load(path)
        x = an_input(net)
        if net.level_range is not None:
            x = np.full_like(x, net.level_range[0])
        net(x)
        return ACCEPTED

    return case


CAMPAIGN = Campaign("network files with random changes", prepare, share=250)
