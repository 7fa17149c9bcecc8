"""The records of a CSV file, and the fields in them."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import IO

from pellucid.data.csv_form import has_decimal_commas, separator_of, with_point
from pellucid.errors import FileFormatError

_SAMPLE = 20


class Records:
    """The lines of a CSV file with their numbers; a field in quotes may contain the ends of lines."""

    def __init__(self, file: IO[str], path: Path) -> None:
        self.path = path
        self._lines = self._joined(file)
        self.sample = list(islice(self._lines, _SAMPLE))
        self.separator = separator_of([text for _, text in self.sample])
        self.has_text = False
        self._decimal_comma = False
        if self.separator == ";":
            self._decimal_comma = has_decimal_commas([field for _, text in self.sample for field in self.fields(text)])

    def __iter__(self) -> Iterator[tuple[int, str]]:
        return chain(self.sample, self._lines)

    def fields(self, text: str) -> list[str]:
        """Return the fields of a record, without the spaces around them."""
        return self.rows([text])[0]

    def rows(self, texts: Sequence[str]) -> list[list[str]]:
        """Return the fields of several records. A decimal comma becomes a point."""
        try:
            rows = list(csv.reader(texts, delimiter=self.separator, skipinitialspace=True))
        except csv.Error as error:
            raise FileFormatError(f"Expected a CSV table, got {self.path}, which is not one ({error}).") from error
        if len(rows) != len(texts):
            raise FileFormatError(
                f"Expected quotes in pairs, got one that does not close in {self.path}: correct the rows."
            )
        if self._decimal_comma:
            return [[with_point(field.strip()) for field in row] for row in rows]
        return [[field.strip() for field in row] for row in rows]

    def _joined(self, file: IO[str]) -> Iterator[tuple[int, str]]:
        """Yield records with the number of their first line; a line with an open quote continues in the next."""
        begin, parts, open_ = 0, list[str](), False
        for number, line in enumerate(file, 1):
            if not open_ and line.isspace():
                continue
            begin = begin if open_ else number
            open_ ^= line.count('"') % 2 == 1
            parts.append(line)
            if not open_:
                yield begin, "".join(parts)
                parts.clear()
        if parts:
            raise FileFormatError(
                f"Expected quotes in pairs, got one in line {begin} of {self.path} that does not close: correct it."
            )
