"""Tabular data: rows of named features, taken as the numbers they are, each row with a class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Self

import numpy as np
import numpy.typing as npt

from pellucid.data.checks import as_array
from pellucid.data.columns import Columns, Vector, some_names
from pellucid.data.dataset import Dataset
from pellucid.data.frames import frame_parts, is_frame
from pellucid.errors import DataError


class Table(Dataset):
    """Rows of named features with a class each.

    A `Dataset` whose inputs are not pixels: the numbers are stored as float32 and reach the network as they are.

    Parameters
    ----------
    rows : array_like, shape (N, D), or a frame
        Finite numbers.
    labels : array_like, shape (N,) or (N, K), or str
        The class of each row, from 0; or target values, as for a `Dataset`. With a frame of pandas or polars, also the
        name of its column with them.
    features : sequence of str, optional
        The name of each of the D features; by default those of a frame's columns, or "feature 0", "feature 1", ...
    classes : sequence of str, optional
        The name of each class; by default "0", "1", ... up to the largest label.
    label : str, optional
        What the classes or values are; by default the name of their column in a frame, or "class".
    task : "auto", "classes" or "values"
        As for a `Dataset`.
    name, source, licence : str
        Name, origin and licence of the data.

    Attributes
    ----------
    columns : Columns
        Names of the features and of the label, and the standardisation; a network's record can keep them.
    features : tuple of str
    mean, scale : ndarray (D,) or None
        What `standardized` subtracted from each feature, and what it divided by; None for the original numbers.
    choices : str
        How a file was read, in words: its columns, and which of them is the label.

    Raises
    ------
    DataError
        If rows and labels differ in number, are empty, or are not finite numbers and classes; or if there are not as
        many names as features.

    Examples
    --------
    >>> flowers = Table([[5.1, 1.4], [6.3, 6.0], [4.9, 1.5]], [0, 1, 0], features=["sepal", "petal"],
    ...                 classes=["setosa", "virginica"], name="flowers")
    >>> flowers
    <Table flowers: 3 rows of 2 features (sepal, petal), 2 classes: setosa 2, virginica 1>
    >>> flowers.column("petal").tolist()
    [1.399999976158142, 6.0, 1.5]
    >>> even = flowers.standardized()
    >>> abs(even.images.mean(axis=0)).max() < 1e-6, even.images.std(axis=0).round(3).tolist()
    (np.True_, [1.0, 1.0])
    >>> bool(abs(even.prepare([5.1, 1.4]) - even.images[0]).max() < 1e-6)
    True
    """

    _fixed = Dataset._fixed | {"columns"}

    def __init__(
        self,
        rows: npt.ArrayLike,
        labels: npt.ArrayLike,
        *,
        features: Sequence[str] | None = None,
        classes: Sequence[str] | None = None,
        label: str | None = None,
        task: Literal["auto", "classes", "values"] = "auto",
        name: str = "table",
        source: str = "",
        licence: str = "",
    ) -> None:
        if is_frame(rows):
            rows, labels, names, column, classes = frame_parts(rows, labels, classes)
            features, label = features or names, label or column
        numbers = _checked_rows(rows)
        super().__init__(
            numbers, labels, classes=classes, level_range=None, task=task, name=name, source=source, licence=licence
        )
        self.columns = Columns(_checked_features(features, numbers.shape[1]), label or "class")
        self.choices = ""

    @property
    def features(self) -> tuple[str, ...]:
        """The name of each feature."""
        return self.columns.features

    @property
    def mean(self) -> Vector | None:
        """What was subtracted from each feature, (D,); None for the original numbers."""
        return self.columns.mean

    @property
    def scale(self) -> Vector | None:
        """What each feature was divided by, (D,); None for the original numbers."""
        return self.columns.scale

    def column(self, feature: str) -> Vector:
        """Return the values of a feature, shape (N,).

        Raises
        ------
        DataError
            If there is no feature of that name.
        """
        if feature not in self.features:
            raise DataError(f"Expected one of the features {', '.join(self.features)}; got {feature!r}.")
        return self.images[:, self.features.index(feature)].astype(np.float32)

    def standardized(self, like: Table | None = None) -> Self:
        """Return the data with mean 0 and standard deviation 1 in each feature.

        Parameters
        ----------
        like : Table, optional
            The standardised table whose mean and scale to use, such as the training part for the test part; by default
            those of these rows. A feature with one value is only shifted.

        Raises
        ------
        DataError
            If these rows are standardised already, or ``like`` is not, or has other features.
        """
        if self.mean is not None:
            raise DataError("Expected the original numbers, got a standardised table: standardise once.")
        if like is None:
            mean, scale = self.images.mean(axis=0, dtype=np.float64), self.images.std(axis=0, dtype=np.float64)
            scale = np.where(scale > 0, scale, 1)
            columns = Columns(self.features, self.columns.label, mean.astype(np.float32), scale.astype(np.float32))
        elif like.mean is None or like.features != self.features:
            raise DataError("Expected a standardised table with the same features: call its standardized() first.")
        else:
            columns = like.columns
        return self._prepared_by(columns)

    def prepared_by(self, columns: Columns) -> Self:
        """Return the data as a network with these columns takes them, whether they are standardised now or not.

        Raises
        ------
        DataError
            If the features are others.
        """
        if columns.features != self.features:
            raise DataError(
                f"Expected the features {some_names(columns.features)}, got {some_names(self.features)}: choose the "
                "data that the network was trained on."
            )
        return self._prepared_by(columns)

    def _prepared_by(self, columns: Columns) -> Self:
        part = self._pick(slice(None))
        vars(part).update(columns=columns, images=columns.prepare(self.columns.restore(self.images)))
        return part

    def prepare(self, rows: npt.ArrayLike) -> Vector:
        """Return new rows, (D,) or (N, D), as the network takes them: standardised as these data are, or unchanged.

        Raises
        ------
        DataError
            If there are not D numbers in each row.
        """
        return self.columns.prepare(rows)

    def __repr__(self) -> str:
        standardized = "" if self.mean is None else ", standardised"
        return (
            f"<Table {self.name}: {len(self)} rows of {len(self.features)} features "
            f"({some_names(self.features)}){standardized}, {self._described_targets()}>"
        )


def _checked_features(features: Sequence[str] | None, count: int) -> tuple[str, ...]:
    """Return the names of ``count`` features."""
    if features is None:
        return tuple(f"feature {index}" for index in range(count))
    names = () if isinstance(features, str) else tuple(features)
    if len(names) != count or len(set(names)) != count or not all(isinstance(name, str) for name in names):
        raise DataError(f"Expected {count} different names as features, got {features!r}.")
    return names


def _checked_rows(values: npt.ArrayLike) -> Vector:
    """Return rows as contiguous float32 (N, D)."""
    array = as_array(values, "rows")
    if array.ndim != 2 or 0 in array.shape:
        raise DataError(f"Expected rows of shape (N, D) with at least one row and one feature, got {array.shape}.")
    with np.errstate(over="ignore"):
        numbers = np.ascontiguousarray(array, np.float32)
    if not np.isfinite(numbers).all():
        row, column = np.argwhere(~np.isfinite(numbers))[0]
        raise DataError(
            f"Expected finite numbers, got {array[row, column]} in row {row}, feature {column}: correct the row, or "
            "remove it."
        )
    return numbers
