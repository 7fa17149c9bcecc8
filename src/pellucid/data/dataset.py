"""A data set: labelled images, checked once, so that no later code has to check them."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, Self, overload

import numpy as np
import numpy.typing as npt

from pellucid.data.checks import checked_classes, checked_images, checked_labels, checked_range, matched
from pellucid.data.stratify import IntArray, stratified
from pellucid.errors import ConfigurationError, DataError
from pellucid.system.arguments import as_fraction
from pellucid.system.fixed import Fixed

Image = npt.NDArray[np.uint8] | npt.NDArray[np.float32]
Index = slice | npt.NDArray[Any] | Sequence[int]


class Dataset(Fixed):
    """Labelled images of one shape and one declared range of levels.

    Parameters
    ----------
    images : array_like, shape (N, H, W), (N, D) or (N, C, H, W)
        uint8 or floats. Floats are stored as float32, integers from 0 to 255 of any type as uint8.
    labels : array_like of int, shape (N,)
        The class of each image, from 0.
    classes : sequence of str, optional
        The name of each class; by default "0", "1", ... up to the largest label.
    level_range : (low, high), optional
        The levels of paper and of full ink; by default (0, 255) for integers and (0, 1) for floats and booleans.
        Levels from 0 to 9, for example, are ``(0, 9)``.
    name, source, licence : str
        Name, origin and licence of the data.

    Attributes
    ----------
    images : ndarray of uint8 or float32
        C-contiguous; not copied if they were so already.
    labels : ndarray of int64, shape (N,)
    classes : tuple of str
    level_range : tuple of float

    Raises
    ------
    DataError
        If images and labels differ in number, are empty, or have values that are not valid levels or classes.

    Examples
    --------
    >>> import numpy as np
    >>> strokes = np.array([[[0, 9], [0, 9]], [[9, 9], [0, 0]], [[0, 8], [0, 9]]], dtype=np.uint8)
    >>> data = Dataset(strokes, [0, 1, 0], classes=["upright", "lying"], level_range=(0, 9), name="strokes")
    >>> data
    <Dataset strokes: 3 images of 2x2, levels 0 to 9 (uint8), 2 classes: upright 2, lying 1>
    >>> image, label = data[1]
    >>> data.classes[label]
    'lying'
    >>> len(data[:2]), data.shape
    (2, (2, 2))
    """

    _fixed = frozenset({"images", "labels", "classes", "level_range"})

    def __init__(
        self,
        images: npt.ArrayLike,
        labels: npt.ArrayLike,
        *,
        classes: Sequence[str] | None = None,
        level_range: tuple[float, float] | None = None,
        name: str = "data",
        source: str = "",
        licence: str = "",
    ) -> None:
        self.images, natural_range = checked_images(images)
        self.labels = checked_labels(labels)
        matched(self.images, self.labels)
        self.level_range = checked_range(self.images, natural_range if level_range is None else level_range)
        self.classes = checked_classes(classes, int(self.labels.max()))
        self.name = name
        self.source = source
        self.licence = licence

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one image, for a network's `input_shape`; `images.shape` has the count before it."""
        return self.images.shape[1:]

    @property
    def counts(self) -> IntArray:
        """Number of examples of each class, shape (number of classes,)."""
        return np.bincount(self.labels, minlength=len(self.classes)).astype(np.int64)

    def split(self, fraction: float, seed: int = 0) -> tuple[Self, Self]:
        """Split the data into two stratified parts, the first with `fraction` of it.

        Both parts keep the order of the data. The same seed gives the same parts on every machine.

        Parameters
        ----------
        fraction : float
            Share of the first part, between 0 and 1.
        seed : int
            Determines which examples go into which part.

        Returns
        -------
        tuple of Dataset

        Raises
        ------
        ConfigurationError
            If the fraction is not between 0 and 1.
        DataError
            If one of the parts would be empty.

        Examples
        --------
        >>> data = Dataset(np.zeros((10, 4, 4)), [0, 1] * 5)
        >>> learn, held_out = data.split(0.8, seed=1)
        >>> len(learn), len(held_out), held_out.counts.tolist()
        (8, 2, [1, 1])
        """
        count = round(as_fraction("fraction", fraction) * len(self))
        if not 0 < count < len(self):
            raise DataError(
                f"split expected at least one image in each part, got {count} of {len(self)} in the first: choose a "
                "fraction nearer to a half, or use more images."
            )
        first, second = stratified(self.labels, count, seed)
        return self._pick(first), self._pick(second)

    def take(self, n: int, seed: int = 0) -> Self:
        """Return a random stratified sample of `n` images, in the order of the data.

        Examples
        --------
        >>> Dataset(np.zeros((10, 4, 4)), [0, 1] * 5).take(4, seed=1).counts.tolist()
        [2, 2]
        """
        if isinstance(n, bool) or not isinstance(n, int | np.integer) or not 1 <= n <= len(self):
            raise ConfigurationError(f"take expected an integer from 1 to {len(self)}, got {n!r}.")
        return self._pick(stratified(self.labels, int(n), seed)[0])

    def __len__(self) -> int:
        return len(self.labels)

    @overload
    def __getitem__(self, index: int | np.integer[Any]) -> tuple[Image, int]: ...
    @overload
    def __getitem__(self, index: Index) -> Self: ...
    def __getitem__(self, index: int | np.integer[Any] | Index) -> tuple[Image, int] | Self:
        """Return (image, label) for an index; a Dataset for a slice, a list of indices or a boolean mask."""
        if isinstance(index, int | np.integer):
            return self.images[index], int(self.labels[index])
        return self._pick(index)

    def __iter__(self) -> Iterator[tuple[Image, int]]:
        """Yield (image, label) for each example."""
        yield from zip(self.images, self.labels.tolist(), strict=True)

    def __repr__(self) -> str:
        low, high = self.level_range
        listed = [f"{name} {count}" for name, count in zip(self.classes, self.counts.tolist(), strict=True)]
        if len(listed) > 12:
            listed[10:] = [f"and {len(listed) - 10} more"]
        return (
            f"<Dataset {self.name}: {len(self)} images of {'x'.join(map(str, self.shape))}, "
            f"levels {low:g} to {high:g} ({self.images.dtype}), {len(self.classes)} classes: {', '.join(listed)}>"
        )

    def _pick(self, index: Index) -> Self:
        """Return the examples at `index`, which need not be checked again."""
        labels = self.labels[index]
        if labels.ndim != 1 or not len(labels):
            raise DataError(
                f"Expected an index that selects at least one of the {len(self)} images, got labels of {labels.shape}."
            )
        images: Any = self.images[index]
        part = copy.copy(self)
        vars(part).update(images=np.ascontiguousarray(images), labels=np.ascontiguousarray(labels))
        return part


class TrainTest(NamedTuple):
    """What `load` returns: training and held-out images; unpacks as ``train, test = ...``."""

    train: Dataset
    test: Dataset
