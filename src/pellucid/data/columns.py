"""The columns of tabular data: the names of the features, what the label is, and the standardisation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from pellucid.data.checks import as_array
from pellucid.errors import DataError
from pellucid.system.fields import Field, FieldError, Number, Several, Text, check

Vector = npt.NDArray[np.float32]

RECORD = "columns"
"""The entry of a network's record."""

_FIELDS: dict[str, Field] = {"features": Several(Text(), least=1), "label": Text()}
_SCALING: dict[str, Field] = {"mean": Several(Number(), least=1), "scale": Several(Number(low=1e-45), least=1)}


@dataclass(frozen=True, eq=False)
class Columns:
    """The columns of a table; a network's record keeps them, so that it can be given rows of another file.

    Attributes
    ----------
    features : tuple of str
        The D features, in the order of the network's inputs.
    label : str
        What the classes are.
    mean, scale : ndarray (D,) or None
        What is subtracted from each feature, and what it is divided by after that; None for the original numbers.
    """

    features: tuple[str, ...]
    label: str = "class"
    mean: Vector | None = None
    scale: Vector | None = None

    @classmethod
    def of_record(cls, record: Mapping[str, Any]) -> Self | None:
        """Return the columns in a network's record; None if there are none, or no valid ones."""
        found: Any = record.get(RECORD)
        try:
            check(_FIELDS, found, optional=_SCALING)
        except FieldError:
            return None
        features, mean, scale = found["features"], found.get("mean"), found.get("scale")
        if mean is None or scale is None:
            return cls(tuple(features), found["label"])
        if not len(features) == len(mean) == len(scale):
            return None
        return cls(tuple(features), found["label"], np.array(mean, np.float32), np.array(scale, np.float32))

    def configuration(self) -> dict[str, Any]:
        """Return what a network's record keeps, as plain data."""
        kept: dict[str, Any] = {"features": list(self.features), "label": self.label}
        if self.mean is not None and self.scale is not None:
            kept |= {"mean": self.mean.tolist(), "scale": self.scale.tolist()}
        return kept

    def prepare(self, rows: npt.ArrayLike) -> Vector:
        """Return rows, (D,) or (N, D), as the network takes them: standardised, or as they are.

        Raises
        ------
        DataError
            If there are not D numbers in each row.
        """
        array = as_array(rows, "rows")
        if array.ndim not in (1, 2) or array.shape[-1] != len(self.features):
            raise DataError(
                f"Expected rows of {len(self.features)} features ({some_names(self.features)}), got an array of shape "
                f"{array.shape}."
            )
        if self.mean is None or self.scale is None:
            return array.astype(np.float32)
        standardized: Vector = ((array - self.mean.astype(np.float64)) / self.scale).astype(np.float32)
        return standardized

    def restore(self, prepared: npt.ArrayLike) -> Vector:
        """Return rows as the data have them, (D,) or (N, D), from rows as the network takes them."""
        array = as_array(prepared, "rows")
        if self.mean is None or self.scale is None:
            return array.astype(np.float32)
        original: Vector = (array * self.scale.astype(np.float64) + self.mean).astype(np.float32)
        return original


def record_of(data: object) -> dict[str, Any]:
    """Return what a network's record keeps of the data it was trained on: the columns of a table, otherwise nothing."""
    columns = getattr(data, "columns", None)
    return {RECORD: columns.configuration()} if isinstance(columns, Columns) else {}


def some_names(names: Sequence[str], most: int = 6) -> str:
    """Return names in one line, at most ``most`` of them.

    Examples
    --------
    >>> some_names("abcdefgh", 3)
    'a, b and 6 more'
    """
    if len(names) <= most:
        return ", ".join(names)
    return f"{', '.join(names[: most - 1])} and {len(names) - most + 1} more"
