"""Networks in NumPy: at most 60 lines, no import but NumPy, and the network's outputs within float32 rounding."""

from __future__ import annotations

import ast
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pellucid as pl
from exports.drawn_networks import FRAMES, IMAGES, drawn, images_for, of_frames, of_images


def exported(net: pl.Network, folder: Path) -> dict[str, Any]:
    """Return what the network's module defines."""
    assert pl.export(net, folder / "net.py") == (folder / "net.npz", folder / "net.py")
    return runpy.run_path(str(folder / "net.py"))


@pytest.mark.parametrize("name", IMAGES)
def test_images(name, tmp_path):
    net = of_images(name)
    module, images = exported(net, tmp_path), images_for(net)
    outputs = module["read"](images)
    assert outputs.dtype == np.float32
    assert outputs.shape == (len(images), *net.output_shape)
    assert np.allclose(outputs, net(images), rtol=1e-5, atol=2e-6)
    assert np.array_equal(module["read"](images[0]), module["read"](images[:1]))
    assert tuple(module["CLASSES"]) == net.classes


@pytest.mark.parametrize("name", FRAMES)
def test_sequences(name, tmp_path):
    net = of_frames(name)
    frames = np.random.default_rng(2).normal(size=(11, 3)).astype(np.float32)
    outputs = exported(net, tmp_path)["read"](frames)
    assert outputs.dtype == np.float32
    assert outputs.shape == net(frames).shape
    assert np.allclose(outputs, net(frames), rtol=1e-5, atol=2e-6)


def test_bytes_are_levels_from_0_to_255_unless_the_network_says_otherwise(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (5, 6), dtype=np.uint8)
    for levels in (None, (0, 100)):
        net = drawn([pl.Dense(3)], input_shape=(6,), level_range=levels)
        assert np.allclose(exported(net, tmp_path)["read"](images), net(images), rtol=1e-5, atol=2e-6)


@pytest.mark.parametrize("name", ["digits-relu", "digits-sigmoid", "digits-conv", "spoken-digits", "every kind"])
def test_at_most_60_lines_with_numpy_alone(name, tmp_path):
    every_kind = [
        pl.LSTM(3),
        pl.GRU(3),
        pl.Dense(3, "relu"),
        pl.Dense(3, "tanh"),
        pl.Dense(3, "sigmoid"),
        pl.Dense(2, "softmax"),
    ]
    net = pl.Network(every_kind, input_shape=(None, 4)) if name == "every kind" else pl.load(name)
    pl.export(net, tmp_path / "net.py")
    text = (tmp_path / "net.py").read_text()
    assert len(text.splitlines()) <= 60
    assert max(map(len, text.splitlines())) <= 130
    imported = {
        node.module if isinstance(node, ast.ImportFrom) else node.names[0].name
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    assert imported <= {"numpy", "numpy.lib.stride_tricks", "pathlib"}


@pytest.mark.parametrize("name", ["digits-relu.py", "π 'of' a.py", "net.txt", "4.py"])
def test_files_of_any_name(name, tmp_path):
    net = of_images("dense")
    pl.export(net, tmp_path / name, "numpy")
    read = runpy.run_path(str(tmp_path / name))["read"]
    assert np.allclose(read(images_for(net)), net(images_for(net)), rtol=1e-5, atol=2e-6)
    text = (tmp_path / name).read_text(encoding="ascii")
    assert "runpy.run_path" in text.split('"""')[1]


def test_a_process_without_pellucid_runs_it(tmp_path):
    pl.export(pl.load("digits-relu"), tmp_path / "digits.py")
    code = f"""
import sys
sys.path.insert(0, {str(tmp_path)!r})
sys.modules["pellucid"] = None
import digits, numpy as np
print(digits.read(np.zeros((28, 28))).shape)
"""
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("(1, 10)\n", "")
