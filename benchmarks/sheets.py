"""Whole sheets of digits as people write them: rows, forms, tables and sudoku grids, in many hands, inks and lights.

Each sheet has one writer: one height, slant and width of digits, one pen. Two of three are MNIST's test digits, and the
others are printed, in fonts that no shipped network was trained on. ``reading.py`` reads them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from ink import Case, Digits, Kind, Picture, Random, cropped, penned, put, scaled

FONTS = ("DejaVuSerif-Italic.ttf", "cmr10.ttf", "STIXGeneral.ttf", "STIXGeneralBol.ttf")
PRINTED = 0.33
INKS = ((0.1, 0.1, 0.12), (0.1, 0.15, 0.5), (0.6, 0.1, 0.1), (0.35, 0.35, 0.38), (0.12, 0.35, 0.2))
PAPERS = ((0.98, 0.98, 0.97), (0.93, 0.9, 0.82), (0.85, 0.86, 0.88), (0.96, 0.93, 0.7))


@dataclass(frozen=True)
class Hand:
    """How one writer, or one font, forms digits ``height`` pixels tall."""

    digits: Digits
    height: int
    slant: float
    width: float
    pen: float | None
    font: ImageFont.FreeTypeFont | None

    def digit(self, rng: Random, size: float = 1.0) -> tuple[Picture, str]:
        """Return the ink of a random digit, and which it is."""
        if self.font is not None:
            label = str(rng.integers(10))
            return printed(self.font, label), label
        i = int(rng.integers(len(self.digits.labels)))
        height = size * self.height * rng.uniform(0.9, 1.1)
        image = self.digits.images[i]
        ink = scaled(image, height) if self.pen is None else penned(image, height, self.pen)
        return slanted(ink, self.slant, self.width), str(self.digits.labels[i])


@dataclass
class Sheet:
    """What is on a sheet: what is printed on it, what is written, and the digits in reading order."""

    lines: Picture
    ink: Picture
    text: str = ""

    @classmethod
    def of(cls, height: float, width: float) -> Sheet:
        """Return an empty sheet."""
        shape = (round(height), round(width))
        return cls(np.zeros(shape, np.float32), np.zeros(shape, np.float32))

    def write(self, rng: Random, hand: Hand, count: int, left: float, base: float, gap: float) -> float:
        """Write digits side by side that stand on a line, and return where the last one ends."""
        for _ in range(count):
            part, label = hand.digit(rng)
            put(self.ink, part, base - part.shape[0] + rng.normal(0, 0.03) * hand.height, left)
            left += part.shape[1] + gap * rng.uniform(0.7, 1.4)
            self.text += label
        return left

    def level(self, y: float, left: float, right: float, width: int) -> None:
        """Draw a level line."""
        self.lines[round(y) : round(y) + width, round(left) : round(right)] = 1

    def upright(self, x: float, top: float, bottom: float, width: int) -> None:
        """Draw an upright line."""
        self.lines[round(top) : round(bottom), round(x) : round(x) + width] = 1


Layout = Callable[[Random, Hand], Sheet]


def printed(font: ImageFont.FreeTypeFont, text: str) -> Picture:
    """Return printed text as ink."""
    left, top, right, bottom = (int(edge) for edge in font.getbbox(text))
    image = Image.new("L", (right - left + 4, bottom - top + 4))
    ImageDraw.Draw(image).text((2 - left, 2 - top), text, fill=255, font=font)
    return cropped(np.asarray(image, np.float32) / 255)


def slanted(ink: Picture, slant: float, width: float) -> Picture:
    """Return ink slanted to the right and of another width."""
    height, across = ink.shape
    reach = abs(slant) * height
    size = (max(3, round(width * across + reach) + 2), height)
    start = reach if slant > 0 else 0.0
    # Pillow asks for the place in the old picture of each place (x, y) in the new one.
    matrix = (1 / width, slant / width, -(start if slant > 0 else 0.0) / width, 0.0, 1.0, 0.0)
    moved = Image.fromarray(ink).transform(size, Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR)
    return cropped(np.asarray(moved, np.float32))


# Layouts


def rows(rng: Random, hand: Hand) -> Sheet:
    """Rows of numbers on blank or ruled paper."""
    h, lines = hand.height, int(rng.integers(3, 13))
    pitch = h * rng.uniform(1.5, 2.4)
    numbers, length = int(rng.integers(2, 5)), int(rng.integers(1, 6))
    sheet = Sheet.of((lines + 1.5) * pitch, (numbers * (length * 1.25 + 1) + 2) * h)
    ruled, far = rng.random() < 0.3, sheet.ink.shape[1]
    for line in range(lines):
        base = (line + 1.5) * pitch
        if ruled:
            sheet.level(base, 0, far, max(1, h // 25))
        left = h * rng.uniform(0.5, 1.5)
        for _ in range(numbers):
            left = sheet.write(rng, hand, int(rng.integers(1, length + 1)), left, base - 0.02 * h, 0.2 * h) + 0.8 * h
    return sheet


def form(rng: Random, hand: Hand) -> Sheet:
    """Fields one below the other: cells with a digit each, apart or side by side, and lines to write on."""
    h, fields = hand.height, int(rng.integers(2, 8))
    thick, cell, most = int(rng.integers(1, 4)), round(h * rng.uniform(1.4, 1.9)), int(rng.integers(3, 10))
    apart = int(rng.choice([0, round(0.3 * h)]))
    pitch = cell + h
    sheet = Sheet.of((fields + 0.8) * pitch, most * (cell + apart) + 3 * h)
    for field in range(fields):
        top, count, left = (field + 0.5) * pitch, int(rng.integers(1, most + 1)), h * rng.uniform(0.8, 1.8)
        if rng.random() < 0.3:
            base = top + cell
            sheet.level(base, left - 0.4 * h, left + most * (cell + apart) - h, thick)
            sheet.write(rng, hand, count, left, base - thick - 0.08 * h, 0.25 * h)
            continue
        for k in range(count):
            x = left + k * (cell + apart)
            boxed(sheet, top, x, cell, cell, thick)
            in_cell(rng, sheet, hand, 1, (top, x, cell, cell))
    return sheet


def table(rng: Random, hand: Hand) -> Sheet:
    """A table with lines all around its cells, or between its rows alone, and a number in nearly every cell."""
    h, down, across = hand.height, int(rng.integers(2, 11)), int(rng.integers(2, 7))
    digits, thick = int(rng.integers(1, 4)), int(rng.integers(1, 4))
    tall, wide = h * rng.uniform(1.4, 2), h * (digits * 1.15 + rng.uniform(0.6, 1.2))
    sheet = Sheet.of(down * tall + 1.6 * h, across * wide + 1.6 * h)
    top, left, full = 0.8 * h, 0.8 * h, rng.random() < 0.7
    for k in range(down + 1):
        sheet.level(top + k * tall, left, left + across * wide + thick, thick)
    for k in range(across + 1 if full else 0):
        sheet.upright(left + k * wide, top, top + down * tall + thick, thick)
    for row in range(down):
        for column in range(across):
            if rng.random() < 0.9:
                place = (top + row * tall, left + column * wide, tall, wide)
                in_cell(rng, sheet, hand, int(rng.integers(1, digits + 1)), place)
    return sheet


def sudoku(rng: Random, hand: Hand) -> Sheet:
    """A grid of 9 x 9 cells, of which a third to all have a digit."""
    h = hand.height
    cell = h * rng.uniform(1.35, 2)
    thin = max(1, round(cell / rng.uniform(25, 45)))
    sheet = Sheet.of(9 * cell + 1.4 * h, 9 * cell + 1.4 * h)
    start = 0.6 * h
    for k in range(10):
        thick = thin * (2 if k % 3 == 0 else 1)
        sheet.level(start + k * cell, start, start + 9 * cell + thick, thick)
        sheet.upright(start + k * cell, start, start + 9 * cell + thick, thick)
    filled = rng.uniform(0.33, 1)
    for k in range(81):
        if rng.random() < filled:
            in_cell(rng, sheet, hand, 1, (start + k // 9 * cell, start + k % 9 * cell, cell, cell))
    return sheet


def boxed(sheet: Sheet, top: float, left: float, height: float, width: float, thick: int) -> None:
    for y in (top, top + height):
        sheet.level(y, left, left + width + thick, thick)
    for x in (left, left + width):
        sheet.upright(x, top, top + height + thick, thick)


def in_cell(rng: Random, sheet: Sheet, hand: Hand, count: int, cell: tuple[float, float, float, float]) -> None:
    """Write digits in a cell (top, left, height, width), clear of its lines."""
    parts = [hand.digit(rng) for _ in range(count)]
    top, left, height, width = cell
    gap, room = 0.12 * hand.height, 0.07 * hand.height + 3
    total = sum(part.shape[1] for part, _ in parts) + gap * (count - 1)
    x = left + room + max(0.0, width - 2 * room - total) * rng.uniform(0.2, 0.8)
    for part, label in parts:
        free = max(0.0, height - 2 * room - part.shape[0])
        put(sheet.ink, part, top + room + free * rng.uniform(0.3, 0.7), x)
        x += part.shape[1] + gap
        sheet.text += label


LAYOUTS: dict[str, Layout] = {"rows": rows, "forms": form, "tables": table, "sudoku grids": sudoku}


# Paper, light and camera


def photographed(rng: Random, sheet: Sheet, light_ink: bool) -> NDArray[np.uint8]:
    """Return a sheet as a camera sees it, (H, W, 3): tilted, with ink and paper of some colour, in some light."""
    angle = rng.normal(0, 0.7)
    lines, ink = (ndimage.rotate(part, angle, reshape=False, order=1) for part in (sheet.lines, sheet.ink))
    if rng.random() < 0.5:
        sigma = rng.uniform(0.3, 1.0)
        lines, ink = (ndimage.gaussian_filter(part, sigma) for part in (lines, ink))
    paper = np.array(PAPERS[rng.integers(len(PAPERS))])
    written = np.array(INKS[rng.integers(len(INKS))])
    ruled = paper * rng.uniform(0.1, 0.7)
    strength = rng.uniform(0.7, 1.0)
    picture = paper + (ruled - paper) * np.clip(lines, 0, 1)[:, :, None]
    picture = picture + (written - picture) * (strength * np.clip(ink, 0, 1))[:, :, None]
    if light_ink:
        picture = 1 - picture
    if rng.random() < 0.6:
        picture = picture * falling(rng, lines.shape)[:, :, None]
    picture = picture + rng.normal(0, rng.uniform(0, 0.025), lines.shape)[:, :, None]
    return np.asarray(np.round(255 * np.clip(picture, 0, 1)), np.uint8)


def falling(rng: Random, shape: tuple[int, ...]) -> Picture:
    """Return light from 0.45 to 1 that falls off to one side, with a soft shadow over half of the sheets."""
    y, x = (np.linspace(-1, 1, n) for n in shape)
    turn = rng.uniform(0, 2 * np.pi)
    along = (x[None, :] * np.cos(turn) + y[:, None] * np.sin(turn) + 1.5) / 3
    light = 1 - rng.uniform(0, 0.45) * np.clip(along, 0, 1)
    if rng.random() < 0.5:
        far = (x[None, :] - rng.uniform(-1, 1)) * np.cos(turn + 1) + (y[:, None] - rng.uniform(-1, 1)) * np.sin(
            turn + 1
        )
        light = light * (1 - rng.uniform(0.05, 0.25) / (1 + np.exp(-far * rng.uniform(6, 20))))
    return np.asarray(light, np.float32)


def a_hand(rng: Random, digits: Digits) -> Hand:
    height = int(np.exp(rng.uniform(np.log(26), np.log(90))))
    slant, width = float(rng.uniform(-0.3, 0.35)), float(rng.uniform(0.8, 1.15))
    pen = None if rng.random() < 0.5 else float(height * rng.uniform(0.06, 0.14))
    return Hand(digits, height, slant, width, pen, a_font(rng, height) if rng.random() < PRINTED else None)


def a_font(rng: Random, height: int) -> ImageFont.FreeTypeFont | None:
    """Return one of the fonts whose digits are so tall; None where they are not installed."""
    try:
        import matplotlib
    except ImportError:
        return None
    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    return ImageFont.truetype(str(folder / FONTS[rng.integers(len(FONTS))]), round(height * 1.45))


def sheets_of(layout: Layout) -> Kind:
    """Return a kind of pictures: sheets of one layout, a fourth as many as are asked for; one of six in light ink."""

    def kind(rng: Random, digits: Digits, count: int) -> Iterator[Case]:
        for k in range(max(1, count // 4)):
            sheet = layout(rng, a_hand(rng, digits))
            yield Case(photographed(rng, sheet, light_ink=k % 6 == 5), sheet.text)

    return kind
