"""Networks as ONNX files: ONNX Runtime computes what the network computes."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pellucid as pl
from exports.drawn_networks import FRAMES, IMAGES, drawn, images_for, of_frames, of_images

onnx = pytest.importorskip("onnx", reason="needs onnx: pip install '.[onnx]'")


def run(path: Path, **inputs: np.ndarray) -> Any:
    """Return what ONNX Runtime computes, without its optimisations and with them; both have to agree."""
    runtime = pytest.importorskip("onnxruntime", reason="needs onnxruntime")
    levels, found = runtime.GraphOptimizationLevel, []
    for level in (levels.ORT_DISABLE_ALL, levels.ORT_ENABLE_ALL):
        options = runtime.SessionOptions()
        options.graph_optimization_level = level
        options.log_severity_level = 3
        session = runtime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        found.append(session.run(None, inputs)[0])
    assert np.allclose(*found, rtol=1e-5, atol=2e-6)
    return found[1]


@pytest.mark.parametrize("name", IMAGES)
def test_images(name, tmp_path):
    net = of_images(name)
    images = images_for(net)
    pl.to_onnx(net, tmp_path / "net.onnx")
    outputs = run(tmp_path / "net.onnx", input=images)
    assert outputs.shape == (len(images), *net.output_shape)
    assert np.allclose(outputs, net(images), rtol=1e-5, atol=2e-6)


@pytest.mark.parametrize("levels", [None, (0, 9), (3, 200)])
def test_bytes(levels, tmp_path):
    net = drawn([pl.Conv2d(2, 2), pl.Dense(3)], input_shape=(4, 4), level_range=levels)
    images = np.random.default_rng(0).integers(0, 256, (5, 4, 4), dtype=np.uint8)
    pl.to_onnx(net, tmp_path / "net.onnx", dtype="uint8")
    assert np.allclose(run(tmp_path / "net.onnx", input=images), net(images), rtol=1e-5, atol=2e-5)


@pytest.mark.parametrize("name", FRAMES)
def test_padded_batches(name, tmp_path):
    net = of_frames(name)
    frames = np.random.default_rng(3).normal(size=(5, 9, 3)).astype(np.float32)
    lengths = np.array([9, 4, 1, 7, 9], np.int32)
    pl.to_onnx(net, tmp_path / "net.onnx")
    outputs = run(tmp_path / "net.onnx", input=frames, lengths=lengths)
    expected = net(frames, lengths=lengths)
    assert outputs.shape == expected.shape
    assert np.allclose(outputs, expected, rtol=1e-5, atol=2e-6)


def test_what_the_file_says_of_the_network(tmp_path):
    net = of_images("levels")
    pl.to_onnx(net, tmp_path / "net.onnx")
    model = onnx.load(tmp_path / "net.onnx")
    onnx.checker.check_model(model, full_check=True)
    told = {each.key: each.value for each in model.metadata_props}
    assert json.loads(told["classes"]) == list(net.classes)
    assert json.loads(told["level_range"]) == [-1.5, 9]
    assert model.producer_name == "pellucid"
    assert [each.name for each in model.graph.input] == ["input"]
    assert {each.name for each in model.graph.initializer} >= {"layers.0.weight", "layers.2.bias"}


@pytest.mark.parametrize(
    ("net", "options", "message"),
    [
        ("digits-relu", {}, "expected a network, got str"),
        (of_images("dense"), {"dtype": "int32"}, "dtype as one of float32, uint8"),
        (of_frames("lstm"), {"dtype": "uint8"}, "leave dtype at float32"),
    ],
)
def test_wrong_arguments_are_refused(net, options, message, tmp_path):
    with pytest.raises(pl.ConfigurationError, match=message):
        pl.to_onnx(net, tmp_path / "net.onnx", **options)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif("PELLUCID_DATA" not in os.environ, reason="needs MNIST: set PELLUCID_DATA")
@pytest.mark.parametrize("name", ["digits-relu", "digits-sigmoid", "digits-conv"])
def test_all_of_mnist(name, tmp_path):
    net, images = pl.load(name), pl.data.load("mnist").test.images
    pl.to_onnx(net, tmp_path / "net.onnx", dtype="uint8")
    outputs, expected = run(tmp_path / "net.onnx", input=images), net(images)
    assert np.abs(outputs - expected).max() < 1e-5
    assert np.array_equal(outputs.argmax(axis=1), expected.argmax(axis=1))
