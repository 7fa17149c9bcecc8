"""Frames of pandas and polars, and whatever looks like them: columns of numbers, each with a name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pellucid.data.checks import checked_classes
from pellucid.data.columns import Columns, some_names
from pellucid.errors import DataError


class FrameParts(NamedTuple):
    """Inputs (N, D) and labels of a frame; the names of features, label and classes, as far as there are any."""

    inputs: npt.NDArray[Any]
    labels: Any
    features: tuple[str, ...] | None
    label: str | None
    classes: Sequence[str] | None


def is_frame(values: Any) -> bool:
    """Whether values are a frame."""
    if isinstance(values, np.ndarray | list | tuple):
        return False
    shape = getattr(values, "shape", None)
    return isinstance(shape, tuple) and len(shape) == 2 and hasattr(values, "columns") and hasattr(values, "to_numpy")


def frame_parts(frame: Any, labels: Any, classes: Sequence[str] | None) -> FrameParts:
    """Take a frame and its labels apart.

    Parameters
    ----------
    frame : frame
    labels : str or array_like
        The name of a column of the frame; or labels of their own, such as a column of another frame.
    classes : sequence of str, optional
        The classes in their order, if labels are names.

    Raises
    ------
    DataError
        Naming the column that is missing, or is no numbers.
    """
    names = list(frame.columns)
    if isinstance(labels, str):
        if labels not in names:
            raise DataError(f"Expected labels or the name of a column, {_listed(names)}; got {labels!r}.")
        names.remove(labels)
        labels = frame[labels]
    numbers = _numbers(frame, names)
    found, own = named_labels(labels, classes)
    label = getattr(labels, "name", None)
    features = tuple(names) if all(isinstance(name, str) for name in names) else None
    return FrameParts(numbers, found, features, label if isinstance(label, str) else None, own)


def named_labels(labels: Any, classes: Sequence[str] | None) -> tuple[Any, Sequence[str] | None]:
    """Labels as numbers, and the names of classes or target values, from a column or frame; others as they are.

    Raises
    ------
    DataError
        For a missing label, or one that is none of the classes.
    """
    if is_frame(labels):
        names = tuple(map(str, labels.columns))
        return _numbers(labels, list(labels.columns)), names if classes is None else classes
    if isinstance(labels, np.ndarray | list | tuple) or not (hasattr(labels, "name") and hasattr(labels, "to_numpy")):
        return labels, classes
    array = np.asarray(labels)
    if array.dtype.kind not in "OUT":
        return array, classes
    if not all(isinstance(name, str) for name in array.tolist()):
        raise DataError("Expected labels that are all names, or all numbers; got a missing one: drop these rows.")
    known = tuple(sorted(set(array.tolist()))) if classes is None else checked_classes(classes, -1)
    places = {name: number for number, name in enumerate(known)}
    if unknown := sorted(set(array.tolist()) - places.keys()):
        raise DataError(f"Expected labels among the classes {some_names(known)}; got {some_names(unknown)}.")
    return np.array([places[name] for name in array.tolist()]), known


def rows_of_frame(frame: Any, record: Mapping[str, Any]) -> npt.NDArray[Any]:
    """The rows of a frame as a network takes them: its columns in the order of the features in the network's record.

    Rows of a network that was trained on standardised numbers are standardised in the same way.

    Parameters
    ----------
    frame : frame
    record : mapping
        The network's record. If it has no names of features, all columns are taken in their order.

    Raises
    ------
    DataError
        If columns are missing, or are no features.
    """
    columns, names = Columns.of_record(record), list(frame.columns)
    if columns is None or not all(isinstance(name, str) for name in names):
        return _numbers(frame, names)
    missing = [name for name in columns.features if name not in names]
    unknown = [name for name in names if name not in columns.features]
    if missing or unknown or len(names) != len(columns.features):
        raise DataError(
            f"Expected the columns {_listed(columns.features)}; missing: {_listed(missing)}; not among the features: "
            f"{_listed(unknown)}: choose the columns, as in frame[features]."
        )
    return columns.prepare(_numbers(frame, list(columns.features)))


def _numbers(frame: Any, names: Sequence[Any]) -> npt.NDArray[Any]:
    """The columns of these names, (N, D)."""
    if not names:
        raise DataError("Expected a frame with at least one column of numbers beside the labels.")
    if len(set(names)) != len(names):
        raise DataError("Expected a different name for each column, got one twice: rename one.")
    return np.stack([_column(frame[name], name) for name in names], axis=1)


def _column(column: Any, name: Any) -> npt.NDArray[Any]:
    """The numbers of a column, (N,)."""
    kind = getattr(column.dtype, "kind", "")
    array = np.asarray(column)
    if array.dtype.kind not in "buif" and kind in tuple("buif"):  # numbers of pandas that may be missing
        array = column.to_numpy(dtype=np.float64, na_value=np.nan)
    if array.dtype.kind not in "buif":
        raise DataError(
            f"Expected numbers in all columns, got {column.dtype} in the column {name!r}: encode it as numbers, or "
            "drop it."
        )
    if array.dtype.kind == "f" and np.isnan(array).any():
        row = int(np.argmax(np.isnan(array)))
        raise DataError(
            f"Expected a number in every row, got none in row {row} of the column {name!r}: fill or drop it."
        )
    return array


def _listed(names: Sequence[Any]) -> str:
    return some_names([repr(name) for name in names]) or "none"
