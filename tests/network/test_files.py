from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import save as to_bytes

import pellucid as pl
from hostile import DEEP, DEPTHS, EXTREMES, exchanged, places, rewritten, without
from pellucid.network.files import MAX_BYTES

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


@pytest.mark.skipif(sys.platform == "win32", reason="devices and pipes as Unix has them")
@pytest.mark.parametrize("read", [pl.load, lambda path: pl.Trainer.resume(path, pl.data.load("digits").train)])
@pytest.mark.parametrize("name", ["/dev/zero", "/dev/null", "pipe", "link"])
def test_devices_and_pipes_are_refused_at_once(read, name, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("/dev/zero")
    with pytest.raises(pl.FileFormatError, match=r"cannot be read: it is a device or a pipe"):
        read(tmp_path / name)


def test_a_file_too_large_is_not_read(tmp_path):
    with (tmp_path / "large").open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(pl.FileFormatError, match=r"has 2,147,483,649 bytes; a network file has at most"):
        pl.load(tmp_path / "large")


def test_a_folder_and_a_missing_file(tmp_path):
    with pytest.raises(pl.FileFormatError, match="cannot be read"):
        pl.load(tmp_path)
    with pytest.raises(pl.ConfigurationError, match="digits-sigmoid"):
        pl.load(tmp_path / "nothing.safetensors")


NETWORKS = {
    "dense": pl.Network(
        [pl.Dense(5, "tanh"), pl.Dense(3, "softmax")], input_shape=(2, 3), classes=["a", "b", "c"], level_range=(0, 9)
    ),
    "planes": pl.Network(
        [pl.Conv2d(2, 3, padding=1), pl.MaxPool2d(2), pl.AvgPool2d(2, 1), pl.Dropout(0.1), pl.Flatten(), pl.Dense(3)],
        input_shape=(8, 8),
    ),
    "sequences": pl.Network(
        [pl.RNN(2, "relu"), pl.LSTM(3, outputs="last"), pl.Dense(3, "softmax")], input_shape=(None, 4)
    ),
}


def answers(content: bytes) -> str | None:
    """Return the message of the typed error; None if the network can be read, used and saved again."""
    path = Path("made.safetensors")
    path.write_bytes(content)
    try:
        net = pl.load(path)
    except pl.FileFormatError as error:
        return str(error)
    shape = (5, net.input_shape[1]) if net.input_shape[0] is None else net.input_shape
    assert np.isfinite(net(np.zeros(shape))).all()
    assert net.trace(np.zeros(shape)).outputs.shape == net(np.zeros(shape)).shape
    assert pl.Network.from_configuration(json.loads(json.dumps(net.configuration()))).classes == net.classes
    pl.save(net, "again.safetensors")
    assert pl.load("again.safetensors").record == net.record or net.record != net.record  # NaN is not itself
    return None


@pytest.mark.parametrize("kind", NETWORKS)
def test_every_field_with_every_value(kind, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    net = NETWORKS[kind].copy()
    net.record = {"data": "digits", "images": 3, "augment": None}
    pl.save(net, "net.safetensors")
    content = Path("net.safetensors").read_bytes()
    told = {"version": 1, "network": net.configuration(), "record": net.record}
    assert answers(content) is None
    refused = 0
    for path in places(told):
        for value in EXTREMES:
            made = rewritten(content, "pellucid", lambda _, path=path, value=value: exchanged(told, path, value))
            refused += answers(made) is not None
        for depth in DEPTHS:
            made = rewritten(content, "pellucid", lambda _, path=path, n=depth: exchanged(told, path, DEEP.format(n)))
            assert answers(made) is not None
    assert refused > 10 * sum(1 for _ in places(told["network"]))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("version",), True),
        (("version",), 2),
        (("record",), []),
        (("record",), {"deep": DEEP.format(300)}),
        (("network", "seed"), -1),
        (("network", "seed"), 1.0),
        (("network", "level_range"), [0, float("nan")]),
        (("network", "level_range"), [1, 0]),
        (("network", "level_range"), [False, True]),
        (("network", "level_range"), [0, 1, 2]),
        (("network", "classes"), ["a", "b", 3]),
        (("network", "classes"), ["a", "b", ["c"]]),
        (("network", "classes"), ["a", "b"]),
        (("network", "classes"), "abc"),
        (("network", "input_shape"), [True, 6]),
        (("network", "input_shape"), []),
        (("network", "layers"), [[]]),
        (("network", "layers"), [{"kind": "dense", "out_features": 5}] * 1001),
        (("network", "layers", 0, "kind"), "matmul"),
        (("network", "layers", 0, "kind"), []),
        (("network", "layers", 0, "out_features"), True),
        (("network", "layers", 0, "activation"), {}),
        (("network", "layers", 0, "unheard_of"), 1),
        (("network", "unheard_of"), 1),
        (("unheard_of",), 1),
    ],
    ids=str,
)
def test_the_error_names_the_field(stored, tmp_path, path, value):
    place = tmp_path / "odd.safetensors"
    place.write_bytes(rewritten(stored, "pellucid", lambda told: exchanged(told, path, value)))
    with pytest.raises(pl.FileFormatError, match=str(path[-1])) as caught:
        pl.load(place)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("path", [("version",), ("network",), ("network", "layers"), ("network", "input_shape")])
def test_what_is_missing_is_named(stored, tmp_path, path):
    place = tmp_path / "odd.safetensors"
    place.write_bytes(rewritten(stored, "pellucid", lambda told: without(told, path)))
    with pytest.raises(pl.FileFormatError, match=f"{path[-1]} is missing"):
        pl.load(place)


def test_what_may_be_left_out(stored, tmp_path):
    place = tmp_path / "short.safetensors"
    for path in (("record",), ("network", "seed"), ("network", "level_range"), ("network", "classes")):
        place.write_bytes(rewritten(stored, "pellucid", lambda told, path=path: without(told, path)))
        assert pl.load(place).input_shape == (2, 3)
