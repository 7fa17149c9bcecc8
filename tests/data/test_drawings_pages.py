"""Pages of small digits drawn with a thin pen, A4 at 200 dpi: which is ink, and where the digits are."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from pellucid.data.drawings import find_digits

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.data import TrainTest

A4 = (2339, 1654)
Ink: TypeAlias = "NDArray[np.float32]"


def thin(image: NDArray[np.uint8], height: int) -> Ink:
    """Return one of MNIST's digits as thin lines, about 2 pixels wide: the ridge of its distance to the paper."""
    rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
    cut = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].astype(np.float32) / 255
    size = [max(3, round(4 * n * height / max(cut.shape))) for n in cut.shape[::-1]]
    large = np.pad(np.asarray(Image.fromarray(cut).resize((size[0], size[1]), Image.Resampling.BICUBIC)), 12)
    depth = ndimage.distance_transform_edt(ndimage.gaussian_filter(large, 2) > 0.4)
    ridge = (depth > 1) & (depth >= ndimage.maximum_filter(depth, 5) - 0.8)
    pen = ndimage.binary_dilation(ridge, iterations=3).astype(np.float32)
    down, across = (n // 4 for n in pen.shape)
    return np.asarray(pen[: 4 * down, : 4 * across].reshape(down, 4, across, 4).mean(axis=(1, 3)), np.float32)


def page(images: NDArray[np.uint8], height: int, columns: int) -> tuple[Ink, list[tuple[int, int]]]:
    """Draw digits in rows; return the ink and the centres (x, y) in reading order."""
    ink, centres = np.zeros(A4, np.float32), []
    for number, image in enumerate(images):
        part = thin(image, height)
        top, left = 200 + 190 * (number // columns), 150 + 130 * (number % columns)
        ink[top : top + part.shape[0], left : left + part.shape[1]] = part
        centres.append((left + part.shape[1] // 2, top + part.shape[0] // 2))
    return ink, centres


@pytest.mark.parametrize("dark", [True, False])
def test_a_page_of_small_thin_digits_is_read_row_by_row(mnist: TrainTest, dark: bool) -> None:
    ink, centres = page(np.asarray(mnist.test.images[:60]), 38, 10)
    found = [digit.box for digit in find_digits(0.95 - 0.8 * ink if dark else 0.1 + 0.8 * ink)]
    assert 60 <= len(found) <= 61  # the pen of `thin` may break a digit in two
    nearest = [
        int(np.argmin([np.hypot((b[0] + b[2]) / 2 - x, (b[1] + b[3]) / 2 - y) for x, y in centres])) for b in found
    ]
    assert nearest == sorted(nearest)
    assert set(nearest) == set(range(60))


def test_a_few_small_digits_on_a_large_page(mnist: TrainTest) -> None:
    ink, _ = page(np.asarray(mnist.test.images[:6]), 30, 6)
    assert len(find_digits(0.95 - 0.8 * ink)) == 6
    assert find_digits(0.95 - 0.8 * np.where(np.indices(A4).sum(axis=0) % 501 == 0, ink, 0)) == []
