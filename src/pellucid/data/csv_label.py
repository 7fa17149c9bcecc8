"""Which column of a CSV table has the labels, and which classes they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pellucid.data.columns import some_names
from pellucid.data.csv_form import as_number, is_number
from pellucid.data.csv_rows import UNLABELLED, Column, Place, Rows
from pellucid.errors import ConfigurationError, DataError
from pellucid.system.arguments import is_integer

LABELS = (
    "label", "labels", "target", "class", "classes", "species", "category", "diagnosis", "outcome", "kind", "type", "y",
)  # fmt: skip
"""Names of columns that have labels, the most likely first."""

_MANY = 20
_IMAGE = 64


@dataclass(frozen=True)
class Choice:
    """A column, and why it was chosen, in words."""

    column: int
    reason: str


def chosen_label(label: str | int | None, names: Sequence[str]) -> Choice | None:
    """Return the column that was asked for, or that has the name of a label; None if the contents have to decide.

    Raises
    ------
    ConfigurationError
        If there is no such column.
    """
    if label is None:
        lower = [name.lower() for name in names]
        # Of three columns x, y and another, y is a coordinate.
        coordinates = len(names) > 2 and "x" in lower
        named = next((each for each in LABELS if each in lower and not (each == "y" and coordinates)), None)
        return None if named is None else Choice(lower.index(named), "by its name")
    return Choice(column_of(label, names, "label"), "as asked")


def column_of(wanted: str | int, names: Sequence[str], option: str) -> int:
    """Return the index of a column: a name, "first", "last", or a number from 0, or from -1 for the last backwards."""
    if isinstance(wanted, str):
        if wanted in names:
            return names.index(wanted)
        lower = [name.lower() for name in names]
        if lower.count(wanted.lower()) == 1:
            return lower.index(wanted.lower())
        if wanted in ("first", "last"):
            return 0 if wanted == "first" else len(names) - 1
        try:
            wanted = int(wanted)
        except ValueError:
            wanted = repr(wanted)
    if is_integer(wanted) and -len(names) <= wanted < len(names):
        return int(wanted) % len(names)
    raise ConfigurationError(
        f"{option} expected a column: one of {some_names(names, 12)}; first, last, or a number from 0 to "
        f"{len(names) - 1}; got {wanted}."
    )


def likely_label(rows: Rows, candidates: Sequence[int]) -> Choice:
    """Choose between the first column and the last, by what they contain.

    A column of names is the label. Among two columns of whole numbers, it is the first if the others are pixels; then
    the one with fewer different numbers; then the last.

    Raises
    ------
    DataError
        If neither column can be a label.
    """
    first, last = candidates[0], candidates[-1]
    kinds = {column: kind_of(rows.apart[column]) for column in (first, last)}
    possible = [column for column in (first, last) if kinds[column] in ("names", "numbers")]
    if not possible:
        raise DataError(
            f"Expected a column of classes, first or last, got measurements in both in {rows.place.path}: name the "
            'column with label, such as label="species".'
        )
    words = {first: "the first column", last: "the last column"}
    texts = [column for column in possible if kinds[column] == "names"]
    if texts:
        return Choice(texts[-1], f"{words[texts[-1]]}, which has names")
    counts = {column: len(np.unique(rows.apart[column])) for column in possible}
    varied = [column for column in possible if counts[column] > 1] or possible
    likely = first in varied and (rows.width > _IMAGE or last not in varied or counts[first] <= counts[last])
    if likely and levels(rows, {first}) is not None:
        return Choice(first, "the first column, as in tables of pixels")
    best = min(reversed(varied), key=lambda column: counts[column])
    reason = ", which has fewer different numbers" if len(varied) == 2 and counts[first] != counts[last] else ""
    return Choice(best, words[best] + reason)


def kind_of(column: Column) -> str:
    """Return "names" if most entries of a column are no numbers, "numbers" if all are whole, otherwise "other"."""
    if column.dtype == object:
        if 2 * sum(map(is_number, column)) < len(column):
            return "names"
        numbers = [as_number(field) for field in column]
        return "numbers" if all(x is not None and x == int(x) for x in numbers) else "other"
    return "numbers" if _whole(column).all() else "other"


def levels(rows: Rows, labels: set[int]) -> str | None:
    """Return whether all columns but these have pixels: "bytes" from 0 to 255, or "shares" from 0 to 1."""
    others = [rows.apart[column] for column in rows.apart if column not in labels]
    if any(column.dtype == object for column in others):
        return None
    parts = [part for part in (rows.numbers, *others) if part.size]
    if all(part.min() >= 0 and part.max() <= 255 and np.array_equal(part, np.floor(part)) for part in parts):
        return "bytes"
    return "shares" if all(part.min() >= 0 and part.max() <= 1 for part in parts) else None


def class_numbers(column: Column, place: Place, index: int, lines: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return whole labels (N,) as they are, for classes that are called by their numbers.

    Raises
    ------
    DataError
        If a label is not a whole number of at least 0.
    """
    numbers = np.array([np.nan if (x := as_number(str(field))) is None else x for field in column])
    bad = ~(np.isfinite(numbers) & (numbers == np.floor(numbers)) & (numbers >= 0) & (numbers < 2**31))
    if bad.any():
        row = int(np.argmax(bad))
        raise DataError(
            f"Expected whole class numbers of at least 0, got {column[row]} in row {row + 1} (line {lines[row]}), "
            f"{place.column(index)}, of {place.path}: renumber the classes, or choose another column with label."
        )
    return numbers.astype(np.int64)


def classes_of(
    column: Column, place: Place, index: int, lines: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], tuple[str, ...]]:
    """Return labels (N,) from 0, and the classes in order: numbers by size, names by the alphabet.

    Raises
    ------
    DataError
        If a label is missing or not whole, or if nearly every row has a label of its own.
    """
    if column.dtype == object:
        for row, field in enumerate(column):
            if field.lower() in UNLABELLED:
                raise place.refusal(field, row + 1, int(lines[row]), index)
        names = np.array([_normal(field) for field in column], object)
    else:
        if not _whole(column).all():
            row = int(np.argmin(_whole(column)))
            raise DataError(
                f"Expected names or whole numbers as labels, got {column[row]} in row {row + 1} (line {lines[row]}), "
                f"{place.column(index)}, of {place.path}: choose another column with label."
            )
        names = np.array([str(int(x)) for x in column], object)
    ordered = sorted(set(names), key=_order)
    if len(ordered) > _MANY and 2 * len(ordered) > len(names):
        raise DataError(
            f"Expected classes in {place.column(index)} of {place.path}, got {len(ordered)} different values in "
            f"{len(names)} rows: choose another column with label."
        )
    number = {name: position for position, name in enumerate(ordered)}
    return np.array([number[name] for name in names], np.int64), tuple(ordered)


def has_values(column: Column, task: str) -> bool:
    """Return whether a label column has values to predict rather than classes: as asked, or numbers not all whole."""
    if task != "auto":
        return task == "values"
    numbers = column.dtype != object and bool(np.isfinite(column).all())
    return numbers and not _whole(column).all()


def values_of(column: Column, place: Place, index: int, lines: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
    """Return the values to predict, (N, 1).

    Raises
    ------
    DataError
        If one is not a finite number.
    """
    numbers = np.array([np.nan if (x := as_number(str(field))) is None else x for field in column])
    with np.errstate(over="ignore"):
        values = numbers.astype(np.float32)
    if not np.isfinite(values).all():
        row = int(np.argmin(np.isfinite(values)))
        raise place.refusal(column[row], row + 1, int(lines[row]), index)
    return values[:, None]


def _whole(column: Column) -> npt.NDArray[np.bool_]:
    """Return which numbers (N,) are whole."""
    whole: npt.NDArray[np.bool_] = np.isfinite(column) & (column == np.floor(column))
    return whole


def _normal(field: str) -> str:
    """Return the name of a class: whole numbers are all written alike."""
    number = as_number(field) if is_number(field) else None
    return str(int(number)) if number is not None and number == int(number) else field


def _order(name: str) -> tuple[float, str]:
    number = as_number(name) if is_number(name) else None
    return (float("inf") if number is None else number, name)
