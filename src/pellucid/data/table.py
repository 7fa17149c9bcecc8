"""CSV tables of pixels: one image in each row, its label first or in a column named "label"."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.data.dataset import Dataset, TrainTest
from pellucid.data.limits import LIMIT_BYTES
from pellucid.data.options import Options
from pellucid.errors import DataError, FileFormatError

_ROWS_AT_ONCE = 1024
_SMALLEST_IMAGE = 16


def load_csv(path: Path, options: Options) -> TrainTest:
    """Load a CSV table, with or without a header.

    Integers become uint8 levels from 0 to 255, or from 0 to 1 if there are no larger ones; other numbers become floats
    from 0 to 1; `level_range` overrides both. Rows with a square number of pixels become square images.
    """
    if path.stat().st_size > LIMIT_BYTES:
        raise DataError(f"Expected at most {LIMIT_BYTES} bytes, got more in {path}: save it as .npz instead.")
    images, labels = _read(path)
    level_range = options.level_range
    if level_range is None and images.dtype == np.uint8 and images.max() <= 1:
        level_range = (0.0, 1.0)
    side = math.isqrt(images.shape[1])
    if side * side == images.shape[1] >= _SMALLEST_IMAGE:
        images = images.reshape(-1, side, side)
    return options.held_out(Dataset(images, labels, level_range=level_range, name=path.stem, source=str(path)))


def _read(path: Path) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Return pixels, shape (N, D), and labels, shape (N,)."""
    pixels: list[npt.NDArray[Any]] = []
    labels: list[npt.NDArray[Any]] = []
    try:
        with path.open(encoding="utf-8-sig") as file:
            lines = (line for line in file if not line.isspace())
            first = next(lines, "")
            names = [field.strip().strip('"').lower() for field in first.split(",")]
            label = names.index("label") if "label" in names else 0
            rows = lines if any(map(_is_word, names)) else chain([first], lines)
            for table in _tables(rows, len(names), path):
                labels.append(table[:, label].copy())
                pixels.append(_compact(np.delete(table, label, axis=1)))
    except UnicodeDecodeError as error:
        raise FileFormatError(
            f"Expected text in UTF-8, got other bytes in {path} ({error.reason}): save the table as CSV."
        ) from error
    if not pixels:
        raise DataError(f"Expected a label and its pixels in each line, got no rows in {path}: check the file.")
    return np.concatenate(pixels), np.concatenate(labels)


def _is_word(field: str) -> bool:
    """Whether a field is a name and not a number."""
    try:
        float(field)
    except ValueError:
        return True
    return False


def _tables(rows: Iterator[str], width: int, path: Path) -> Iterator[npt.NDArray[Any]]:
    """Yield tables of up to 1,024 rows with `width` numbers each."""
    start = 1
    while chunk := list(islice(rows, _ROWS_AT_ONCE)):
        # Parsing integers as integers takes a tenth of the time.
        whole = not any(set(".eEnN").intersection(row) for row in chunk)
        try:
            table = np.loadtxt(
                chunk, dtype=np.int64 if whole else np.float64, delimiter=",", comments=None, quotechar='"', ndmin=2
            )
        except ValueError as error:
            raise FileFormatError(
                f"Expected a class number and pixels in each row, got something else in {path}, in the {len(chunk)} "
                "rows "
                f"from row {start} on ({error}): remove all text after the header."
            ) from error
        if table.shape[1] != width or width < 2:
            raise FileFormatError(
                f"Expected a label and at least one pixel, as many in each row, got {width} columns in the first line "
                "of "
                f"{path} and {table.shape[1]} in row {start}: correct the rows."
            )
        yield table
        start += len(chunk)


def _compact(table: npt.NDArray[Any]) -> npt.NDArray[np.uint8] | npt.NDArray[np.float32]:
    """Return pixels as uint8 if that is lossless, otherwise as float32."""
    levels = table.astype(np.uint8) if table.min() >= 0 and table.max() <= 255 else None
    if levels is not None and np.array_equal(levels, table):
        return levels
    with np.errstate(over="ignore"):
        return table.astype(np.float32)
