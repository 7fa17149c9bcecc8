"""A folder of drawings for tests: crosses, rings and strokes in dark ink on light paper, of any size and place."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

SHAPES = ("cross", "ring", "stroke")


def draw_shape(shape: str, rng: np.random.Generator, size: tuple[int, int] = (90, 60)) -> Image.Image:
    """One picture of (width, height): white paper, black ink, the shape in any place."""
    picture = Image.new("L", size, 255)
    draw = ImageDraw.Draw(picture)
    side = int(rng.integers(18, 36))
    left, top = (int(rng.integers(4, room - side - 4)) for room in size)
    box = (left, top, left + side, top + side)
    if shape == "ring":
        draw.ellipse(box, outline=0, width=4)
    elif shape == "cross":
        draw.line(box, fill=0, width=4)
        draw.line((left, top + side, left + side, top), fill=0, width=4)
    else:
        draw.line((left + side // 2, top, left + side // 2, top + side), fill=0, width=4)
    return picture


def make_folder(folder: Path, each: int = 40, shapes: tuple[str, ...] = SHAPES) -> Path:
    """A folder with a subfolder for each shape."""
    rng = np.random.default_rng(1)
    for shape in shapes:
        (folder / shape).mkdir(parents=True)
        for number in range(each):
            draw_shape(shape, rng).save(folder / shape / f"{number:03}.png")
    return folder
