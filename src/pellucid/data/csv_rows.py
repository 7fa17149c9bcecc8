"""The rows of a CSV file, as columns of numbers or text."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.data.csv_form import LARGEST, MISSING, as_number, is_number
from pellucid.data.csv_records import Records
from pellucid.errors import DataError, FileFormatError

Column = npt.NDArray[Any]
"""A column of the file: int64 or float64 numbers, or text (dtype object)."""

UNLABELLED = frozenset({"", "na", "n/a", "nan", "null", "?"})
"""How files write a missing label, in lower case; the others may well be names of classes."""

_ROWS_AT_ONCE = 1024


@dataclass(frozen=True)
class Place:
    """Where a table comes from, for errors: the file, the names of its columns, and whether they are its own."""

    path: Path
    names: tuple[str, ...]
    named: bool

    def column(self, index: int) -> str:
        """Return a column in words."""
        return f"column {self.names[index]!r}" if self.named else self.names[index]

    def refusal(self, value: object, row: int, line: int, column: int) -> DataError:
        """Return the error for a value that is not a number; rows and lines count from 1."""
        where = f"row {row} (line {line}), {self.column(column)}, of {self.path}"
        if str(value).strip().lower() in MISSING:
            return DataError(
                f"Expected a value, got the missing value {str(value)!r} in {where}: fill it in, or remove the row."
            )
        return DataError(
            f"Expected a finite number, got {str(value)[:60]!r} in {where}: write it as a number, leave the column "
            "out with ignore, or choose it as the label."
        )


@dataclass(frozen=True)
class Rows:
    """The contents of a file.

    ``numbers`` (N, columns) has all columns except those in ``apart`` and those to ignore, in the order ``kept``;
    it is uint8 if that is lossless, otherwise float32. ``apart`` has whole columns (N,) by their index. ``lines`` (N,)
    has the number of each row's line.
    """

    place: Place
    kept: tuple[int, ...]
    numbers: npt.NDArray[Any]
    apart: dict[int, Column]
    lines: npt.NDArray[np.int64]

    @property
    def width(self) -> int:
        """The number of columns in the file."""
        return len(self.place.names)


def read_rows(records: Records, place: Place, header: bool, apart: Collection[int], ignored: Collection[int]) -> Rows:
    """Read a file.

    Parameters
    ----------
    records : Records
    place : Place
    header : bool
        Whether the first line has names.
    apart : collection of int
        Columns to keep as they are; they may be text.
    ignored : collection of int
        Columns to leave out.

    Raises
    ------
    DataError
        If there are no rows, or a column has text or missing values.
    FileFormatError
        If the rows have different numbers of columns.
    """
    kept = tuple(index for index in range(len(place.names)) if index not in apart and index not in ignored)
    chunks: list[npt.NDArray[Any]] = []
    columns: dict[int, list[Column]] = {index: [] for index in apart}
    lines: list[int] = []
    rows = islice(records, int(header), None)
    while some := list(islice(rows, _ROWS_AT_ONCE)):
        numbers, texts = _parsed(some, records, place, kept, apart, len(lines))
        chunks.append(numbers)
        for index, column in texts.items():
            columns[index].append(column)
        lines += [line for line, _ in some]
    if not lines:
        raise DataError(f"Expected a label and its features in each line, got no rows in {place.path}: check the file.")
    return Rows(
        place, kept, np.concatenate(chunks), {index: _joined(parts) for index, parts in columns.items()},
        np.array(lines, np.int64),
    )  # fmt: skip


def _parsed(
    some: list[tuple[int, str]],
    records: Records,
    place: Place,
    kept: tuple[int, ...],
    apart: Collection[int],
    done: int,
) -> tuple[npt.NDArray[Any], dict[int, Column]]:
    """Return the numbers of some rows, and the columns to keep apart; ``done`` rows came before."""
    # A file with text in its first rows has some in all of them.
    table = None if records.has_text else _all_numbers([text for _, text in some], records.separator)
    records.has_text = table is None
    if table is not None and table.shape[1] == len(place.names):
        chosen = np.take(table, kept, axis=1)
        bad: Any = np.argwhere(~(np.abs(chosen) <= LARGEST)) if table.dtype.kind == "f" else ()
        if len(bad):
            row, column = int(bad[0][0]), kept[int(bad[0][1])]
            raise place.refusal(table[row, column], done + row + 1, some[row][0], column)
        return compact(chosen), {index: table[:, index].copy() for index in apart}
    fields = records.rows([text for _, text in some])
    for row, cells in enumerate(fields):
        if len(cells) != len(place.names):
            raise FileFormatError(
                f"Expected the same number of columns in each row, got {len(place.names)} columns in the first line of "
                f"{place.path} and {len(cells)} in row {done + row + 1} (line {some[row][0]}): correct the rows."
            )
    numbers = _as_numbers([[cells[column] for column in kept] for cells in fields])
    if numbers is None:
        row, column = next(
            (row, column) for row, cells in enumerate(fields) for column in kept if as_number(cells[column]) is None
        )
        raise place.refusal(fields[row][column], done + row + 1, some[row][0], column)
    return compact(numbers), {index: _column([cells[index] for cells in fields]) for index in apart}


def _column(fields: list[str]) -> Column:
    """Return a column as integers, floats or text, the first that fits; missing values are text."""
    if all(map(is_number, fields)):
        for kind in (np.int64, np.float64):
            with suppress(ValueError, OverflowError):
                return np.array([int(field) if kind is np.int64 else float(field) for field in fields], kind)
    return np.array(fields, object)


def _all_numbers(lines: list[str], separator: str) -> Column | None:
    """Return rows of nothing but numbers as a table; None if there is anything else."""
    # Parsing integers as integers takes a tenth of the time.
    whole = not any(set(".eEnN").intersection(line) for line in lines)
    try:
        return np.loadtxt(
            lines, dtype=np.int64 if whole else np.float64, delimiter=separator, comments=None, quotechar='"', ndmin=2
        )
    except ValueError:
        return None


def _as_numbers(fields: list[list[str]]) -> npt.NDArray[np.float64] | None:
    """Return fields (N, D) as numbers; None if one is no number that float32 can hold."""
    try:
        numbers = np.array(fields).astype(np.float64)
    except ValueError:
        return None
    if any("_" in field for row in fields for field in row):
        return None
    return numbers if (np.abs(numbers) <= LARGEST).all() else None


def compact(table: npt.NDArray[Any]) -> npt.NDArray[np.uint8] | npt.NDArray[np.float32]:
    """Return numbers as uint8 if that is lossless, otherwise as float32."""
    if table.size and table.min() >= 0 and table.max() <= 255:
        levels = table.astype(np.uint8)
        if np.array_equal(levels, table):
            return levels
    return table.astype(np.float32)


def _joined(parts: list[Column]) -> Column:
    """Join the parts of a column; numbers become text where other parts are text."""
    if all(part.dtype != object for part in parts):
        return np.concatenate(parts)
    return np.concatenate(
        [part if part.dtype == object else np.array([f"{x:g}" if x != int(x) else str(int(x)) for x in part], object)
         for part in parts]
    )  # fmt: skip
