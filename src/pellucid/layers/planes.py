"""Helpers of layers over planes: input shapes, and sizes given as one number or two."""

from __future__ import annotations

from collections.abc import Sequence

from pellucid.errors import ConfigurationError, ShapeError
from pellucid.layers.layer import Shape
from pellucid.system.arguments import is_integer

Size = int | Sequence[int]
Pair = tuple[int, int]

_LARGEST = 1 << 12


def pair(layer: str, name: str, value: Size, least: int) -> Pair:
    """One number, or two as (down, across), checked."""
    both = value if isinstance(value, list | tuple) else (value, value)
    if len(both) != 2 or not all(map(is_integer, both)):
        raise ConfigurationError(f"{layer} expected {name} to be an integer or two, (down, across); got {value!r}.")
    if not all(least <= n <= _LARGEST for n in both):
        raise ConfigurationError(f"{layer} expected {name} from {least} to {_LARGEST}, got {value!r}.")
    return int(both[0]), int(both[1])


def as_planes(layer: str, shape: Shape) -> tuple[int, int, int]:
    """The input's shape as (C, H, W); a picture (H, W) has one channel."""
    if None in shape:
        raise ShapeError(f"{layer} works on images, not on sequences of frames {shape}: use LSTM, GRU, RNN or Dense.")
    if len(shape) == 2:
        return 1, shape[0], shape[1]
    if len(shape) == 3:
        return shape[0], shape[1], shape[2]
    raise ShapeError(
        f"{layer} expected an input of shape (C, H, W) or (H, W), got {shape}: put it before the dense layers, and "
        "give the network input_shape=(28, 28) or (channels, height, width)."
    )


def windows(layer: str, shape: Shape, window: Pair, stride: Pair, padding: Pair = (0, 0)) -> Pair:
    """The number of windows that fit, down and across.

    Raises
    ------
    ShapeError
        If none does.
    """
    _, *sides = as_planes(layer, shape)
    fitting = [
        (side + 2 * more - part) // step + 1
        for side, part, step, more in zip(sides, window, stride, padding, strict=True)
    ]
    if any(side + 2 * more < part for side, part, more in zip(sides, window, padding, strict=True)):
        padded = "" if padding == (0, 0) else f" with padding {padding}"
        raise ShapeError(
            f"{layer} expected an input of at least its window {window}, got shape {shape}{padded}: use a smaller "
            "window, more padding, or fewer layers before it that shrink the picture."
        )
    return fitting[0], fitting[1]
