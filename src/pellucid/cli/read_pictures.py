"""`pellucid read` as pictures: every intermediate step, and the boxes and answers drawn into the picture."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pellucid.cli.session import unwritable
from pellucid.errors import DataError
from pellucid.system.atomic_write import write_whole

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

    from pellucid.data.drawings import Digit

Picture = NDArray[np.float32]

_SURE, _UNSURE = (214, 40, 40), (30, 100, 220)
_DASH, _GAP = 5, (255, 255, 255)
_SMALLEST_TEXT, _LARGEST_TEXT = 12, 200
_LEAST_SIDE = 112
"""Smaller pictures are enlarged by a whole factor, so that their pixels can be seen."""


class Mark(NamedTuple):
    """What is drawn into a picture: a box (left, top, right, bottom) and its answer."""

    box: tuple[int, ...]
    answer: str
    sure: bool


def write_steps(
    folder: Path, name: str, page: int | None, steps: Mapping[str, Picture], digits: Sequence[Digit]
) -> None:
    """Write the steps of a page and of each of its digits as PNG, numbered in order.

    Raises
    ------
    DataError
        If the folder cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(
            f"Could not make the folder {folder} ({error.strerror or error}): choose another one."
        ) from error
    stem = ("picture" if name == "-" else Path(name).stem) + ("" if page is None else f"-page-{page}")
    for number, (step, picture) in enumerate(steps.items(), 1):
        _write(folder / f"{stem}-{number}-{_word(step)}.png", _grey(picture))
    for count, digit in enumerate(digits, 1):
        for number, (step, picture) in enumerate(digit.steps.items(), 1):
            _write(folder / f"{stem}-digit-{count:02}-{number}-{_word(step)}.png", _grey(picture))


def write_answers(path: Path, grey: Picture, marks: Sequence[Mark]) -> None:
    """Write a picture (H, W) with a box around each digit, dashed where it is not sure, and its answer above."""
    from PIL import ImageDraw, ImageFont

    factor = _factor(grey)
    image = _grey(grey).convert("RGB")
    draw = ImageDraw.Draw(image)
    for box, answer, sure in marks:
        left, top, right, bottom = (edge * factor for edge in box)
        colour = _SURE if sure else _UNSURE
        _draw_box(draw, (left - 2, top - 2, right + 1, bottom + 1), colour, dashed=not sure)
        size = min(max(_SMALLEST_TEXT, min((bottom - top) // 2, top - 4)), _LARGEST_TEXT)
        font: Any = ImageFont.load_default(size)
        draw.text((left, max(0, top - 3)), answer, fill=colour, font=font, anchor="lb" if top > size else "lt")
    _write(path, image)


def _draw_box(draw: ImageDraw, box: tuple[int, int, int, int], colour: tuple[int, int, int], *, dashed: bool) -> None:
    """Draw a rectangle with lines of 2 pixels."""
    left, top, right, bottom = box
    draw.rectangle(box, outline=colour, width=2)
    for at in range(left + _DASH, right - _DASH, 2 * _DASH) if dashed else ():
        for y in (top, bottom - 1):
            draw.rectangle((at, y, at + _DASH - 1, y + 1), fill=_GAP)
    for at in range(top + _DASH, bottom - _DASH, 2 * _DASH) if dashed else ():
        for x in (left, right - 1):
            draw.rectangle((x, at, x + 1, at + _DASH - 1), fill=_GAP)


def _grey(picture: Picture) -> Image:
    from PIL import Image

    levels = np.round(np.clip(picture, 0, 1) * 255).astype(np.uint8)
    factor = _factor(picture)
    return Image.fromarray(levels.repeat(factor, axis=0).repeat(factor, axis=1))


def _factor(picture: Picture) -> int:
    return max(1, math.ceil(_LEAST_SIDE / int(max(picture.shape))))


def _write(path: Path, image: Image) -> None:
    buffer = io.BytesIO()
    image.save(buffer, format="PNG")
    try:
        write_whole(path, buffer.getvalue())
    except OSError as error:
        raise unwritable(path, error) from error


def _word(step: str) -> str:
    return step.replace(" ", "-")
