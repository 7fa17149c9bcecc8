"""What a network computed on the way from an input to its outputs, layer by layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from pellucid.errors import ShapeError
from pellucid.layers.conv2d import Conv2d
from pellucid.layers.layer import Layer


@dataclass(frozen=True)
class LayerTrace:
    """One layer at work: ``inputs`` (N, D), ``sums`` the weighted sums z and ``activations`` a, (N, K), float32.

    Layers over planes have them as (N, C, H, W): a convolution's activations are its feature maps. For a single input
    the batch axis is left out.
    """

    layer: Layer
    inputs: NDArray[np.float32]
    sums: NDArray[np.float32]
    activations: NDArray[np.float32]

    def terms(self, neuron: int, y: int = 0, x: int = 0) -> NDArray[np.float32]:
        """Every w x of one weighted sum; with the bias they add up to it.

        For a dense layer ``neuron`` says which sum, and the terms have the shape of ``inputs``. For a convolution it
        is the channel, and (y, x) the place in its feature map: the terms (..., C, kernel height, kernel width) are
        what the filter saw there.

        Raises
        ------
        ShapeError
            For a layer without weights, or a place that its feature map does not have.
        """
        if "weight" not in self.layer.named():
            raise ShapeError(f"{type(self.layer).__name__} has no weights, so its outputs are no sums of terms.")
        weight = self.layer.named()["weight"]
        shape = self.layer.output_shape(self.layer.input_shape)
        place = (neuron, y, x) if isinstance(self.layer, Conv2d) else (neuron,)
        if not all(0 <= index < side for index, side in zip(place, shape, strict=True)):
            raise ShapeError(f"terms expected a place within {shape}, got {place}.")
        seen = _window(self.layer, self.inputs, y, x) if isinstance(self.layer, Conv2d) else self.inputs
        product: NDArray[np.float32] = weight[neuron] * seen
        return product


class Traced(Protocol):
    """What every layer's trace has."""

    @property
    def activations(self) -> NDArray[np.float32]:
        """What the layer gives."""


L = TypeVar("L", bound=Traced)


@dataclass(frozen=True)
class Trace(Generic[L]):
    """Every layer of a network at work on the same input; index it by layer, or take ``outputs``."""

    layers: tuple[L, ...]

    @property
    def outputs(self) -> NDArray[np.float32]:
        """What the network answers."""
        return self.layers[-1].activations

    def __getitem__(self, index: int) -> L:
        return self.layers[index]

    def __len__(self) -> int:
        return len(self.layers)


def _window(layer: Conv2d, inputs: NDArray[np.float32], y: int, x: int) -> NDArray[np.float32]:
    """What a convolution sees at one place, (..., C, kernel height, kernel width); beyond the picture it sees 0."""
    (down, across), (step_y, step_x), (pad_y, pad_x) = layer.geometry
    channels = layer.named()["weight"].shape[1]
    planes = inputs if inputs.ndim > 2 and inputs.shape[-3] == channels else inputs[..., None, :, :]
    edge = [(0, 0)] * (planes.ndim - 2) + [(pad_y, pad_y), (pad_x, pad_x)]
    return np.pad(planes, edge)[..., y * step_y : y * step_y + down, x * step_x : x * step_x + across]
