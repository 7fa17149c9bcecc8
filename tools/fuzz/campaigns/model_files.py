"""Network files with random changes: they are refused with a typed error, or read one input."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save as to_bytes

import pellucid as pl
from hostile import exchanged, places
from pellucid.network.configuration import described_size
from pellucid.network.files import network_bytes, network_tensors
from tools.fuzz.campaign import ACCEPTED, Campaign, Case, Tally, WrongResultError
from tools.fuzz.mutations import FRAMES, Rng, TensorFile, chance, changed_json, json_text, pick

_MOST_PARAMETERS = 100_000


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
        pl.Network([pl.GRU(3), pl.RNN(2, "relu"), pl.Dense(3, "softmax")], input_shape=FRAMES),
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
        file = pick(rng, files)
        path.write_bytes(_agreeing(rng, file) if chance(rng, 0.3) else file.changed(rng))
        net = pl.load(path)
        x = an_input(net)
        if net.level_range is not None:
            x = np.full_like(x, net.level_range[0])
        net(x)
        net.summary()
        path.write_bytes(network_bytes(net))
        again = pl.load(path)
        if again.parameters.tobytes() != net.parameters.tobytes() or again.configuration() != net.configuration():
            raise WrongResultError("saved and loaded, it is another network")
        return ACCEPTED

    return case


def _agreeing(rng: Rng, file: TensorFile) -> bytes:
    """Return a file with another description and with the tensors that belong to it, if there can be any."""
    described = file.described["pellucid"]
    for _ in range(int(rng.integers(1, 3))):
        described = _resized(rng, described) if chance(rng, 0.7) else changed_json(rng, described)
    try:
        if described_size(described["network"]) < _MOST_PARAMETERS:
            net = pl.Network.from_configuration(described["network"])
            return to_bytes(
                {name: np.ascontiguousarray(each) for name, each in network_tensors(net).items()},
                {"pellucid": json_text(described)},
            )
    except Exception:  # whatever the description lacks, `pl.load` has to refuse it
        pass
    return to_bytes(file.tensors, {"pellucid": json_text(described)})


def _resized(rng: Rng, described: Any) -> Any:
    """Return a description with another small number in one place, where sizes are."""
    found = [path for path in places(described) if _at_is_integer(described, path)]
    return exchanged(described, pick(rng, found), int(rng.integers(0, 8))) if found else described


def _at_is_integer(described: Any, path: tuple[str | int, ...]) -> bool:
    value = described
    for name in path:
        value = value[name]
    return type(value) is int


CAMPAIGN = Campaign("network files with random changes", prepare, share=150)
