"""Layers in C: their constants, the functions they need, and the calls that run them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.exports.c_text import array
from pellucid.exports.chain import Link
from pellucid.exports.quantization import most_activation, quantized
from pellucid.layers.conv2d import Conv2d
from pellucid.layers.dense import Dense
from pellucid.layers.layer import Shape
from pellucid.layers.pool2d import AvgPool2d, MaxPool2d

_IN_C = {"tanh": "hyperbolic_tangent"}
"""Names of activations that mean something else in C."""


@dataclass
class Parts:
    """What a file in C is put together from."""

    int8: bool
    snippets: dict[str, None] = field(default_factory=dict)
    constants: list[str] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    constant_bytes: int = 0
    whole_numbers: int = 0
    """Activations that are whole numbers at a time."""
    sums: int = 0
    """Sums of products that are whole numbers at a time: those of one plane."""

    def add(self, link: Link, x: str, y: str) -> None:
        """Add a layer that reads the array ``x`` and writes ``y``."""
        layer = link.layer
        if isinstance(layer, Dense):
            weights = self._weights(link, math.prod(link.takes))
            self._call("dense", f"{weights}, {x}, {y}, {math.prod(link.takes)}, {layer.out_features}", link)
        elif isinstance(layer, Conv2d):
            weights, windows = self._weights(link, layer.weight[0].size), self._windows(link, *layer.geometry)
            self.snippets["first_inside"] = None
            self.sums = max(self.sums, math.prod(link.gives[1:])) if self.int8 else 0
            self._call("conv2d", f"{weights}, {x}, {y}, {layer.out_channels}, {windows}", link)
        elif isinstance(layer, MaxPool2d | AvgPool2d):
            windows = self._windows(link, *layer.geometry, (0, 0))
            self.snippets[layer.kind] = None
            self.calls.append(f"{layer.kind}({x}, {y}, {windows});")
        if link.activation != "identity":
            self.snippets[link.activation] = None
            self.calls.append(f"{_IN_C.get(link.activation, link.activation)}({y}, {math.prod(link.gives)});")

    def _call(self, function: str, arguments: str, link: Link) -> None:
        if self.int8:
            self.snippets["quantize"] = None
            self.whole_numbers = max(self.whole_numbers, math.prod(link.takes))
            fan_in = link.layer.named()["weight"][0].size
            function, arguments = f"{function}_int8", f"{arguments}, {most_activation(fan_in)}.0f"
        self.snippets[function] = None
        self.calls.append(f"{function}({arguments});")

    def _weights(self, link: Link, fan_in: int) -> str:
        """Write the constants of a layer; return them as arguments."""
        n, named = link.number, link.layer.named()
        weight, bias = np.ascontiguousarray(named["weight"]), named["bias"]
        written: list[tuple[str, str, NDArray[Any]]] = [("float", f"bias_{n}", bias)]
        if self.int8:
            q = quantized(weight)
            written += [("int8_t", f"weight_{n}", q.weights), ("float", f"scale_{n}", q.scales)]
        else:
            written.append(("float", f"weight_{n}", weight))
        for kind, name, values in written:
            self.constants.append(array(kind, name, values))
            self.constant_bytes += values.nbytes
        return f"weight_{n}, scale_{n}, bias_{n}" if self.int8 else f"weight_{n}, bias_{n}"

    def _windows(self, link: Link, window: Shape, stride: Shape, padding: Shape) -> str:
        """Write the sides of windows; return them as an argument."""
        self.snippets["window"] = None
        channels, height, width = (1, *link.takes)[-3:]
        sides = (channels, height, width, *window, *stride, *padding, *link.gives[-2:])
        self.constants.append(f"static const Windows windows_{link.number} = {{{', '.join(map(str, sides))}}};")
        return f"&windows_{link.number}"
