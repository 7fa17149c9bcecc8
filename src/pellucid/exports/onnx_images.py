"""Layers of images as nodes of an ONNX graph."""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.exports.onnx_graph import Graph
from pellucid.layers.conv2d import Conv2d
from pellucid.layers.dense import Dense
from pellucid.layers.dropout import Dropout
from pellucid.layers.layer import Layer, Shape
from pellucid.layers.pool2d import AvgPool2d, MaxPool2d

ACTIVATIONS = {"sigmoid": "Sigmoid", "relu": "Relu", "tanh": "Tanh", "softmax": "Softmax"}


def add_image_layer(graph: Graph, x: str, n: int, layer: Layer, takes: Shape) -> str:
    """Add layer ``n``, which takes the value ``x`` (N, *takes); return the name of its output."""
    name = f"layers.{n}"
    if isinstance(layer, Dropout):
        return graph.add("Dropout", x, graph.constant(f"{name}.rate", np.float32(layer.rate)), name=name)
    if isinstance(layer, Dense):
        x = graph.add("Flatten", x, name=f"{name}.flat", axis=1) if len(takes) > 1 else x
        x = graph.add("Gemm", x, *_parameters(graph, name, layer), name=_sums(name, layer.activation), transB=1)
        return add_activation(graph, x, name, layer.activation)
    if isinstance(layer, Conv2d):
        x, (window, stride, padding) = _as_planes(graph, x, name, takes), layer.geometry
        sides: dict[str, Any] = {"kernel_shape": window, "strides": stride, "pads": [*padding, *padding]}
        x = graph.add("Conv", x, *_parameters(graph, name, layer), name=_sums(name, layer.activation), **sides)
        return add_activation(graph, x, name, layer.activation)
    if isinstance(layer, MaxPool2d | AvgPool2d):
        x, (window, stride) = _as_planes(graph, x, name, takes), layer.geometry
        operator = "MaxPool" if isinstance(layer, MaxPool2d) else "AveragePool"
        return graph.add(operator, x, name=name, kernel_shape=window, strides=stride)
    return graph.add("Flatten", x, name=name, axis=1)


def add_activation(graph: Graph, x: str, name: str, activation: str) -> str:
    """Add an activation over the last axis; return the name of its output."""
    if activation == "identity":
        return x
    axis: dict[str, Any] = {"axis": -1} if activation == "softmax" else {}
    return graph.add(ACTIVATIONS[activation], x, name=name, **axis)


def _sums(name: str, activation: str) -> str:
    """The name of a layer's weighted sums: its own, if they are its output."""
    return name if activation == "identity" else f"{name}.sums"


def _parameters(graph: Graph, name: str, layer: Layer) -> list[str]:
    return [graph.constant(f"{name}.{each}", view) for each, view in layer.named().items()]


def _as_planes(graph: Graph, x: str, name: str, takes: Shape) -> str:
    """The input as (N, C, H, W); pictures (N, H, W) have one channel."""
    return graph.add("Unsqueeze", x, graph.numbers(1), name=f"{name}.planes") if len(takes) == 2 else x
