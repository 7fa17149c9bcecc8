"""Pictures made of characters: digits, weights, bars and curves."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from rich.color import Color
from rich.style import Style
from rich.text import Text

from pellucid.cli.colours import signed_colour
from pellucid.cli.terminal import Look

Floats = NDArray[np.floating]

_SHADES = " .:-=+*#%@"
_HALVES = " ▀▄█"
_EIGHTHS = " ▏▎▍▌▋▊▉█"
_HEIGHTS = "▁▂▃▄▅▆▇█"
FAINT, STRONG = 0.15, 0.5
"""Without colour: the shares of the largest weight above which a weight is drawn as a sign, and as a strong sign."""


def grey_picture(levels: Floats, look: Look) -> list[Text]:
    """Draw levels (H, W) from 0, dark, to 1, light, with two rows of pixels per line."""
    upper, lower = _pairs(np.clip(levels, 0, 1))
    if look == "colour":
        steps = np.rint(31 * np.stack([upper, lower])).astype(int)
        return [
            _cells([_grey_style(a, b) for a, b in zip(*rows, strict=True)])
            for rows in zip(*steps.tolist(), strict=True)
        ]
    if look == "blocks":
        halves = (upper >= 0.5) + 2 * (lower >= 0.5)
        return [Text("".join(_HALVES[half] for half in row)) for row in halves]
    shades = np.rint((upper + lower) / 2 * (len(_SHADES) - 1)).astype(int)
    return [Text("".join(_SHADES[shade] for shade in row)) for row in shades]


def signed_picture(values: Floats, look: Look) -> list[Text]:
    """Draw values (H, W) from -1 to 1, dark blue to light amber, with two rows of pixels per line.

    Without colour, each line shows the sign of the larger magnitude: ``=`` ``-`` below zero, ``+`` ``#`` above.
    """
    upper, lower = _pairs(np.clip(values, -1, 1))
    if look == "colour":
        steps = np.rint(20 * np.stack([upper, lower])).astype(int)
        return [
            _cells([_signed_style(a, b) for a, b in zip(*rows, strict=True)])
            for rows in zip(*steps.tolist(), strict=True)
        ]
    stronger = np.where(np.abs(upper) >= np.abs(lower), upper, lower)
    signs = np.digitize(stronger, [-STRONG, -FAINT, FAINT, STRONG])
    return [Text("".join("=- +#"[sign] for sign in row)) for row in signs]


def signed_legend(look: Look, scale: float) -> Text:
    """Return the legend of `signed_picture` for values from ``-scale`` to ``scale``."""
    low, high = f"{-scale:.2f} ", f" +{scale:.2f}"
    if look == "colour":
        return Text.assemble(low, *((" ", Style(bgcolor=_signed(step))) for step in range(-20, 21, 2)), high)
    return Text(
        f"= below {-STRONG * scale:.2f}, - below {-FAINT * scale:.2f}, + above {FAINT * scale:.2f}, "
        f"# above {STRONG * scale:.2f}"
    )


def bar(share: float, width: int, unicode: bool) -> str:
    """Draw a bar of ``width`` characters, filled to ``share``."""
    share = min(max(share, 0.0), 1.0)
    if not unicode:
        return ("#" * round(share * width)).ljust(width)
    whole, rest = divmod(round(share * width * 8), 8)
    return ("█" * whole + _EIGHTHS[rest] * (rest > 0)).ljust(width)


def curve(values: list[float], width: int, unicode: bool) -> str:
    """Draw at most ``width`` values, always with the last one, as heights on one line."""
    if not unicode or not values:
        return ""
    chosen = [values[round(i)] for i in np.linspace(0, len(values) - 1, min(width, len(values)))]
    low, high = min(values), max(values)
    span = high - low or 1.0
    return "".join(_HEIGHTS[int((value - low) / span * (len(_HEIGHTS) - 1) + 0.5)] for value in chosen)


def cropped(image: Floats, side: int = 22) -> Floats:
    """Crop an image to the ``side`` by ``side`` part with its ink; return it whole if the ink does not fit."""
    rows, columns = (_window(np.flatnonzero(image.any(axis=axis)), image.shape[1 - axis], side) for axis in (1, 0))
    return image[rows, columns]


def fitted(image: Floats, side: int) -> Floats:
    """Scale a picture to at most ``side`` by ``side``. Smaller pictures stay unchanged."""
    height, width = image.shape
    if max(height, width) <= side:
        return image
    from PIL import Image

    scale = side / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(Image.fromarray(np.asarray(image, np.float32)).resize(size, Image.Resampling.BOX))


def _window(ink: NDArray[np.intp], length: int, side: int) -> slice:
    first, past = (int(ink[0]), int(ink[-1]) + 1) if len(ink) else (length // 2, length // 2)
    if past - first > side or length <= side:
        return slice(0, length)
    begin = min(max((first + past - side) // 2, 0), length - side)
    return slice(begin, begin + side)


def _pairs(values: Floats) -> tuple[Floats, Floats]:
    """Return the even rows and the odd rows; an unpaired last row is paired with zeros."""
    if len(values) % 2:
        values = np.vstack([values, np.zeros_like(values[:1])])
    return values[0::2], values[1::2]


def _cells(styles: list[Style]) -> Text:
    return Text.assemble(*(("▀", style) for style in styles))


def _grey(step: int) -> Color:
    return Color.from_rgb(*(round(255 * step / 31),) * 3)


def _signed(step: int) -> Color:
    return Color.from_rgb(*signed_colour(step / 20))


@cache
def _grey_style(upper: int, lower: int) -> Style:
    return Style(color=_grey(upper), bgcolor=_grey(lower))


@cache
def _signed_style(upper: int, lower: int) -> Style:
    return Style(color=_signed(upper), bgcolor=_signed(lower))
