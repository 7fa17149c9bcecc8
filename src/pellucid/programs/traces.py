"""Traces: everything that a network computed for an input, layer by layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from pellucid.errors import ShapeError
from pellucid.layers.conv2d import Conv2d
from pellucid.layers.layer import Layer


@dataclass(frozen=True)
class LayerTrace:
    """The values of one layer: ``inputs`` (N, D), weighted sums z in ``sums`` and ``activations`` a, (N, K), float32.

    In layers over planes they are (N, C, H, W): a convolution's activations are its feature maps. For a single input
    there is no batch axis.
    """

    layer: Layer
    inputs: NDArray[np.float32]
    sums: NDArray[np.float32]
    activations: NDArray[np.float32]

    def terms(self, neuron: int, y: int = 0, x: int = 0) -> NDArray[np.float32]:
        """The terms w x of one weighted sum; with the bias they add up to it.

        For a dense layer, ``neuron`` is the index of the sum, and the terms have the shape of ``inputs``. For a
        convolution it is the channel, and (y, x) the position in its feature map; the terms are (..., C, kernel
        height, kernel width), the filter's products there.

        Raises
        ------
        ShapeError
            For a layer without weights, or a position outside its feature map.
        """
        if "weight" not in self.layer.named():
            raise ShapeError(f"{type(self.layer).__name__} has no weights, so its outputs are not sums of terms.")
        weight = self.layer.named()["weight"]
        shape = self.layer.output_shape(self.layer.input_shape)
        place = (neuron, y, x) if isinstance(self.layer, Conv2d) else (neuron,)
        if not all(0 <= index < side for index, side in zip(place, shape, strict=True)):
            raise ShapeError(f"terms expected a place within {shape}, got {place}.")
        seen = window(self.layer, self.inputs, y, x) if isinstance(self.layer, Conv2d) else self.inputs
        product: NDArray[np.float32] = weight[neuron] * seen
        return product


class Traced(Protocol):
    """The part that the traces of all layers have in common."""

    @property
    def activations(self) -> NDArray[np.float32]:
        """The layer's outputs."""


L = TypeVar("L", bound=Traced)


@dataclass(frozen=True)
class Trace(Generic[L]):
    """The traces of all layers for the same input; index it by layer, or take ``outputs``."""

    layers: tuple[L, ...]

    @property
    def outputs(self) -> NDArray[np.float32]:
        """The network's outputs."""
        return self.layers[-1].activations

    def __getitem__(self, index: int) -> L:
        return self.layers[index]

    def __len__(self) -> int:
        return len(self.layers)

    def _repr_html_(self) -> str:
        """The activations of every layer as colours, for notebooks."""
        from pellucid.reports.trace import trace_html

        layers: Any = self.layers
        return trace_html(layers)


def window(layer: Conv2d, inputs: NDArray[np.float32], y: int, x: int) -> NDArray[np.float32]:
    """The inputs under a filter at one position, (..., C, kernel height, kernel width); 0 beyond the picture."""
    (down, across), (step_y, step_x), (pad_y, pad_x) = layer.geometry
    channels = layer.named()["weight"].shape[1]
    planes = inputs if inputs.ndim > 2 and inputs.shape[-3] == channels else inputs[..., None, :, :]
    edge = [(0, 0)] * (planes.ndim - 2) + [(pad_y, pad_y), (pad_x, pad_x)]
    return np.pad(planes, edge)[..., y * step_y : y * step_y + down, x * step_x : x * step_x + across]
