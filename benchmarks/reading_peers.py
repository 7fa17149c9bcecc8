"""Other readers of digits: tesseract, where it is installed, and a convolutional network with the usual preparation.

The usual preparation is Otsu's threshold, the box of every patch of ink, 20x20 pixels in it, and the centre of mass in
the middle of 28x28. The network is LeNet-5, trained here on MNIST for three epochs by ``pellucid.models.digits_lenet``.
Tesseract gets dark ink with a margin, enlarged if it is small, and is told to expect one character in small pictures,
and a block of text in others, of digits alone.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

import pellucid as pl
from pellucid.data.drawings import center
from pellucid.data.drawings.margins import two_levels
from pellucid.models.digits_lenet import RECIPE
from pellucid.programs.images import from_unit

EPOCHS = 3
ONE_CHARACTER, BLOCK = "10", "6"
SMALL, LEAST = 180, 80
MARGIN = (10, 10)
SPECK = 0.15
"""Patches below this share of the tallest one's height are no digits."""

Reader = Callable[[NDArray[Any]], str]


def peers() -> dict[str, Reader]:
    """Return the readers that this machine has."""
    found = {"LeNet-5, usual preparation": usual(trained())}
    return found | ({"tesseract": tesseract} if shutil.which("tesseract") else {})


def trained() -> pl.Network:
    train = pl.data.load("mnist").train
    trainer = replace(RECIPE, epochs=EPOCHS).trainer(train, seed=0)
    for _ in trainer.run(EPOCHS):
        pass
    return trainer.net


def usual(net: pl.Network) -> Reader:
    """Return a reader that prepares digits in the usual way."""

    def read(picture: NDArray[Any]) -> str:
        pixels = [center(ink) for ink in patches(grey(picture))]
        return "".join(net.read(from_unit(each.ravel(), net.level_range)).best for each in pixels)

    return read


def grey(picture: NDArray[Any]) -> NDArray[np.float32]:
    levels = np.asarray(picture, np.float32) / (255 if picture.dtype == np.uint8 else 1)
    return levels if levels.ndim == 2 else np.asarray(levels @ [0.299, 0.587, 0.114], np.float32)


def patches(picture: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """Return the ink of every patch, row by row: what is on the rarer side of Otsu's threshold."""
    threshold, _ = two_levels(picture)
    mask = picture > threshold
    mask = ~mask if mask.mean() > 0.5 else mask
    labels, _ = ndimage.label(mask, np.ones((3, 3)))
    boxes = ndimage.find_objects(labels)
    tallest = max((rows.stop - rows.start for rows, _ in boxes), default=0)
    kept = [
        (number, rows, columns)
        for number, (rows, columns) in enumerate(boxes, 1)
        if rows.stop - rows.start > SPECK * tallest
    ]
    lines: list[list[tuple[int, slice, slice]]] = []
    for one in sorted(kept, key=lambda one: one[1].start + one[1].stop):
        above = lines[-1][0][1] if lines else slice(0, 0)
        if one[1].start + one[1].stop > 2 * above.stop:
            lines.append([])
        lines[-1].append(one)
    ordered = [one for line in lines for one in sorted(line, key=lambda one: one[2].start)]
    return [(labels[rows, columns] == number).astype(np.float32) for number, rows, columns in ordered]


def tesseract(picture: NDArray[Any]) -> str:
    """Read with tesseract's standard model, digits alone."""
    levels = picture if picture.dtype == np.uint8 else np.round(255 * picture).astype(np.uint8)
    paper = float(np.median(levels))
    dark_ink = levels if paper > 127 else 255 - levels  # which it expects, with a margin
    edge = MARGIN if levels.ndim == 2 else (MARGIN, MARGIN, (0, 0))
    image, file = Image.fromarray(np.pad(dark_ink, edge, constant_values=round(max(paper, 255 - paper)))), io.BytesIO()
    alone = max(image.size) <= SMALL
    if max(image.size) < LEAST:
        image = image.resize((4 * image.width, 4 * image.height), Image.Resampling.BICUBIC)
    image.save(file, "PNG")
    options = ["--psm", ONE_CHARACTER if alone else BLOCK, "-c", "tessedit_char_whitelist=0123456789"]
    limits = os.environ | {"OMP_THREAD_LIMIT": "1"}
    done = subprocess.run(["tesseract", "-", "-", *options], input=file.getvalue(), capture_output=True, env=limits)
    return "".join(filter(str.isdigit, done.stdout.decode("utf-8", "replace")))
