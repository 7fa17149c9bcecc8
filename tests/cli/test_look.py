"""`pellucid look`: its output for ordinary and hostile networks, and the sheet that it saves."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import pellucid as pl
from cli.processes import Run, in_terminal


def test_layers_parameters_training_and_weights(run: Run, network: Path) -> None:
    done = run("look", network)
    assert done.code == 0
    for part in ("13,002 parameters", "a = sigmoid(W x + b)", "weight 16x784, bias 16", "12,560", "170"):
        assert part in done.out
    for part in ("digits (train), 8,000 images", "10 epochs", "cross_entropy", "sgd, learning rate 1 (constant)"):
        assert part in done.out
    assert [f"neuron {number}" in done.out for number in range(17)] == [True] * 16 + [False]
    assert "+" in done.out.split("neuron 0")[1]


def test_the_sheet_shows_every_weight_of_the_first_layer(run: Run, network: Path) -> None:
    from pellucid.cli.colours import signed_colour

    done = run("look", network, "--save", "weights.png")
    assert done.code == 0
    assert "Saved as weights.png" in done.out
    weight = pl.load(network).layers[0].weight
    assert isinstance(weight, np.ndarray)
    with Image.open("weights.png") as picture:
        sheet = np.asarray(picture.convert("RGB")).reshape(-1, 3)
    shown = {tuple(colour) for colour in sheet.tolist()}
    strongest = np.sign(weight.flat[np.abs(weight).argmax()])
    assert signed_colour(float(strongest)) in shown
    assert list(Path.cwd().iterdir()) == [Path.cwd() / "weights.png"]


def test_the_sheet_places_each_weight(network: Path) -> None:
    from pellucid.cli.sheet import contact_sheet

    net = pl.load(network)
    weight = net.layers[0].weight
    weight[...] = 0
    weight[0, 28 * 3 + 5], weight[1, 0] = 2.0, -2.0
    with Image.open(io.BytesIO(contact_sheet("net", net))) as picture:
        sheet = np.asarray(picture.convert("RGB")).astype(int)
    body = sheet[100:]
    light = np.argwhere((body == (255, 236, 168)).all(axis=2))
    dark = np.argwhere((body == (9, 33, 92)).all(axis=2))
    assert len(light) == len(dark) == 25  # a square of 5x5 pixels each
    between = dark.min(axis=0) - light.min(axis=0)
    assert between.tolist() == [-3 * 5, 140 + 16 - 5 * 5]


@pytest.mark.parametrize("width", [40, 80, 130])
def test_terminals_of_any_width(tmp_path: Path, network: Path, width: int) -> None:
    (tmp_path / "net.safetensors").write_bytes(network.read_bytes())
    shown = in_terminal("look", "net.safetensors", cwd=tmp_path, width=width)
    assert shown.code == 0, shown.text
    assert max(map(len, shown.lines)) <= width
    assert "▀" in shown.text


def test_inputs_that_are_not_a_picture(run: Run) -> None:
    pl.save(pl.Network([pl.Dense(3, "softmax")], input_shape=(7,)), "line.safetensors")
    done = run("look", "line.safetensors")
    assert (done.code, "do not form a picture" in done.out, "has no training record" in done.out) == (0, True, True)
    refused = run("look", "line.safetensors", "--save", "weights.png")
    assert refused.code == 2
    assert not Path("weights.png").exists()


def test_filters_are_drawn(run: Run) -> None:
    layers = [pl.Conv2d(3, 5, activation="relu"), pl.MaxPool2d(2), pl.Dense(10, "softmax")]
    pl.save(pl.Network(layers, input_shape=(28, 28)), "filters.safetensors")
    done = run("look", "filters.safetensors", "--save", "filters.png")
    assert done.code == 0
    for part in ("weight 3x1x5x5, bias 3", "a = the largest of each 2x2", "3 filters", "filter 2"):
        assert part in done.out
    assert "filter 3" not in done.out
    assert "neuron 0" not in done.out
    assert Path("filters.png").exists()


def test_weights_that_are_all_zero_and_a_single_neuron(run: Run) -> None:
    net = pl.Network([pl.Dense(1, "sigmoid")], input_shape=(5, 3))
    net.parameters[...] = 0
    pl.save(net, "zero.safetensors")
    assert run("look", "zero.safetensors", "--save", "zero.png").code == 0


def test_a_hostile_record_is_printed_as_text(run: Run, network: Path) -> None:
    net = pl.load(network)
    net.record = {
        "data": "\x1b[2Jdigits", "images": "many", "epochs": None, "optimizer": ["adam"], "test_accuracy": {},
        "seed": [1, {"a": None}], "\x1b[31m": 1.5, "augment": True, "loss": "\n" * 3, "seconds": float("inf"),
        "test_images": 10**400, "test_accuracy_mean": float("nan"), "test_accuracy_std": 10**400, "seeds": 1,
    }  # fmt: skip
    pl.save(net, "odd.safetensors")
    done = run("look", "odd.safetensors")
    assert (done.code, done.err) == (0, "")
    assert "\x1b" not in done.out
    assert "?[2Jdigits" in done.out


@pytest.mark.parametrize("place", ["no/such/folder/w.png", "."])
def test_a_sheet_that_cannot_be_written(run: Run, network: Path, place: str) -> None:
    done = run("look", network, "--save", place)
    assert done.code == 2
    assert done.err.startswith("error: Could not write")
    assert list(Path.cwd().iterdir()) == []


def test_a_network_of_sequences(run: Run, tmp_path: Path) -> None:
    net = pl.Network([pl.LSTM(3), pl.Dense(2, "softmax")], input_shape=(None, 4))
    pl.save(net, tmp_path / "net.safetensors")
    done = run("look", tmp_path / "net.safetensors")
    assert done.code == 0
    assert "Tx4 inputs" in done.out
    assert "weight_ih 12x4" in done.out


def test_an_onnx_file_is_shown_like_any_other(run: Run, network: Path) -> None:
    pytest.importorskip("onnx", reason="needs onnx: pip install '.[onnx]'")
    pl.to_onnx(pl.load(network), "net.onnx")
    shown = [run("look", path).out.split("\n", 1)[1] for path in (network, "net.onnx")]
    assert shown[0] == shown[1]
    Path("net.onnx").write_bytes(Path("net.onnx").read_bytes()[:5000])
    done = run("look", "net.onnx")
    assert (done.code, done.out) == (2, "")
    assert "is no ONNX file" in done.err
