"""Digits in boxes, in the cells of forms and grids, and on underlines: the frames go, the digits stay, in order."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

import pellucid as pl
from pellucid.data.drawings import find_digits
from pellucid.data.drawings.finding import find_in_steps
from pellucid.data.drawings.frames import without_frames
from pellucid.programs.images import from_unit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.data import TrainTest

Ink: TypeAlias = "NDArray[np.float32]"


@pytest.fixture(scope="module")
def reader() -> pl.Network:
    return pl.load("digits-conv")


def said(reader: pl.Network, ink: Ink) -> str:
    found = find_digits(0.95 - 0.85 * ink)
    return "".join(reader.read(from_unit(digit.pixels.ravel(), reader.level_range)).best for digit in found)


def grid(digits: NDArray[np.uint8], columns: int, pitch: int, width: int = 2, margin: int = 40) -> Ink:
    """Draw lines around cells of a side, and a digit in each; a digit of zeros leaves its cell empty."""
    rows = -(-len(digits) // columns)
    height, across = rows * pitch, columns * pitch
    ink = np.zeros((height + width + 2 * margin, across + width + 2 * margin), np.float32)
    for k in range(rows + 1):
        ink[margin + k * pitch :][:width, margin : margin + across + width] = 1
    for k in range(columns + 1):
        ink[margin : margin + height + width, margin + k * pitch :][:, :width] = 1
    side = round(0.9 * pitch)
    for k, image in enumerate(digits):
        part = np.asarray(Image.fromarray(image).resize((side, side), Image.Resampling.BICUBIC)) / np.float32(255)
        top, left = (margin + pitch * n + (pitch - side) // 2 + 1 for n in divmod(k, columns))
        np.maximum(ink[top : top + side, left : left + side], part, out=ink[top : top + side, left : left + side])
    return ink


def text(labels: NDArray[np.int64]) -> str:
    return "".join(map(str, labels))


@pytest.mark.parametrize("turn", [0.0, 1.5])
def test_a_digit_in_a_box(mnist: TrainTest, reader: pl.Network, turn: float) -> None:
    images, labels = np.asarray(mnist.test.images[:15]), mnist.test.labels[:15]
    drawn = [ndimage.rotate(grid(image[None], 1, 120, 4), turn, order=1) for image in images]
    assert sum(said(reader, ink) == str(label) for ink, label in zip(drawn, labels, strict=True)) >= 14


def test_the_cells_of_a_form(mnist: TrainTest, reader: pl.Network) -> None:
    images, labels = np.asarray(mnist.test.images[20:28]), mnist.test.labels[20:28]
    assert said(reader, grid(images, 8, 70)) == text(labels)


def test_a_sudoku_is_read_row_by_row(mnist: TrainTest, reader: pl.Network) -> None:
    images, labels = np.array(mnist.test.images[:81]), mnist.test.labels[:81]
    given = np.arange(81) % 3 != 1
    images[~given] = 0
    read, right = said(reader, grid(images, 9, 60)), text(labels[given])
    assert len(read) == len(right)
    assert sum(a == b for a, b in zip(read, right, strict=True)) >= 52


def test_an_underlined_number(mnist: TrainTest, reader: pl.Network) -> None:
    images, labels = np.asarray(mnist.test.images[:4]), mnist.test.labels[:4]
    row = np.concatenate(list(images), axis=1).astype(np.uint8)
    ink = np.asarray(Image.fromarray(row).resize((336, 84), Image.Resampling.BICUBIC)) / np.float32(255)
    ink = np.pad(ink, ((40, 60), (90, 90)))
    ink[112:115, 60:-60] = 1
    assert said(reader, ink) == text(labels)


def test_what_is_no_frame_stays() -> None:
    y, x = np.indices((120, 120))
    away = np.hypot((x - 60) / 0.7, y - 60)
    zero = (away < 50) & (away > 40)
    seven = ((y >= 20) & (y < 28) & (x >= 30) & (x < 90)) | ((abs(x - 85 + 0.5 * (y - 28)) < 4) & (y >= 28) & (y < 110))
    box = np.zeros((120, 120), np.bool_)
    box[30:90, 40:80] = True
    box[36:84, 46:74] = False
    for mask in (zero, seven, box):
        assert without_frames(mask) is mask


def test_pieces_of_the_borders_of_the_next_cells_go(mnist: TrainTest) -> None:
    images = np.asarray(mnist.test.images[:12])
    for k, image in enumerate(images):
        net_of_lines = grid(np.stack([np.zeros_like(image)] * 4 + [image] + [np.zeros_like(image)] * 4), 3, 90, 3)
        tilted = ndimage.rotate(net_of_lines, 0.9 * (-1) ** k, reshape=False, order=1)
        shift = k % 3
        cell = tilted[131 + shift : 221 + shift, 131 + shift : 221 + shift]
        assert len(find_digits(0.95 - 0.85 * cell)) == 1


def test_tight_digits_are_no_pieces_of_borders() -> None:
    one_four = np.zeros((80, 100), np.bool_)
    one_four[:, :11] = one_four[:45, 60:68] = one_four[40:48, 60:] = one_four[:, 88:96] = True
    assert without_frames(one_four) is one_four


def ring(height: int, width: int, pen: float) -> Ink:
    """Draw a 0 as an ellipse with a thin pen."""
    y, x = np.indices((height, width)) + 0.5
    radius = np.hypot((y - height / 2) / (height / 2 - pen), (x - width / 2) / (width / 2 - pen))
    return np.clip(pen / 2 + 0.5 - np.abs(radius - 1) * (width / 2 - pen), 0, 1).astype(np.float32)


@pytest.mark.parametrize("turn", [0.0, 1.2])
def test_thin_strokes_beside_the_lines_of_a_table_stay(turn: float) -> None:
    zero, pitch = ring(44, 30, 2), 72
    lines, digits = np.zeros((786, 904), np.float32), np.zeros((786, 904), np.float32)
    for row in range(11):
        lines[30 + row * pitch, 20:-20] = 0.3  # less than a third of the ink
    for k in range(60):
        top, left = 44 + pitch * (k // 6), 100 + 130 * (k % 6)
        digits[top : top + 44, left : left + 30] = zero
    lines, digits = (ndimage.rotate(part, turn, order=1, reshape=False) for part in (lines, digits))
    steps, found = find_in_steps(0.95 - 0.85 * np.maximum(lines, digits))
    assert len(found) == 60
    assert np.mean(steps["ink"][digits > 0.5]) > 0.99


def test_frames_with_gaps_are_whole_in_fainter_ink(mnist: TrainTest, reader: pl.Network) -> None:
    images, labels = np.asarray(mnist.test.images[:12]), mnist.test.labels[:12]
    lines, ink = np.zeros((260, 560), np.float32), np.zeros((260, 560), np.float32)
    for k, image in enumerate(images):
        top, left = 30 + 110 * (k // 6), 20 + 90 * (k % 6)
        box = lines[top : top + 76, left : left + 76]
        box[:] = 0.35
        box[2:-2, 2:-2] = 0
        part = np.asarray(Image.fromarray(image).resize((56, 56), Image.Resampling.BICUBIC)) / np.float32(255)
        ink[top + 10 : top + 66, left + 10 : left + 66] = part
    y, x = np.indices(lines.shape)
    lines[(x + y) // 9 % 3 == 0] *= 0.7
    assert said(reader, np.maximum(lines, ink)) == text(labels)
