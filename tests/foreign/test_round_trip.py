"""A network, its ONNX file, and the network from that: the same bits, names and record."""

from __future__ import annotations

import json

import numpy as np
import pytest

import pellucid as pl
from exports.drawn_networks import FRAMES, IMAGES, of_frames, of_images

onnx = pytest.importorskip("onnx", reason="needs onnx: pip install '.[onnx]'")

SHIPPED = ["digits-relu", "digits-sigmoid", "digits-conv", "spoken-digits"]


def same(one: pl.Network, other: pl.Network) -> bool:
    assert one.configuration() == other.configuration()
    assert one.record == other.record
    return one.parameters.tobytes() == other.parameters.tobytes()


@pytest.mark.parametrize("name", [*IMAGES, *FRAMES, *SHIPPED])
def test_the_same_network(name, tmp_path):
    net = pl.load(name) if name in SHIPPED else of_images(name) if name in IMAGES else of_frames(name)
    if name not in SHIPPED and net.parameter_count:
        net.parameters[-1] = -0.0
        net.record = {"note": "made by hand"}
    pl.to_onnx(net, tmp_path / "net.onnx")
    assert same(pl.from_onnx(tmp_path / "net.onnx"), net)
    assert same(pl.load(tmp_path / "net.onnx"), net)


@pytest.mark.parametrize("levels", [None, (0, 9), (3.5, 200)])
def test_from_bytes(levels, tmp_path):
    net = pl.Network([pl.Conv2d(2, 2, activation="relu"), pl.Dense(3)], input_shape=(4, 4), level_range=levels)
    pl.to_onnx(net, tmp_path / "net.onnx", dtype="uint8")
    assert same(pl.from_onnx(tmp_path / "net.onnx"), net)


def test_random_networks(tmp_path):
    rng = np.random.default_rng(5)
    for seed in range(25):
        names = rng.choice(["identity", "sigmoid", "relu", "tanh"], 6)
        planes = [
            pl.Conv2d(int(rng.integers(1, 4)), int(rng.integers(1, 4)), int(rng.integers(1, 3)), 1, str(names[0])),
            pl.MaxPool2d(2) if rng.random() < 0.5 else pl.AvgPool2d(2),
            pl.Dropout(0.25),
        ]
        layers = [*(planes if rng.random() < 0.6 else []), pl.Dense(int(rng.integers(1, 5)), str(names[1]))]
        layers += [pl.Dense(int(rng.integers(1, 5)), "softmax" if rng.random() < 0.5 else str(names[2]))]
        shape = (2, 9, 8) if rng.random() < 0.5 else (9, 8)
        net = pl.Network(layers, input_shape=shape, seed=seed)
        pl.to_onnx(net, tmp_path / "net.onnx")
        assert same(pl.from_onnx(tmp_path / "net.onnx"), net)


def test_what_a_file_computes_goes_before_what_it_says(tmp_path):
    net = of_images("dense")
    pl.to_onnx(net, tmp_path / "net.onnx")
    model = onnx.load(tmp_path / "net.onnx")
    told = {each.key: each for each in model.metadata_props}
    description = json.loads(told["pellucid"].value)
    description["network"]["layers"][0]["activation"] = "relu"
    told["pellucid"].value = json.dumps(description)
    (tmp_path / "net.onnx").write_bytes(model.SerializeToString())
    other = pl.from_onnx(tmp_path / "net.onnx")
    assert other.layers[0].activation == "tanh"
    assert other.record["imported"] == "ONNX from pellucid"
    assert np.array_equal(other.parameters, net.parameters)
