"""Draw the pictures in examples/pictures: digits in pen, in chalk, on a photographed page, on a transparent background.

Usage::

    python tools/draw_examples.py examples/pictures

Every digit is drawn from the strokes below, without data from anybody else. The same command gives the same pictures,
except for rounding in different versions of the picture library.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw
from scipy import ndimage

Picture = npt.NDArray[np.float64]
Points = list[tuple[float, float]]

# Strokes of each digit through points (x, y) of a box one unit high, y downwards.
STROKES: dict[str, list[Points]] = {
    "0": [
        [(0.36, 0.03), (0.14, 0.2), (0.08, 0.55), (0.22, 0.92), (0.42, 0.95), (0.6, 0.62), (0.55, 0.2), (0.33, 0.02)]
    ],
    "1": [[(0.3, 0.04), (0.25, 0.35), (0.22, 0.7), (0.2, 0.98)]],
    "2": [[(0.12, 0.24), (0.26, 0.05), (0.5, 0.1), (0.54, 0.32), (0.36, 0.62), (0.1, 0.93), (0.34, 0.9), (0.64, 0.95)]],
    "3": [
        [
            (0.14, 0.12),
            (0.36, 0.03),
            (0.54, 0.2),
            (0.4, 0.42),
            (0.26, 0.47),
            (0.48, 0.52),
            (0.58, 0.74),
            (0.36, 0.96),
            (0.1, 0.88),
        ]
    ],
    "4": [[(0.2, 0.06), (0.14, 0.3), (0.1, 0.54), (0.36, 0.55), (0.64, 0.5)], [(0.5, 0.12), (0.46, 0.5), (0.42, 0.98)]],
    "5": [
        [(0.2, 0.12), (0.18, 0.42), (0.38, 0.4), (0.55, 0.6), (0.46, 0.88), (0.24, 0.97), (0.08, 0.88)],
        [(0.33, 0.07), (0.47, 0.06), (0.62, 0.04)],
    ],
    "6": [
        [(0.46, 0.03), (0.22, 0.28), (0.1, 0.62), (0.2, 0.92), (0.42, 0.93), (0.52, 0.72), (0.36, 0.56), (0.13, 0.7)]
    ],
    "7": [[(0.1, 0.1), (0.34, 0.1), (0.58, 0.07), (0.44, 0.4), (0.3, 0.7), (0.24, 0.98)]],
    "8": [
        [
            (0.5, 0.16),
            (0.32, 0.03),
            (0.16, 0.2),
            (0.32, 0.44),
            (0.52, 0.68),
            (0.42, 0.95),
            (0.2, 0.93),
            (0.14, 0.7),
            (0.36, 0.44),
            (0.52, 0.2),
            (0.44, 0.07),
        ]
    ],
    "9": [
        [(0.52, 0.18), (0.34, 0.05), (0.15, 0.22), (0.22, 0.46), (0.42, 0.42), (0.53, 0.2), (0.5, 0.55), (0.44, 0.97)]
    ],
}
FINE = 4


def curve(points: Points, steps: int = 40) -> Picture:
    """Sample a smooth curve through points (Catmull and Rom): shape (N, 2)."""
    knots = np.array([points[0], *points, points[-1]])
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    pieces = []
    for a, b, c, d in zip(knots, knots[1:], knots[2:], knots[3:], strict=False):
        pieces.append(b + t / 2 * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a))))
    return np.concatenate([*pieces, knots[-1:]])


def write(
    text: str, shape: tuple[int, int], height: float, pen: float, rng: np.random.Generator, spacing: float = 0.95
) -> Picture:
    """Write digits in one row in the middle of an empty sheet: ink coverage in 0..1, shape (H, W)."""
    sheet = Image.new("L", (shape[1] * FINE, shape[0] * FINE))
    canvas = ImageDraw.Draw(sheet)
    left = (shape[1] - height * spacing * (len(text) - 1) - 0.65 * height) / 2
    for index, digit in enumerate(text):
        size = height * rng.uniform(0.92, 1.08)
        corner = (left + index * spacing * height, (shape[0] - size) / 2 + height * rng.uniform(-0.07, 0.07))
        slant, bend = rng.uniform(0.0, 0.16), rng.normal(0, 0.012, 2)
        for points in STROKES[digit]:
            line = curve(points)
            line = line + bend * np.sin(5 * line[:, ::-1])
            line[:, 0] += slant * (0.5 - line[:, 1])
            pressure = 1 + 0.18 * np.sin(np.linspace(rng.uniform(0, 3), rng.uniform(4, 8), len(line)))
            for (x, y), radius in zip(line * size + corner, pen / 2 * pressure, strict=True):
                canvas.ellipse(
                    [FINE * (x - radius), FINE * (y - radius), FINE * (x + radius), FINE * (y + radius)], 255
                )
    return np.asarray(sheet.reduce(FINE), np.float64) / 255


def paint(ink: Picture, paper: tuple[float, float, float], pen: tuple[float, float, float]) -> Picture:
    """Put ink of one colour on paper of another: shape (H, W, 3)."""
    return np.asarray(ink[..., None] * np.array(pen) + (1 - ink[..., None]) * np.array(paper))


def photographed(page: Picture, rng: np.random.Generator) -> Picture:
    """Simulate a photo of a page: uneven light, the shadow of a hand, a soft lens, grain."""
    y, x = np.mgrid[0 : 1 : page.shape[0] * 1j, 0 : 1 : page.shape[1] * 1j]
    light = 1.02 - 0.45 * x - 0.15 * y
    light *= 1 - 0.3 / (1 + np.exp(-(y + 0.9 * x - 1.25) / 0.02))
    seen = ndimage.gaussian_filter(page * light[..., None], (0.9, 0.9, 0))
    return seen + rng.normal(0, 0.015, seen.shape)


def ruled(shape: tuple[int, int], gap: float, slope: float) -> Picture:
    """Draw the lines of a notebook: coverage in 0..1, shape (H, W)."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    away = np.abs((y - slope * x - 0.3 * gap + gap / 2) % gap - gap / 2)
    return np.clip(1.2 - away, 0, 1)


def draw(folder: Path) -> None:
    """Draw every picture into a folder."""
    rng = np.random.default_rng(381)
    folder.mkdir(parents=True, exist_ok=True)

    ink = write("381", (200, 420), 110, 10, rng)
    _save(paint(ink, (1, 1, 1), (0.08, 0.1, 0.25)), folder / "381.png")

    ink = write("5", (160, 160), 100, 9, rng)
    _save(paint(ink, (1, 1, 1), (0, 0, 0)), folder / "5.png")

    page = paint(write("20746", (420, 760), 120, 8, rng, 0.9), (0.96, 0.94, 0.88), (0.12, 0.17, 0.45))
    lines = 0.45 * ruled(page.shape[:2], 74, 0.012)[..., None]
    page = np.minimum(page, page * (1 - lines) + lines * np.array([0.5, 0.62, 0.85]))
    _save(photographed(page, rng), folder / "20746-photo.jpg")

    board = paint(write("956", (240, 460), 130, 12, rng), (0.13, 0.25, 0.19), (0.92, 0.93, 0.88))
    _save(board + ndimage.gaussian_filter(rng.normal(0, 0.12, board.shape[:2]), 2)[..., None], folder / "956-chalk.jpg")

    ink = write("47", (150, 240), 95, 9, rng)
    see_through = np.dstack([np.full((*ink.shape, 3), (1.0, 0.85, 0.3)), ink])
    _save(see_through, folder / "47-transparent.png")


def _save(picture: Picture, path: Path) -> None:
    levels = np.clip(np.round(picture * 255), 0, 255).astype(np.uint8)
    Image.fromarray(levels).save(path, **({"quality": 82} if path.suffix == ".jpg" else {"optimize": True}))


def main() -> None:
    """Draw into the folder named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    draw(parser.parse_args().folder)


if __name__ == "__main__":
    main()
