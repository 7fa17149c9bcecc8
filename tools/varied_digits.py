"""Vary MNIST's digits as other writers, pens and scanners do: styles, stretch, slant, widths of strokes, noise.

MNIST's writers were of one country. `varied` adds the bar of a 7, the tail of a 9, the flag and the foot of a 1;
`european` draws whole digits as they are taught elsewhere; `seen` makes a small noisy picture of a digit, and searches
it as any other.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy import ndimage

from pellucid.data.drawings import center, find_digits
from tools import non_digits as draw

Picture = NDArray[np.float32]
Random = np.random.Generator

STYLED = 0.25
"""The share of 1s, 7s and 9s that are drawn in another style."""

# Strokes through points (x, y) of a box one unit high, y downwards; the box of a 1 is narrow.
_LOOP = [(0.55, 0.1), (0.3, 0), (0.05, 0.15), (0.05, 0.35), (0.3, 0.48), (0.55, 0.3), (0.56, 0.05)]
_WIDE_LOOP = [(0.6, 0.1), (0.3, 0), (0.05, 0.12), (0.08, 0.36), (0.35, 0.44), (0.6, 0.28), (0.6, 0.05)]
_BELLY = [(0.1, 0), (0.08, 0.42), (0.4, 0.38), (0.6, 0.6), (0.5, 0.92), (0.2, 1), (0, 0.9)]
EUROPEAN: dict[str, tuple[int, Sequence[draw.Points]]] = {
    "flagged 1": (1, [[(0, 0.4), (0.38, 0), (0.36, 1)]]),
    "long flagged 1": (1, [[(0, 0.55), (0.45, 0), (0.42, 1)]]),
    "footed 1": (1, [[(0.05, 0.25), (0.3, 0), (0.3, 1)], [(0, 1), (0.6, 1)]]),
    "open 4": (4, [[(0.25, 0), (0.1, 0.55), (0.75, 0.52)], [(0.6, 0.25), (0.55, 1)]]),
    "square 4": (4, [[(0.05, 0), (0.05, 0.5), (0.7, 0.5)], [(0.6, 0), (0.6, 1)]]),
    "closed 4": (4, [[(0.5, 1), (0.5, 0), (0, 0.65), (0.75, 0.65)]]),
    "crossed 7": (7, [[(0, 0.05), (0.6, 0), (0.25, 1)], [(0.1, 0.5), (0.65, 0.45)]]),
    "hooked 7": (7, [[(0.02, 0.2), (0.05, 0.03), (0.65, 0), (0.25, 1)]]),
    "hooked and crossed 7": (7, [[(0.02, 0.2), (0.05, 0.03), (0.65, 0), (0.3, 1)], [(0.15, 0.5), (0.6, 0.48)]]),
    "straight 9": (9, [[*_LOOP, (0.5, 1)]]),
    "tailed 9": (9, [[*_LOOP, (0.56, 0.75), (0.4, 0.98), (0.1, 0.92)]]),
    "hooked 9": (9, [[*_WIDE_LOOP, (0.64, 0.7), (0.5, 0.97), (0.2, 1), (0, 0.84)]]),
    "swept 9": (9, [[*_WIDE_LOOP, (0.62, 0.7), (0.55, 0.92), (0.3, 1), (-0.05, 1)]]),
    "flat 3": (3, [[(0.05, 0), (0.6, 0), (0.25, 0.38), (0.55, 0.5), (0.6, 0.75), (0.4, 1), (0.05, 0.92)]]),
    "straight 2": (2, [[(0.05, 0.2), (0.25, 0), (0.55, 0.1), (0.55, 0.35), (0, 1), (0.65, 1)]]),
    "capped 5": (5, [_BELLY, [(0.1, 0), (0.6, 0)]]),
}


def varied(rng: Random, image: Picture, label: int) -> Picture:
    """Return a digit of MNIST in another style, stretched, slanted, of another width of stroke, coarse or noisy."""
    ink = draw.enlarged(image)
    if label in (1, 7, 9) and rng.random() < STYLED:
        ink = np.maximum(ink, marks(rng, ink, label))
    return center(degraded(rng, transformed(rng, ink)), thicken=True)


def transformed(rng: Random, ink: Picture) -> Picture:
    """Stretch and slant."""
    image = Image.fromarray(ink)
    middle, stretch, slant = image.width / 2, np.exp(rng.uniform(-0.45, 0.45)), rng.uniform(-0.4, 0.4)
    matrix = (stretch, slant, middle * (1 - stretch - slant), 0.0, 1.0, 0.0)
    return np.asarray(image.transform(image.size, Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR))


def degraded(rng: Random, ink: Picture) -> Picture:
    """Return ink as pens and scanners of other kinds leave it: wider, narrower, coarse, hard, blurred or with gaps."""
    which = int(rng.integers(8))
    if which <= 1:
        side = int(rng.integers(11, 36))
        ink = np.asarray(Image.fromarray(ink).resize((side, side), Image.Resampling.BOX), np.float32)
        return np.round(ink * 16) / 16 if which else ink
    if which == 2:
        return draw.widened(rng, ink)
    if which == 3:
        return narrowed(rng, ink)
    if which == 4:
        return (ink > rng.uniform(0.25, 0.75)).astype(np.float32)
    if which == 5:
        return broken(rng, ink)
    return ndimage.gaussian_filter(ink, rng.uniform(0.5, 2.5)) if which == 6 else ink


def narrowed(rng: Random, ink: Picture) -> Picture:
    """Take up to two pixels of each side of the strokes, but leave a line."""
    inside = ndimage.distance_transform_edt(ink > 0.5)
    most = min(rng.uniform(0.5, 2), float(inside.max()) - 1)
    return np.asarray(np.clip(inside - most + 0.5, 0, 1), np.float32)


def broken(rng: Random, ink: Picture) -> Picture:
    """Leave gaps in the strokes, as dry pens and coarse thresholds do."""
    noise = ndimage.gaussian_filter(rng.normal(0, 1, ink.shape), rng.uniform(1, 2))
    return np.where(noise > np.quantile(noise, rng.uniform(0.85, 0.97)), 0, ink).astype(np.float32)


def marks(rng: Random, ink: Picture, label: int) -> Picture:
    """Return the bar of a 7, the tail of a 9, or the flag and at times the foot of a 1, in ink of the same width."""
    rows = np.flatnonzero((ink > 0.5).any(axis=1))
    top, bottom = float(rows[0]), float(rows[-1])
    height, pen = (
        bottom - top,
        max(2.0, 2 * float(ndimage.distance_transform_edt(ink > 0.5).max()) * rng.uniform(0.7, 1)),
    )

    def stem(share: float, last: bool = False) -> float:
        inked = np.flatnonzero(ink[round(top + share * height)] > 0.4)
        return float(inked[-1 if last else 0] if inked.size else ink.shape[1] / 2)

    if label == 7:
        y, at = top + height * rng.uniform(0.42, 0.65), stem(0.55, last=True)
        reach, rise = height * rng.uniform(0.15, 0.35), height * rng.uniform(-0.08, 0.08)
        return lined([[(at - reach, y + rise), (at + reach * rng.uniform(0.5, 1), y - rise)]], ink.shape, pen)
    if label == 9:
        x, reach, drop = stem(0.97), height * rng.uniform(0.2, 0.55), height * rng.uniform(0, 0.08)
        tail = [(x, bottom - pen / 2), (x - 0.35 * reach, bottom + drop - pen / 2)]
        return lined([[*tail, (x - reach, bottom + drop * rng.uniform(-3, 1) - pen / 2)]], ink.shape, pen)
    length, slope = height * rng.uniform(0.15, 0.5), rng.uniform(0.5, 1.3)
    x = stem(0.03)
    lines = [[(x, top + pen / 2), (x - length / np.hypot(1, slope), top + length * slope / np.hypot(1, slope))]]
    if rng.random() < 0.3:
        reach, x = height * rng.uniform(0.12, 0.3), stem(0.97)
        lines.append([(x - reach, bottom - pen / 2), (x + reach, bottom - pen / 2)])
    return lined(lines, ink.shape, pen)


def lined(lines: Sequence[Sequence[tuple[float, float]]], shape: tuple[int, ...], pen: float) -> Picture:
    """Draw straight lines of a width, on four times as many pixels."""
    image = Image.new("L", (4 * shape[1], 4 * shape[0]))
    pencil = ImageDraw.Draw(image)
    for line in lines:
        pencil.line([(4 * x, 4 * y) for x, y in line], fill=255, width=max(4, round(4 * pen)))
    return draw.as_ink(image)


def european(rng: Random) -> tuple[Picture, int]:
    """Return a digit drawn by formula, and which it is."""
    label, strokes = list(EUROPEAN.values())[rng.integers(len(EUROPEAN))]
    return center(degraded(rng, transformed(rng, draw.stroked(rng, strokes))), thicken=True), label


def seen(rng: Random, image: Picture) -> Picture | None:
    """Return a digit as it is found in a picture with noise; None if it is not found alone."""
    side = int(rng.integers(20, 64))
    ink = np.asarray(Image.fromarray(draw.enlarged(image)[10:-10, 10:-10]).resize((side, side), Image.Resampling.BOX))
    found = find_digits(noisy(rng, np.clip(ink, 0, 1)))
    return found[0].pixels if len(found) == 1 else None


def noisy(rng: Random, ink: Picture) -> Picture:
    """Return a picture of ink with blots, impulses, grain, or blur."""
    which = int(rng.integers(5))
    noise = rng.normal(0, 1, ink.shape)
    if which <= 1:
        spots = ndimage.gaussian_filter(noise, rng.uniform(0.6, 1.1) * max(1, ink.shape[0] / 28))
        spots = (spots - np.quantile(spots, rng.uniform(0.93, 0.99))) / spots.std()
        ink = np.maximum(ink, np.clip(spots * rng.uniform(1, 6), 0, rng.uniform(0.5, 1)))
    elif which == 2:
        ink = np.where(rng.random(ink.shape) < rng.uniform(0.01, 0.2), rng.integers(0, 2, ink.shape), ink)
    elif which == 3:
        ink = np.clip(ink + rng.uniform(0.02, 0.25) * noise, 0, 1)
    else:
        ink = ndimage.gaussian_filter(ink, rng.uniform(0.3, 1.2) * ink.shape[0] / 28)
    return np.asarray(ink, np.float32)
