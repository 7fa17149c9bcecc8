"""What every target needs to know of a network: its layers that compute, their shapes, and what its inputs mean."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path

from pellucid.layers.dropout import Dropout
from pellucid.layers.flatten import Flatten
from pellucid.layers.layer import Layer, Shape
from pellucid.network.network import Network

_OUTSIDE = re.compile(r"[^A-Za-z0-9]+")


@dataclass(frozen=True)
class Link:
    """A layer that computes: its number in the network, its activation, and the shapes of its input and output."""

    number: int
    layer: Layer
    activation: str
    takes: Shape
    gives: Shape


def chain(net: Network) -> list[Link]:
    """The layers of a network without those that compute nothing outside of training."""
    links, shape = [], net.input_shape
    for number, layer in enumerate(net.layers):
        takes, shape = shape, layer.output_shape(shape)
        if not isinstance(layer, Dropout | Flatten):
            links.append(Link(number, layer, getattr(layer, "activation", "identity"), takes, shape))
    return links


def identifier(path: Path) -> str:
    """A name for the network in code, made of its file's name.

    Examples
    --------
    >>> identifier(Path("out/digits-relu.c")), identifier(Path("3 layers.c")), identifier(Path("_.c"))
    ('digits_relu', 'net_3_layers', 'net')
    """
    name = _OUTSIDE.sub("_", path.stem).strip("_")
    return name if name[:1].isalpha() else f"net_{name}".rstrip("_")


def inputs_in_words(net: Network) -> str:
    """What the inputs are, in one line.

    Examples
    --------
    >>> import pellucid as pl
    >>> inputs_in_words(pl.Network([pl.Dense(2)], input_shape=(28, 28), level_range=(0, 9)))
    '784 numbers, 28 x 28, the last index fastest; 0 means 0 (paper), 9 means 1 (full ink)'
    """
    shape = [side for side in net.input_shape if side is not None]
    count = f"{math.prod(shape):,} numbers"
    sides = f", {' x '.join(map(str, shape))}, the last index fastest" if len(shape) > 1 else ""
    if net.input_shape[0] is None:
        return f"{count} a frame"
    low, high = net.level_range or (0.0, 1.0)
    meaning = f"{low:.9g} means 0 (paper), {high:.9g} means 1 (full ink)" if len(shape) > 1 else ""
    if len(shape) == 1 and (low, high) != (0.0, 1.0):
        meaning = f"{low:.9g} means 0, {high:.9g} means 1"
    return f"{count}{sides}; {meaning}" if meaning else f"{count}{sides}"
