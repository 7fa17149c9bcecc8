"""Damaged and made-up ONNX files: a typed error, or a network of finite numbers."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import pellucid as pl
from exports.drawn_networks import of_frames, of_images
from foreign.graphs import helper, model, node, saved, weights
from hostile import EXTREMES
from pellucid.exports.onnx_file import onnx_bytes
from pellucid.foreign.onnx_file import is_onnx
from pellucid.network.files import network_bytes, parse_parts

NAMES = ("levels", "planes"), ("both ways", "mean", "last")


@pytest.fixture(scope="module")
def contents() -> list[bytes]:
    return [*(onnx_bytes(of_images(name)) for name in NAMES[0]), *(onnx_bytes(of_frames(name)) for name in NAMES[1])]


def attempt(content: bytes, path: Any) -> bool:
    """Load a file; return whether it was a network, which then has finite numbers and runs."""
    path.write_bytes(content)
    try:
        net = pl.from_onnx(path)
    except pl.FileFormatError:
        return False
    assert np.isfinite(net.parameters).all()
    net(np.zeros((2, net.input_shape[1]) if net.input_shape[0] is None else net.input_shape, np.float32))
    return True


def test_cut_off_files(contents, tmp_path):
    rng = np.random.default_rng(0)
    for content in contents:
        for _ in range(20):
            attempt(content[: int(rng.integers(len(content)))], tmp_path / "net.onnx")


def test_flipped_bits_and_noise(contents, tmp_path):
    rng = np.random.default_rng(1)
    for content in contents:
        for _ in range(60):
            damaged = bytearray(content)
            for _ in range(int(rng.geometric(0.4))):
                damaged[int(rng.integers(len(damaged)))] ^= 1 << int(rng.integers(8))
            attempt(bytes(damaged), tmp_path / "net.onnx")
    for size in (0, 1, 2, 30, 300):
        assert not attempt(rng.bytes(size), tmp_path / "net.onnx")


def test_numbers_of_the_graph_exchanged(contents, tmp_path):
    """Attributes, sides, types and names, one at a time: what random bits of the bytes seldom reach."""
    rng = np.random.default_rng(2)
    values = (0, -1, 1, 2, 3, 7, 1 << 20, 1 << 31, (1 << 62) + 1, -(1 << 63))
    for content in contents:
        for _ in range(60):
            made = helper_model(content)
            change(rng, made.graph, values)
            attempt(made.SerializeToString(), tmp_path / "net.onnx")


def helper_model(content: bytes) -> Any:
    import onnx

    return onnx.load_model_from_string(content)


def change(rng: np.random.Generator, graph: Any, values: tuple[int, ...]) -> None:
    """Exchange one thing in a graph."""
    value = values[int(rng.integers(len(values)))]
    one = graph.node[int(rng.integers(len(graph.node)))]
    constant = graph.initializer[int(rng.integers(len(graph.initializer)))]
    match int(rng.integers(9)):
        case 0 if one.attribute:
            attribute = one.attribute[int(rng.integers(len(one.attribute)))]
            if attribute.ints:
                attribute.ints[int(rng.integers(len(attribute.ints)))] = value
            attribute.i, attribute.f = value, float(value)
        case 1 if one.attribute:
            one.attribute[0].type = int(rng.integers(1, 15))
        case 2 if constant.dims:
            constant.dims[int(rng.integers(len(constant.dims)))] = value
        case 3:
            constant.data_type = int(rng.integers(0, 24))
        case 4 if one.input:
            names = [name for each in graph.node for name in each.input]
            one.input[int(rng.integers(len(one.input)))] = names[int(rng.integers(len(names)))]
        case 5:
            one.op_type = graph.node[int(rng.integers(len(graph.node)))].op_type
        case 6:
            graph.input[0].type.tensor_type.shape.dim[-1].dim_value = value
        case 7:
            graph.node.remove(one)
        case _:
            graph.node.insert(int(rng.integers(len(graph.node) + 1)), one)


def test_descriptions_that_make_no_sense_are_not_believed(tmp_path):
    import onnx

    made = onnx.load_model_from_string(onnx_bytes(of_images("dense")))
    told = json.loads({each.key: each.value for each in made.metadata_props}["pellucid"])
    for value in EXTREMES:
        for place in ("network", "version", "record"):
            helper.set_model_props(made, {"pellucid": json.dumps(told | {place: value})})
            attempt(made.SerializeToString(), tmp_path / "net.onnx")
        for place in ("layers", "level_range", "input_shape", "classes", "seed"):
            changed = told | {"network": told["network"] | {place: value}}
            helper.set_model_props(made, {"pellucid": json.dumps(changed), "classes": json.dumps(value)})
            attempt(made.SerializeToString(), tmp_path / "net.onnx")
    helper.set_model_props(made, {"pellucid": "[" * 100_000, "classes": "{"})
    assert attempt(made.SerializeToString(), tmp_path / "net.onnx")


def test_weights_that_are_no_numbers_are_refused(tmp_path):
    for bad in (np.nan, np.inf, 1e300):
        w = weights(4, 3).astype(np.float64)
        w[1, 1] = bad
        path = saved(model([node("MatMul", "x w", "y")], {"w": w}, (None, 4)), tmp_path)
        with pytest.raises(pl.FileFormatError, match="NaN or infinite"):
            pl.from_onnx(path)


def test_networks_that_take_long_are_refused_before_they_are_made(tmp_path):
    made = model(
        [node("Conv", "x w", "a", pads=[2000] * 4), node("Conv", "a w", "y", pads=[2000] * 4)],
        {"w": weights(1, 1, 30, 30)}, (None, 1, 2000, 2000),
    )  # fmt: skip
    with pytest.raises(pl.FileFormatError, match="more than the bound"):
        pl.from_onnx(saved(made, tmp_path))


def test_a_file_is_known_by_its_content(contents, tmp_path):
    path = tmp_path / "net.safetensors"
    path.write_bytes(contents[0])
    assert pl.load(path).configuration() == of_images("levels").configuration()
    assert not is_onnx(network_bytes(of_images("dense")))
    assert all(is_onnx(content) for content in contents)
    with pytest.raises(pl.FileFormatError, match="is no ONNX file"):
        parse_parts(b"nothing", "net.onnx")
