"""The form of a CSV file: its separator, its header, and how it writes numbers."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence

import numpy as np

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs"}
MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "?", "-", "nil"})
"""How files write a missing value, in lower case."""

LARGEST = float(np.finfo(np.float32).max)
"""The largest number that is taken."""

_COMMA, _POINT = r"[+-]?\d*,\d+", r"[+-]?\d*\.\d+"


def separator_of(lines: Sequence[str]) -> str:
    """Return the separator that cuts the first lines into the same number of columns, which others do not cut further.

    Examples
    --------
    >>> separator_of(["1,5;2,5;a", "3;4,5;b"]), separator_of(["1,5;2,5", "3,5;4,5"]), separator_of(["a", "b"])
    (';', ';', ',')
    """

    def suits(separator: str) -> tuple[bool, float, int]:
        rows = list(csv.reader(lines, delimiter=separator, skipinitialspace=True))
        widths = {len(row) for row in rows}
        fields = [field.strip() for row in rows for field in row]
        clean = sum(_is_clean(field, separator) for field in fields) / max(1, len(fields))
        return len(widths) == 1 and widths != {1}, clean, min(widths, default=0)

    try:
        return max(SEPARATORS, key=suits)
    except csv.Error:
        return ","


def _is_clean(field: str, separator: str) -> bool:
    """Return whether no other separator is in a field; with semicolons, decimal commas may be."""
    if separator == ";" and re.fullmatch(_COMMA, field):
        return True
    return not any(other in field for other in SEPARATORS if other != separator)


def is_number(field: str) -> bool:
    """Return whether a field is a number; a missing value is none."""
    try:
        return "_" not in field and field.lower() not in MISSING and float(field) is not None
    except ValueError:
        return False


def has_header(first: Sequence[str], second: Sequence[str] | None) -> bool:
    """Return whether the first line has the names of the columns.

    It has if none of its fields is a number, or if a field is a word above a number.

    Examples
    --------
    >>> has_header(["5.1", "setosa"], ["4.9", "setosa"]), has_header(["width", "kind"], ["4.9", "setosa"])
    (False, True)
    """
    if not any(map(is_number, first)):
        return True
    return any(
        not is_number(name) and name.lower() not in MISSING and is_number(below)
        for name, below in zip(first, second or (), strict=False)
    )


def column_names(first: Sequence[str], header: bool) -> tuple[str, ...]:
    """Return the names of the columns; "column 0", "column 1" and so on where there are none, or for one twice."""
    names = [name if header and name else f"column {index}" for index, name in enumerate(first)]
    return tuple(
        f"{name} (column {index})" if name in names[:index] else name for index, name in enumerate(names)
    )  # fmt: skip


def as_number(field: str) -> float | None:
    """Return a field as a number that float32 can hold; None if it is none. Python alone takes 1_000 for a number."""
    if "_" in field:
        return None
    try:
        number = float(field)
    except ValueError:
        return None
    return number if abs(number) <= LARGEST else None


def has_decimal_commas(fields: Sequence[str]) -> bool:
    """Return whether some fields are numbers with a decimal comma, and none has a decimal point.

    Examples
    --------
    >>> has_decimal_commas(["1,5", "rose"]), has_decimal_commas(["1,500", "2.5"])
    (True, False)
    """
    commas, points = (any(re.fullmatch(form, field) for field in fields) for form in (_COMMA, _POINT))
    return commas and not points


def with_point(field: str) -> str:
    """Return a number with a decimal point in place of its decimal comma; other text as it is."""
    return field.replace(",", ".") if "," in field and re.fullmatch(_COMMA, field) else field
