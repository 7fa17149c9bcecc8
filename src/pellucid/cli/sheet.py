"""The first layer's weights as pictures, for the terminal and as one PNG."""

from __future__ import annotations

import io
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pellucid.cli.colours import signed_colour
from pellucid.errors import ConfigurationError
from pellucid.inspect.names import feature_names

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont, ImageFont

    BaseImageFont = FreeTypeFont | ImageFont

    from pellucid.network.network import Network

Floats = NDArray[np.float32]

_PAPER, _INK, _GREY = (255, 255, 255), (20, 20, 20), (110, 110, 110)
_MARGIN, _GAP, _LINE = 24, 16, 22
_MOST_NEURONS = 256
_SMALLEST = 16
"""Fewest inputs without a shape that are taken for the pixels of a square picture."""


def first_weights(net: Network) -> Floats | None:
    """Return the first layer's weights (neurons, H, W), or None if its inputs do not form a picture.

    For a convolution these are its filters, with one picture per filter and channel.
    """
    weight = net.layers[0].named().get("weight")
    if weight is not None and weight.ndim == 4:
        return np.ascontiguousarray(weight).reshape(-1, *weight.shape[2:])
    shape = net.input_shape[1:] if len(net.input_shape) == 3 and net.input_shape[0] == 1 else net.input_shape
    if len(shape) == 1 and feature_names(net) is None and round(shape[0] ** 0.5) ** 2 == shape[0] >= _SMALLEST:
        shape = (round(shape[0] ** 0.5),) * 2
    if weight is None or len(shape) != 2 or weight.ndim != 2 or weight.shape[1] != shape[0] * shape[1]:
        return None
    return np.ascontiguousarray(weight).reshape(-1, *shape)


def seers(net: Network) -> str:
    """Return what the first layer's weights belong to: neuron or filter."""
    return "filter" if net.layers[0].kind == "conv2d" else "neuron"


def shrunk(pictures: Floats) -> Floats:
    """Return the means of 2x2 weights. An odd last row or column is dropped."""
    count, height, width = pictures.shape
    even = pictures[:, : height // 2 * 2, : width // 2 * 2]
    means: Floats = even.reshape(count, height // 2, 2, width // 2, 2).mean(axis=(2, 4))
    return means


def contact_sheet(name: str, net: Network) -> bytes:
    """Draw all pictures of the first layer and their colour scale on one sheet, as PNG.

    Raises
    ------
    ConfigurationError
        If the inputs of the first layer do not form a picture.
    """
    pictures = first_weights(net)
    if pictures is None:
        raise ConfigurationError(f"The inputs of the first layer of {name} form no picture: there is nothing to draw.")
    from PIL import Image, ImageDraw

    shown = pictures[:_MOST_NEURONS]
    scale = float(np.abs(shown).max()) or 1.0
    square = max(1, 140 // max(shown.shape[1:]))
    height, width = shown.shape[1] * square, shown.shape[2] * square
    across = min(len(shown), max(4, round(len(shown) ** 0.5)))
    down = -(-len(shown) // across)
    head = _MARGIN + 3 * _LINE
    size = (2 * _MARGIN + across * (width + _GAP) - _GAP, head + down * (height + _LINE + _GAP) + _MARGIN - _GAP)
    sheet = Image.new("RGB", (max(size[0], 480), size[1]), _PAPER)
    draw = ImageDraw.Draw(sheet)
    _head(draw, sheet, f"{name}: weights of the first layer, {len(shown)} of {len(pictures)} {seers(net)}s", scale)
    for number, picture in enumerate(shown):
        corner = (_MARGIN + number % across * (width + _GAP), head + number // across * (height + _LINE + _GAP))
        draw.text(corner, f"{seers(net)} {number}", fill=_GREY, font=_font(13))
        sheet.paste(_picture(picture / scale, square), (corner[0], corner[1] + _LINE - 3))
    buffer = io.BytesIO()
    sheet.save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()


def _head(draw: ImageDraw, sheet: Image, title: str, scale: float) -> None:
    """Draw the title, and a colour bar with its values."""
    draw.text((_MARGIN, _MARGIN - 6), title, fill=_INK, font=_font(16))
    top, left, length = _MARGIN + _LINE, _MARGIN, 200
    low, high = f"{-scale:.2f} lowers the sum", f"+{scale:.2f} raises it"
    draw.text((left, top), low, fill=_GREY, font=_font(13))
    left += int(draw.textlength(low, font=_font(13))) + 8
    sheet.paste(_picture(np.linspace(-1, 1, length)[None, :].repeat(14, axis=0), 1), (left, top + 1))
    draw.text((left + length + 8, top), high, fill=_GREY, font=_font(13))


def _picture(values: NDArray[np.floating], square: int) -> Image:
    """Draw values from -1 to 1 in colour, each as a square of the given size in pixels."""
    from PIL import Image

    palette = np.array([signed_colour(step / 127) for step in range(-127, 128)], np.uint8)
    colours = palette[np.rint(127 * np.clip(values, -1, 1)).astype(int) + 127]
    return Image.fromarray(colours.repeat(square, axis=0).repeat(square, axis=1))


@cache
def _font(size: int) -> BaseImageFont:
    from PIL import ImageFont

    return ImageFont.load_default(size)
