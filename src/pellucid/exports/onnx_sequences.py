"""Layers of sequences as nodes of an ONNX graph, for padded batches with the length of each sequence.

Values between layers are (T, N, F), time first, as ONNX's recurrent operators take them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.exports.onnx_graph import Graph
from pellucid.exports.onnx_images import ACTIVATIONS, add_activation
from pellucid.layers.dense import Dense
from pellucid.layers.gru import GRU
from pellucid.layers.layer import Layer, Shape
from pellucid.layers.recurrent import Recurrent
from pellucid.layers.rnn import RNN

GATES: dict[str, tuple[int, ...]] = {"lstm": (0, 3, 1, 2), "gru": (1, 0, 2), "rnn": (0,)}
"""Where ONNX's gates, in its order i o f c, z r h or one, are among those of this package."""

OPERATORS = {"lstm": "LSTM", "gru": "GRU", "rnn": "RNN"}


def add_sequence_layers(graph: Graph, layers: list[tuple[int, Layer]], gives: Shape) -> str:
    """Add all layers between "input" (N, T, D) with "lengths" (N,), and the output (N, T, K) or (N, K)."""
    x = graph.add("Transpose", "input", name="frames", perm=[1, 0, 2])
    for n, layer in layers:
        x = _add_dense(graph, x, n, layer) if isinstance(layer, Dense) else _add_recurrent(graph, x, n, layer)
    if gives[0] is not None:
        return x
    x = graph.add("Where", _mask(graph), x, graph.constant("zero", np.float32(0)), name="without.padding")
    return graph.add("Transpose", x, name="batch", perm=[1, 0, 2])


def _add_dense(graph: Graph, x: str, n: int, layer: Dense) -> str:
    name = f"layers.{n}"
    x = graph.add("MatMul", x, graph.constant(f"{name}.weight", layer.weight.T), name=f"{name}.products")
    sums = name if layer.activation == "identity" else f"{name}.sums"
    x = graph.add("Add", x, graph.constant(f"{name}.bias", layer.bias), name=sums)
    return add_activation(graph, x, name, layer.activation)


def _add_recurrent(graph: Graph, x: str, n: int, layer: Layer) -> str:
    assert isinstance(layer, Recurrent)
    name, last = f"layers.{n}", layer.outputs == "last"
    options = _options(layer)
    inputs = [x, *(graph.constant(f"{name}.{each}", values) for each, values in packed(layer).items()), "lengths"]
    made = graph.add(OPERATORS[layer.kind], *inputs, name=f"{name}.h", outputs=2 if last else 1, **options)
    if last:  # (directions, N, H)
        made = graph.add("Transpose", made, name=f"{name}.by.sequence", perm=[1, 0, 2])
        return graph.add("Reshape", made, graph.numbers(0, -1), name=name)
    frames = name if layer.outputs == "frames" else f"{name}.frames"
    made = graph.add("Transpose", made, name=f"{name}.by.frame", perm=[0, 2, 1, 3])  # (T, N, directions, H)
    made = graph.add("Reshape", made, graph.numbers(0, 0, -1), name=frames)
    return _add_mean(graph, made, name) if layer.outputs == "mean" else made


def _options(layer: Recurrent) -> dict[str, Any]:
    """The attributes of a recurrent operator."""
    ways = layer.directions
    options: dict[str, Any] = {"hidden_size": layer.hidden_size}
    options["direction"] = "bidirectional" if layer.bidirectional else "forward"
    if isinstance(layer, GRU):
        options["linear_before_reset"] = 1
    if isinstance(layer, RNN) and layer.activation == "identity":
        options |= {"activations": ["Affine"] * ways, "activation_alpha": [1.0] * ways, "activation_beta": [0.0] * ways}
    elif isinstance(layer, RNN):
        options["activations"] = [ACTIVATIONS[layer.activation]] * ways
    return options


def packed(layer: Recurrent) -> dict[str, NDArray[np.float32]]:
    """W (directions, G H, D), R (directions, G H, H) and B (directions, 2 G H) as ONNX stacks gates and biases."""
    stacked: dict[str, list[NDArray[np.float32]]] = {"W": [], "R": [], "B": []}
    named = layer.named()
    for way in ("", "_reverse")[: layer.directions]:
        stacked["W"].append(_reordered(named[f"weight_ih{way}"], layer.kind))
        stacked["R"].append(_reordered(named[f"weight_hh{way}"], layer.kind))
        bias = _reordered(named[f"bias{way}"], layer.kind)
        second = np.zeros_like(bias)
        if isinstance(layer, GRU):
            second[-layer.hidden_size :] = named[f"bias_hn{way}"]
        stacked["B"].append(np.concatenate([bias, second]))
    return {name: np.stack(each) for name, each in stacked.items()}


def _reordered(rows: NDArray[np.float32], kind: str) -> NDArray[np.float32]:
    gates = rows.reshape(len(GATES[kind]), -1, *rows.shape[1:])
    reordered: NDArray[np.float32] = gates[list(GATES[kind])].reshape(rows.shape)
    return reordered


def _mask(graph: Graph) -> str:
    """Which frames belong to a sequence, (T, N, 1); added once."""
    if not graph.has("mask"):
        frames = graph.add("Shape", "frames", name="frames.shape", start=0, end=1)
        frames = graph.add("Squeeze", frames, graph.numbers(0), name="frames.count")
        zero, one = graph.constant("range.0", np.int64(0)), graph.constant("range.1", np.int64(1))
        times = graph.add("Range", zero, frames, one, name="times")
        times = graph.add("Unsqueeze", times, graph.numbers(1, 2), name="times.column")
        lengths = graph.add("Cast", "lengths", name="lengths.int64", to=7)
        lengths = graph.add("Unsqueeze", lengths, graph.numbers(0, 2), name="lengths.row")
        graph.add("Less", times, lengths, name="mask")
    return "mask"


def _add_mean(graph: Graph, x: str, name: str) -> str:
    """The mean over the frames that are there, (N, F)."""
    x = graph.add("Where", _mask(graph), x, graph.constant("zero", np.float32(0)), name=f"{name}.without.padding")
    x = graph.add("ReduceSum", x, graph.numbers(0), name=f"{name}.total", keepdims=0)
    counts = graph.add("Cast", "lengths", name=f"{name}.lengths", to=1)
    counts = graph.add("Unsqueeze", counts, graph.numbers(1), name=f"{name}.lengths.column")
    return graph.add("Div", x, counts, name=name)
