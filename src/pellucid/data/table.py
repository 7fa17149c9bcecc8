"""CSV tables: measurements with a class or a value in each row, or the pixels of an image with its label."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.data.checks import counted_from_one, is_auto
from pellucid.data.columns import some_names
from pellucid.data.csv_form import SEPARATORS, as_number, column_names, has_header
from pellucid.data.csv_label import (
    Choice,
    chosen_label,
    class_numbers,
    classes_of,
    column_of,
    has_values,
    levels,
    likely_label,
    values_of,
)  # fmt: skip
from pellucid.data.csv_records import Records
from pellucid.data.csv_rows import Column, Place, Rows, read_rows
from pellucid.data.dataset import Dataset, TrainTest
from pellucid.data.limits import LIMIT_BYTES
from pellucid.data.options import Options
from pellucid.data.tabular import Table
from pellucid.errors import DataError, FileFormatError

_SMALLEST_IMAGE = 16
_MANY = 64
_MOST_COUNTED = 10
_ANY_NUMBERED = r".*\d"
_PIXEL = r"(?i)(pixels?|pix|px|p)?[\s_.-]*\d+([\sx_.,-]+\d+)*"
"""Names of columns with pixels: with numbers in many columns, or as in pixel0, p1, 3 and 1x1 in few."""
_ROW_NUMBERS = ("", "id", "index", "row", "unnamed: 0")
"""Names of a first column that numbers the rows; spreadsheets and pandas leave it without a name."""


@dataclass(frozen=True)
class Labelled:
    """A table whose label column is known; ``others`` are the columns of ``features`` in the order of the file."""

    rows: Rows
    label: Choice
    others: tuple[int, ...]

    @property
    def label_column(self) -> Column:
        """The labels, (N,), as they stand in the file."""
        return self.rows.apart[self.label.column]

    @property
    def features(self) -> npt.NDArray[Any]:
        """All columns but the label, (N, D), uint8 or float32."""
        rows = self.rows
        if self.others == rows.kept:
            return rows.numbers
        columns = {column: rows.numbers[:, at] for at, column in enumerate(rows.kept)}
        columns |= {column: self._numbers(column) for column in self.others if column in rows.apart}
        whole = all(column.dtype == np.uint8 for column in columns.values())
        stacked = np.empty((len(rows.lines), len(self.others)), np.uint8 if whole else np.float32)
        for at, column in enumerate(self.others):
            stacked[:, at] = columns[column]
        return stacked

    def _numbers(self, index: int) -> npt.NDArray[Any]:
        """Return a column that was kept apart as numbers."""
        column, place, lines = self.rows.apart[index], self.rows.place, self.rows.lines
        numbers = np.empty(len(column))
        for row, field in enumerate(column):
            number = as_number(str(field))
            if number is None:
                raise place.refusal(field, row + 1, int(lines[row]), index)
            numbers[row] = number
        small = numbers.astype(np.uint8) if numbers.min() >= 0 and numbers.max() <= 255 else numbers
        return small if np.array_equal(small, numbers) else numbers.astype(np.float32)


def load_csv(path: Path, options: Options) -> TrainTest:
    """Load a CSV table; see `pellucid.data.load` for how its label and its kind are chosen.

    Pixels become a `Dataset`: integers uint8 levels from 0 to 255, or from 0 to 1 if there are no larger ones,
    fractions floats from 0 to 1; `level_range` overrides both. A square number of pixels becomes square images. All
    other numbers become a `Table`.
    """
    if path.stat().st_size > LIMIT_BYTES:
        raise DataError(f"Expected at most {LIMIT_BYTES} bytes, got more in {path}: save it as .npz instead.")
    try:
        with path.open(encoding="utf-8-sig") as file:
            table, said = _read(Records(file, path), path, options)
    except UnicodeDecodeError as error:
        raise FileFormatError(
            f"Expected text in UTF-8, got other bytes in {path} ({error.reason}): save the table as CSV."
        ) from error
    kind = None if options.standardize or options.task == "values" else _pixels(table, options)
    if kind is not None:
        return options.held_out(_images(table, kind, path, options))
    names, at = table.rows.place.names, (table.rows.place, table.label.column, table.rows.lines)
    targets: npt.NDArray[Any]
    classes: tuple[str, ...]
    if has_values(table.label_column, options.task):
        targets, classes = values_of(table.label_column, *at), (names[table.label.column],)
    else:
        targets, classes = classes_of(table.label_column, *at)
    whole = Table(
        table.features, targets, features=[names[index] for index in table.others], classes=classes,
        label=names[table.label.column], name=path.stem, source=str(path),
    )  # fmt: skip
    whole.choices = said
    train, test = options.held_out(whole)
    if isinstance(train, Table) and isinstance(test, Table) and options.standardize:
        train = train.standardized()
        test = test.standardized(like=train)
    return TrainTest(train, test)


def _read(records: Records, path: Path, options: Options) -> tuple[Labelled, str]:
    """Return the table and how it was read, in words."""
    start = [records.fields(text) for _, text in records.sample[:2]]
    first, second = (start[0] if start else []), (start[1] if len(start) > 1 else None)
    if start and len(first) < 2:
        raise FileFormatError(
            f"Expected a label and at least one feature in each row, separated by {' or '.join(SEPARATORS.values())}, "
            f"got {len(first)} columns in the first line of {path}: correct the rows."
        )
    header = has_header(first, second) if options.header is None else options.header
    place = Place(path, column_names(first, header), header)
    ignored = {column_of(wanted, place.names, "ignore") for wanted in options.ignore}
    label = chosen_label(options.label, place.names)
    if label is not None and label.column in ignored:
        raise DataError(f"Expected another column to ignore than the label, got {place.column(label.column)} for both.")
    open_ = [index for index in range(len(place.names)) if index not in ignored]
    apart = sorted({*([label.column] if label else [open_[0], open_[-1]] if open_ else []), *open_[:1]})
    rows = read_rows(records, place, header, apart, ignored)
    numbering = _numbering(rows, first, header) if open_[0] == 0 and (label is None or label.column != 0) else False
    if numbering:
        ignored.add(0)
        open_ = open_[1:]
    if label is None:
        _check_unlabelled(place, open_)
        if options.task == "values":
            label = Choice(open_[-1], "the last column, with values to predict")
        else:
            label = likely_label(rows, [index for index in apart if index in open_])
            _check_numbering(rows, label)
    others = tuple(index for index in open_ if index != label.column)
    if not others:
        raise DataError(f"Expected at least one feature beside the label, got none in {path}: ignore fewer columns.")
    return Labelled(rows, label, others), _said(place, label, others, records.separator, numbering)


def _numbering(rows: Rows, first: Sequence[str], header: bool) -> bool:
    """Return whether the first column only numbers the rows."""
    column = rows.apart[0]
    if not header or first[0].lower() not in _ROW_NUMBERS or column.dtype.kind != "i" or len(column) < 2:
        return False
    return bool((np.diff(column) == 1).all())


def _check_unlabelled(place: Place, open_: Sequence[int]) -> None:
    """Raise if all columns are named as pixels: a file to be read, such as a test part without answers."""
    names = [place.names[index] for index in open_]
    if place.named and len(names) >= _SMALLEST_IMAGE and all(re.fullmatch(_PIXEL, name) for name in names):
        raise DataError(
            f"Expected a column of classes, got only pixels ({some_names(names, 3)}) in {place.path}: add their "
            'labels, or name the column that has them with label, such as label="last".'
        )


def _check_numbering(rows: Rows, label: Choice) -> None:
    """Raise if the likely label counts the rows."""
    column = rows.apart[label.column]
    if (
        len(column) > _MOST_COUNTED
        and column.dtype.kind in "iu"
        and bool((np.diff(column.astype(np.int64)) == 1).all())
    ):
        raise DataError(
            f"Expected a column of classes, got one that counts the rows, {rows.place.column(label.column)} of "
            f"{rows.place.path}: leave it out with ignore, or choose the labels with label."
        )


def _said(place: Place, label: Choice, others: Sequence[int], separator: str, numbering: bool) -> str:
    names = [place.names[index] for index in others]
    left_out = f"; {place.column(0)} only numbers the rows and is left out" if numbering else ""
    return (
        f"label: {place.column(label.column)} ({label.reason}); {len(names)} features: {some_names(names)}; separated "
        f"by {SEPARATORS[separator]}, {'with' if place.named else 'without'} a header{left_out}"
    )


def _pixels(table: Labelled, options: Options) -> str | None:
    """Return "bytes" or "shares" if the features are the pixels of images, "declared" with a level range, else None."""
    if not is_auto(options.level_range):
        return None if options.level_range is None else "declared"
    rows = table.rows
    form = _ANY_NUMBERED if len(table.others) >= _MANY else _PIXEL
    numbered = not rows.place.named or all(re.fullmatch(form, rows.place.names[index]) for index in table.others)
    labelled_first = table.label.column == 0 or table.label.reason == "by its name"
    if not (numbered and (labelled_first or options.label is not None)) or table.label_column.dtype == object:
        return None
    return levels(rows, {table.label.column})


def _images(table: Labelled, kind: str, path: Path, options: Options) -> Dataset:
    images = table.features
    level_range = options.level_range
    if is_auto(level_range):
        level_range = (0.0, 255.0) if kind == "bytes" and images.max() > 1 else (0.0, 1.0)
    side = math.isqrt(images.shape[1])
    if side * side == images.shape[1] >= _SMALLEST_IMAGE:
        images = images.reshape(-1, side, side)
    numbers = class_numbers(table.label_column, table.rows.place, table.label.column, table.rows.lines)
    (labels,), classes = counted_from_one(numbers)
    return Dataset(images, labels, classes=classes, level_range=level_range, name=path.stem, source=str(path))
