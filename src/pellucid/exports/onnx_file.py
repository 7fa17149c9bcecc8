"""Networks as ONNX files."""

from __future__ import annotations

import json
from os import PathLike
from typing import Literal

import numpy as np

from pellucid.errors import ConfigurationError
from pellucid.exports.onnx_graph import Graph
from pellucid.exports.onnx_images import add_image_layer
from pellucid.exports.onnx_sequences import add_sequence_layers
from pellucid.network.files import describe
from pellucid.network.network import Network
from pellucid.system.arguments import as_path
from pellucid.system.atomic_write import write_whole

_MOST = (1 << 29) - (1 << 20)
"""Parameters in a file: it has at most 2 GiB."""

DType = Literal["float32", "uint8"]
_DTYPES: dict[str, type[np.generic]] = {"float32": np.float32, "uint8": np.uint8}


def to_onnx(net: Network, path: str | PathLike[str], *, dtype: DType = "float32") -> None:
    """Write a network to an ONNX file.

    The graph takes "input", ``(N, *input_shape)``, levels as the network takes them, and gives "output" (N, ...). A
    network of sequences takes a padded batch (N, T, D) and "lengths" (N,), int32; in the padding its outputs are 0.
    Level range, class names, layers and training record are metadata, from which `from_onnx` makes the same network,
    bit for bit.

    Parameters
    ----------
    net : Network
    path : path
        An existing file there is replaced only once the new one is complete.
    dtype : {"float32", "uint8"}
        The type of the inputs. Bytes of a network without a level range are from 0 to 255.

    Raises
    ------
    ConfigurationError
        If the package ``onnx`` is missing, for another type, and for a network too large for a file of 2 GiB.
    OSError
        If the file cannot be written; what was there before is untouched.

    Examples
    --------
    >>> import pellucid as pl
    >>> pl.to_onnx(pl.load("digits-relu"), "digits.onnx")  # doctest: +SKIP
    >>> pl.from_onnx("digits.onnx")  # doctest: +SKIP
    <Network 784-16-16-10: 13,002 parameters>
    """
    write_whole(as_path("to_onnx", path), onnx_bytes(net, dtype))


def onnx_bytes(net: Network, dtype: DType = "float32") -> bytes:
    """What `to_onnx` writes."""
    if not isinstance(net, Network):
        raise ConfigurationError(f"to_onnx expected a network, got {type(net).__name__}.")
    if dtype not in _DTYPES:
        raise ConfigurationError(f"to_onnx expected dtype as one of {', '.join(_DTYPES)}; got {dtype!r}.")
    if net.parameter_count > _MOST:
        raise ConfigurationError(f"An ONNX file holds at most {_MOST:,} parameters, got {net.parameter_count:,}.")
    graph = Graph()
    sides = [side for side in net.input_shape if side is not None]
    if net.input_shape[0] is None:
        if dtype != "float32":
            raise ConfigurationError("A network of sequences takes frames as they are: leave dtype at float32.")
        last = add_sequence_layers(graph, list(enumerate(net.layers)), net.output_shape)
        inputs = [graph.value("input", np.float32, ["N", "T", *sides]), graph.value("lengths", np.int32, ["N"])]
    else:
        last = _add_image_layers(graph, net, dtype)
        inputs = [graph.value("input", _DTYPES[dtype], ["N", *sides])]
    graph.add("Identity", last, name="output")
    gives: list[str | int] = ["T" if side is None else side for side in net.output_shape]
    outputs = [graph.value("output", np.float32, ["N", *gives])]
    return graph.content(inputs, outputs, _metadata(net))


def _add_image_layers(graph: Graph, net: Network, dtype: str) -> str:
    x, takes = "input", net.input_shape
    low, high = net.level_range or (0.0, 255.0 if dtype == "uint8" else 1.0)
    if dtype == "uint8":
        x = graph.add("Cast", x, name="input.float32", to=1)
    if low:
        x = graph.add("Sub", x, graph.constant("level.of.0", np.float32(low)), name="input.from.0")
    if high - low != 1.0:
        x = graph.add("Div", x, graph.constant("level.span", np.float32(high - low)), name="input.to.1")
    for n, layer in enumerate(net.layers):
        x, takes = add_image_layer(graph, x, n, layer, takes), layer.output_shape(takes)
    return x


def _metadata(net: Network) -> dict[str, str]:
    levels = {} if net.level_range is None else {"level_range": json.dumps(net.level_range)}
    return {"pellucid": describe(net), "classes": json.dumps(net.classes)} | levels
