from __future__ import annotations

import json
import os

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import save as to_bytes

import pellucid as pl

quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def network() -> pl.Network:
    return pl.Network([pl.Dense(5, "tanh"), pl.Dense(3, "softmax")], input_shape=(2, 3), classes=["a", "b", "c"])


@pytest.fixture(scope="module")
def stored(tmp_path_factory) -> bytes:
    path = tmp_path_factory.mktemp("files") / "net.safetensors"
    pl.save(network(), path)
    return path.read_bytes()


def test_round_trip(tmp_path):
    net = pl.Network([pl.Dense(4, "relu"), pl.Dense(2, "sigmoid")], input_shape=(3,), seed=9, level_range=(0, 9))
    net.record = {"note": "made by hand"}
    pl.save(net, tmp_path / "net.safetensors")
    other = pl.load(tmp_path / "net.safetensors")
    assert np.array_equal(other.parameters, net.parameters)
    assert other.configuration() == net.configuration()
    assert other.record == net.record
    assert np.array_equal(other([1, 5, 9]), net([1, 5, 9]))


def test_weights_are_stored_out_by_in(tmp_path):
    from safetensors.numpy import load_file

    pl.save(network(), tmp_path / "net.safetensors")
    tensors = load_file(tmp_path / "net.safetensors")
    assert tensors["layers.0.weight"].shape == (5, 6)
    assert np.array_equal(tensors["layers.0.weight"], network().layers[0].weight)


def test_writing_replaces_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "net.safetensors"
    pl.save(network(), path)
    before = path.read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        pl.save(network(), path)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


@quick
@given(data=st.data())
def test_flipped_bits_are_refused_or_change_a_number_only(tmp_path, stored, data):
    place = data.draw(st.integers(0, len(stored) - 1))
    damaged = bytearray(stored)
    damaged[place] ^= 1 << data.draw(st.integers(0, 7))
    path = tmp_path / "damaged.safetensors"
    path.write_bytes(damaged)
    try:
        net = pl.load(path)
    except pl.FileFormatError:
        return
    assert np.isfinite(net.parameters).all()


@quick
@given(data=st.data())
def test_cut_off_files_are_refused(tmp_path, stored, data):
    path = tmp_path / "cut.safetensors"
    path.write_bytes(stored[: data.draw(st.integers(0, len(stored) - 1))])
    with pytest.raises(pl.FileFormatError):
        pl.load(path)


@quick
@given(st.binary(max_size=300))
def test_arbitrary_bytes_are_refused(tmp_path, content):
    path = tmp_path / "noise.safetensors"
    path.write_bytes(content)
    with pytest.raises(pl.FileFormatError):
        pl.load(path)


def describe(**changes) -> str:
    configuration = network().configuration() | changes
    return json.dumps({"version": 1, "network": configuration, "record": {}})


def tensors(**changes) -> dict[str, np.ndarray]:
    net = network()
    named = {f"layers.{i}.{n}": v.copy() for i, layer in enumerate(net.layers) for n, v in layer.named().items()}
    return {name: tensor for name, tensor in (named | changes).items() if tensor is not None}


NAN = np.full((5, 6), np.nan, np.float32)
HUGE = [{"kind": "dense", "out_features": 1 << 60, "activation": "relu", "initialization": None}]


@pytest.mark.parametrize(
    ("held", "description"),
    [
        (tensors(**{"layers.0.bias": None}), describe()),
        (tensors(**{"layers.7.bias": np.zeros(5, np.float32)}), describe()),
        (tensors(**{"layers.0.bias": np.zeros(5, np.float64)}), describe()),
        (tensors(**{"layers.0.weight": np.zeros((6, 5), np.float32)}), describe()),
        (tensors(**{"layers.0.weight": NAN}), describe()),
        (tensors(), describe(layers=HUGE)),
        (tensors(), describe(layers=[{"kind": "dense"}])),
        (tensors(), describe(layers="abc")),
        (tensors(), describe(layers=[])),
        (tensors(), describe(input_shape=[1 << 40, 1 << 40])),
        (tensors(), describe(input_shape=[-2, -3])),
        (tensors(), describe(input_shape=None)),
        (tensors(), describe(level_range=[1, 0])),
        (tensors(), describe(classes=["a", "a", "b"])),
        (tensors(), describe(seed="x")),
        (tensors(), "{"),
        (tensors(), "[" * 100_000),
        (tensors(), json.dumps({"version": 99})),
        (tensors(), "null"),
    ],
)
def test_made_up_descriptions_are_refused(tmp_path, held, description):
    path = tmp_path / "odd.safetensors"
    path.write_bytes(to_bytes(held, {"pellucid": description}))
    with pytest.raises(pl.FileFormatError):
        pl.load(path)


def test_no_metadata_at_all(tmp_path):
    path = tmp_path / "bare.safetensors"
    path.write_bytes(to_bytes(tensors()))
    with pytest.raises(pl.FileFormatError):
        pl.load(path)


def test_a_folder_and_a_missing_file(tmp_path):
    with pytest.raises(pl.FileFormatError, match="cannot be read"):
        pl.load(tmp_path)
    with pytest.raises(pl.ConfigurationError, match="digits-sigmoid"):
        pl.load(tmp_path / "nothing.safetensors")
