"""Rows of a CSV table for a network to classify, with or without their labels."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pellucid.data.columns import Columns, Vector, some_names
from pellucid.data.csv_form import column_names, has_header
from pellucid.data.csv_records import Records
from pellucid.data.csv_rows import Place, read_rows
from pellucid.data.limits import LIMIT_BYTES
from pellucid.errors import DataError, FileFormatError


def load_rows(path: Path, columns: Columns) -> Vector:
    """Load the features of a CSV table, for a network that was trained on such a table.

    Parameters
    ----------
    path : Path
        A table with a header that has the names of all features, in any order and among others; or one without a
        header, with the features alone, in their order.
    columns : Columns
        The features, and their standardisation.

    Returns
    -------
    ndarray (N, D)
        As the network takes them.

    Raises
    ------
    DataError
        If the file cannot be read, has not all features, or has text or missing values among them.
    FileFormatError
        If the file is no text, or its rows have different numbers of columns.
    """
    try:
        if path.stat().st_size > LIMIT_BYTES:
            raise DataError(f"Expected at most {LIMIT_BYTES} bytes, got more in {path}: split it.")
        with path.open(encoding="utf-8-sig") as file:
            return columns.prepare(_read(Records(file, path), path, columns.features))
    except UnicodeDecodeError as error:
        raise FileFormatError(
            f"Expected text in UTF-8, got other bytes in {path} ({error.reason}): save the table as CSV."
        ) from error
    except OSError as error:
        raise DataError(
            f"Could not read {path} ({error.strerror or error}): check its name and permissions."
        ) from error


def _read(records: Records, path: Path, features: tuple[str, ...]) -> Vector:
    start = [records.fields(text) for _, text in records.sample[:2]]
    first, second = (start[0] if start else []), (start[1] if len(start) > 1 else None)
    if not start:
        raise DataError(f"Expected rows of features, got none in {path}: check the file.")
    header = has_header(first, second)
    names = column_names(first, header)
    place = Place(path, names, header)
    if header and (missing := [name for name in features if name not in names]):
        raise DataError(
            f"Expected the features that the network was trained on, got no {some_names(missing)} in {path}: give the "
            "columns these names."
        )
    if not header and len(names) != len(features):
        raise DataError(
            f"Expected {len(features)} columns ({some_names(features)}) in a table without a header, got {len(names)} "
            f"in {path}: add a header, or leave out the other columns."
        )
    places = [names.index(name) for name in features] if header else list(range(len(features)))
    rows = read_rows(records, place, header, (), set(range(len(names))) - set(places))
    return np.asarray(rows.numbers[:, [rows.kept.index(index) for index in places]], np.float32)
