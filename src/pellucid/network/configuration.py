"""Check the arguments of a network, and make layers from configurations."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike

from pellucid.data.foreign import array_of
from pellucid.errors import ConfigurationError, DataError, ShapeError
from pellucid.layers import LAYERS
from pellucid.layers.layer import Layer, Shape, Vector
from pellucid.programs.images import LevelRange
from pellucid.system.arguments import is_integer

_MOST = 1 << 31  # parameters: 8 GiB of float32
_LARGEST = float(np.finfo(np.float32).max)
_SMALLEST = float(np.finfo(np.float32).tiny)


def layers_of(configuration: Mapping[str, Any]) -> list[Layer]:
    """The layers of a configuration from `Network.configuration`."""
    layers = []
    for i, described in enumerate(configuration["layers"]):
        options = dict(described)
        kind = options.pop("kind", None)
        if not isinstance(kind, str) or kind not in LAYERS:
            raise ConfigurationError(f"layers[{i}].kind expected one of {', '.join(LAYERS)}; got {kind!r}.")
        known = {field.name for field in dataclasses.fields(LAYERS[kind]) if field.init}
        if unknown := sorted(map(str, options.keys() - known)):
            raise ConfigurationError(f"layers[{i}] ({kind}) has no option {', '.join(unknown)}.")
        layers.append(LAYERS[kind](**options))
    return layers


def described_size(configuration: Mapping[str, Any]) -> int:
    """The number of parameters of the configured network, without allocating them."""
    return measured(layers_of(configuration), checked_shape(configuration["input_shape"]))[0]


def measured(layers: Sequence[Layer], shape: Shape) -> tuple[int, Shape]:
    """The number of parameters of a sequence of layers, and its output shape."""
    count = 0
    for layer in layers:
        count += layer.parameter_count(shape)
        shape = layer.output_shape(shape)
    return count, shape


def checked_count(layers: Sequence[Layer], shape: Shape) -> tuple[int, Shape]:
    """`measured`; raises ShapeError if there are more parameters than any memory holds."""
    count, output_shape = measured(layers, shape)
    if count > _MOST:
        raise ShapeError(f"Network expected at most {_MOST:,} parameters, got {count:,}: use smaller layers.")
    return count, output_shape


def checked_layer(layer: Layer) -> Layer:
    """A new layer with the layer's configuration; this checks fields that may have changed since it was made."""
    if not isinstance(layer, Layer):
        raise ConfigurationError(f"Network expected layers such as pl.Dense(16), got {layer!r}.")
    return type(layer)(**layer.configuration())


def take_parameters(number: int, layer: Layer, other: Layer) -> None:
    """Copy the parameters of a layer that belongs to another network; leave the drawn ones if it belongs to none.

    Raises
    ------
    ShapeError
        If they do not fit.
    """
    if not other.is_attached:
        return
    theirs = other.named()
    for name, view in layer.named().items():
        if view.shape != theirs[name].shape:
            raise ShapeError(
                f"Layer {number} belongs to another network, with a {name} of shape {theirs[name].shape}; here it "
                f"would have {view.shape}: pass a new layer."
            )
        view[...] = theirs[name]


def checked_vector(name: str, value: ArrayLike, count: int) -> Vector:
    """``count`` finite float32 values, one per parameter."""
    array = array_of(value, name, f"{name} expected {count:,} numbers in one vector, got a ragged nest.")
    if array.dtype.kind not in "buif" or array.shape != (count,):
        raise ShapeError(f"{name} expected {count:,} numbers in one vector, got {array.dtype} {array.shape}.")
    with np.errstate(over="ignore"):
        vector: Vector = array.astype(np.float32, copy=False)
    if not np.isfinite(vector).all():
        raise DataError(f"{name} expected finite float32 numbers, got NaN, infinity or numbers too large.")
    return vector


def checked_shape(shape: Sequence[int]) -> Shape:
    """The shape of one input as integers; (None, D) for sequences of frames."""
    if isinstance(shape, list | tuple) and len(shape) == 2 and shape[0] is None:
        return cast("Shape", (None, *checked_shape(shape[1:])))
    if not isinstance(shape, list | tuple) or not all(map(is_integer, shape)):
        raise ShapeError(
            f"Network expected input_shape such as (28, 28), or (None, 20) for sequences of frames, got {shape!r}."
        )
    checked = tuple(int(side) for side in shape)
    if not checked or min(checked) < 1 or math.prod(checked) > 1 << 24:
        raise ShapeError(f"Network expected an input_shape of 1 to {1 << 24:,} inputs, got {shape!r}.")
    return checked


def checked_range(level_range: LevelRange | None) -> LevelRange | None:
    """The levels that mean 0 and 1, as floats."""
    if level_range is None:
        return None
    try:
        low, high = (float(level) for level in level_range)
    except (TypeError, ValueError):
        low = high = math.nan
    # The levels and their span have to be float32, the engine's type.
    if isinstance(level_range, str) or not (
        low < high and max(abs(low), abs(high), high - low) < _LARGEST and high - low > _SMALLEST
    ):
        raise ConfigurationError(f"Network expected level_range (low, high) with low < high, got {level_range!r}.")
    return low, high


def default_names(count: int) -> tuple[str, ...]:
    """The names of ``count`` outputs that have no others."""
    return tuple(map(str, range(count)))


def listed(names: Sequence[str]) -> str:
    """Names in one line; of many, the first few."""
    shown = ", ".join(names[:6])
    return f"{shown}, ... ({len(names)} in all)" if len(names) > 6 else shown


def checked_classes(classes: Sequence[str] | None, count: int) -> tuple[str, ...]:
    """The names of ``count`` outputs, by default their numbers."""
    given = default_names(count) if classes is None else classes
    try:
        names = tuple(map(str, given))
    except TypeError:
        names = ()
    if len(names) != count or len(set(names)) != count:
        raise ConfigurationError(f"Network expected {count} different names as classes, got {classes!r}.")
    return names
