"""Touching digits are split along the seam that crosses the least ink; single digits are not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from pellucid.data.drawings import find_digits

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.data import TrainTest


def enlarged(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Crop one of MNIST's digits, three times as large: ink from 0 to 1."""
    rows, columns = np.flatnonzero((image > 25).any(axis=1)), np.flatnonzero((image > 25).any(axis=0))
    cut = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    large = Image.fromarray(cut).resize((3 * cut.shape[1], 3 * cut.shape[0]), Image.Resampling.BICUBIC)
    return np.asarray(large) / np.float32(255)


def written(images: NDArray[np.uint8], overlap: int) -> NDArray[np.float32]:
    """Write digits in a row, each over the last columns of the one before: ink on a sheet."""
    sheet, left = np.zeros((120, 400), np.float32), 30
    for part in map(enlarged, images):
        top = 60 - part.shape[0] // 2
        view = sheet[top : top + part.shape[0], left : left + part.shape[1]]
        np.maximum(view, part, out=view)
        left += part.shape[1] - overlap
    return sheet


def test_touching_digits_are_split(mnist: TrainTest) -> None:
    images = np.asarray(mnist.test.images[:60]).reshape(-1, 2, 28, 28)
    counts = [len(find_digits(1 - written(pair, 4))) for pair in images]
    assert counts.count(2) >= 20  # 15 where they are not split
    assert counts.count(3) <= 1


def test_single_digits_are_not_split(mnist: TrainTest) -> None:
    images = np.asarray(mnist.test.images[:80])
    wide = [image for image in images if np.ptp(np.nonzero(image)[1]) > 0.9 * np.ptp(np.nonzero(image)[0])]
    assert len(wide) > 10
    assert all(len(find_digits(1 - written(image[None], 0))) == 1 for image in wide)
