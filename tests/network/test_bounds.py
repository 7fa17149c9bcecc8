"""A file of a few bytes cannot describe a network that takes minutes or gigabytes, unless it is asked for."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import pellucid as pl
from pellucid.errors import FileFormatError
from pellucid.network.files import describe, network_tensors, write_tensors


def written(path: Path, layers: list[pl.layers.Layer], described: list[dict[str, object]]) -> Path:
    """Write a file with the parameters of some layers and the description of others with the same count."""
    import json

    net = pl.Network(layers, input_shape=(28, 28))
    text = json.loads(describe(net))
    text["network"]["layers"] = described
    text["network"]["classes"] = None
    write_tensors(path, network_tensors(net), {"pellucid": json.dumps(text)})
    return path


CONV = {"kind": "conv2d", "out_channels": 1, "kernel_size": 1, "stride": 1, "activation": "identity"}


@pytest.mark.parametrize(
    ("more", "bound"),
    [
        ([CONV | {"padding": 4000}], "bytes of memory"),
        ([CONV | {"padding": 500}, {"kind": "avg_pool2d", "kernel_size": 500, "stride": 1}], "multiply-adds"),
    ],
)
def test_what_takes_too_much_is_refused_at_once(more: list[dict[str, object]], bound: str, tmp_path: Path) -> None:
    path = written(tmp_path / "large.safetensors", [pl.Conv2d(1, 1)], more)
    began = time.perf_counter()
    with pytest.raises(FileFormatError, match=f"{bound}.*bounded=False"):
        pl.load(path)
    assert time.perf_counter() - began < 5


def test_the_bound_can_be_lifted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pl.save(pl.Network([pl.Dense(10)], input_shape=(28, 28)), tmp_path / "net.safetensors")
    monkeypatch.setattr("pellucid.network.files.MAX_PRODUCTS", 100)
    with pytest.raises(FileFormatError, match="7,840 multiply-adds for one input, more than the bound of 100"):
        pl.load(tmp_path / "net.safetensors")
    assert pl.load(tmp_path / "net.safetensors", bounded=False).parameter_count == 7850


def test_a_network_of_flatten_alone_gives_its_input() -> None:
    net = pl.Network([pl.Flatten()], input_shape=(2, 3))
    x = np.arange(6, dtype=np.float32).reshape(2, 3) / 6
    np.testing.assert_array_equal(net(x), x.ravel())
    np.testing.assert_array_equal(net(np.stack([x, 1 - x])), np.stack([x.ravel(), 1 - x.ravel()]))


LONG_CALL = """
import signal, sys, numpy as np, pellucid as pl
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background processes ignore it
conv = [pl.Conv2d(16, 5, padding=2, activation="relu"), pl.Conv2d(16, 5, padding=2), pl.Dense(10, "softmax")]
net = pl.Network(conv, input_shape=(28, 28))
x = np.random.default_rng(0).random((30000, 28, 28)).astype("f4")
y = np.zeros(30000, int)
net(x[:20]), net.trace(x[:20]), net.gradient(x[:20], y[:20])
print("ready", flush=True)
try:
    CALL
except KeyboardInterrupt:
    print("interrupted", flush=True)
    sys.exit(7)
"""


@pytest.mark.skipif(os.name == "nt", reason="signals are another thing there")
@pytest.mark.parametrize("call", ["net(x)", "net.trace(x[:3000])", "net.gradient(x, y)"])
def test_a_long_call_can_be_interrupted(call: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", LONG_CALL.replace("CALL", call)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "interrupted\n"
        assert process.wait(60) == 7
