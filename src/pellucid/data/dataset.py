"""A data set: labelled images, checked once, so that no later code has to check them."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from typing import Any, Literal, NamedTuple, Self, overload

import numpy as np
import numpy.typing as npt

from pellucid.data.checks import (
    UNIT,
    DeclaredRange,
    checked_classes,
    checked_images,
    checked_targets,
    checked_weight,
    matched,
)
from pellucid.data.columns import Columns
from pellucid.data.frames import frame_parts, is_frame, named_labels
from pellucid.data.limits import checked_limit
from pellucid.data.rows import Rows, mapping_of, rows_of
from pellucid.data.stratify import IntArray, stratified
from pellucid.errors import DataError
from pellucid.system.arguments import as_fraction, as_integer
from pellucid.system.fixed import Fixed

Image = npt.NDArray[np.uint8] | npt.NDArray[np.float32]
Index = slice | npt.NDArray[Any] | Sequence[int]


class Dataset(Fixed):
    """Labelled images of one shape and one declared range of levels.

    Parameters
    ----------
    images : array_like, shape (N, H, W), (N, D) or (N, C, H, W)
        uint8 or floats. Floats are stored as float32, integers from 0 to 255 of any type as uint8. An array mapped from
        a file, as by ``numpy.load(path, mmap_mode="r")``, stays there. Tensors of other libraries share their memory. A
        frame of pandas or polars is rows of features with its columns' names, as in a `Table`.
    labels : array_like, shape (N,) or (N, K), or str
        The class of each image, from 0; or target values: K of them, or one that is not a whole number. With a frame,
        also the name of its column with them; columns of names become classes.
    classes : sequence of str, optional
        The name of each class; by default "0", "1", ... up to the largest label. With target values, their names.
    level_range : (low, high), None or "auto"
        The levels that mean 0 and 1 to a network: of pictures, paper and full ink. Levels from 0 to 9, for example, are
        ``(0, 9)``. None takes all numbers as they are. "auto" chooses: (0, 255) for integers; (0, 1) for floats,
        booleans, and integers of which none exceeds 1; numbers as they are for rows of integers that cannot be
        pictures, and for floats that cannot be levels, such as standardised ones.
    weight : array_like, shape (N,), optional
        A factor for each example's loss in training.
    task : "auto", "classes" or "values"
        Whether labels are classes or target values; "auto" chooses by their shape and type. Whole numbers in one
        column are classes.
    memory_limit : int or str, optional
        The most bytes of packed examples that training and evaluation may hold at once, as a number or in words such as
        "500 MB". Larger data are packed window by window; see ``docs/large-data.md``. By default 256 MB, and for arrays
        in memory at least 0.6 of their own size.
    name, source, licence : str
        Name, origin and licence of the data.

    Attributes
    ----------
    images : ndarray of uint8 or float32
        C-contiguous; not copied if they were so already. `pellucid.data.rows.Rows`, which are indexed like an array, if
        they have to be read as needed.
    targets : ndarray
        Classes, int64 (N,), or values, float32 (N, K).
    labels : ndarray of int64, shape (N,)
        The targets, if they are classes.
    weight : ndarray of float32, shape (N,), or None
    classes : tuple of str
    level_range : tuple of float, or None
        A network adopts it when it is first trained on these data.
    unit_range : tuple of float
        The numbers that mean 0 and 1: the level range, or (0, 1) for numbers as they are.

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

    _fixed = frozenset({"images", "targets", "labels", "weight", "classes", "level_range", "memory_limit"})

    def __init__(
        self,
        images: npt.ArrayLike,
        labels: npt.ArrayLike,
        *,
        classes: Sequence[str] | None = None,
        level_range: DeclaredRange = "auto",
        weight: npt.ArrayLike | None = None,
        task: Literal["auto", "classes", "values"] = "auto",
        memory_limit: int | str | None = None,
        name: str = "data",
        source: str = "",
        licence: str = "",
    ) -> None:
        self.memory_limit = checked_limit(memory_limit)
        images, labels, classes = self._without_names(images, labels, classes)
        self.images, self.level_range = checked_images(images, level_range)
        self.targets = checked_targets(labels, task)
        matched(self.images, self.targets)
        self.weight = None if weight is None else checked_weight(weight, len(self.images))
        last = int(self.targets.max()) if self.has_classes else self.targets.shape[1] - 1
        self.classes = checked_classes(classes, last)
        self.name = name
        self.source = source
        self.licence = licence

    def _without_names(self, images: Any, labels: Any, classes: Sequence[str] | None) -> tuple[Any, Any, Any]:
        """Images, labels and classes as arrays and names; the columns of a frame are kept."""
        if not is_frame(images):
            return images, *named_labels(labels, classes)
        parts = frame_parts(images, labels, classes)
        if parts.features is not None:
            self.columns = Columns(parts.features, parts.label or "class")
        return parts.inputs, parts.labels, parts.classes

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one image, for a network's `input_shape`; `images.shape` has the count before it."""
        return self.images.shape[1:]

    @property
    def has_classes(self) -> bool:
        """Whether the targets are classes; otherwise they are values."""
        return self.targets.ndim == 1

    @property
    def labels(self) -> IntArray:
        """The class of each image, (N,).

        Raises
        ------
        DataError
            If the targets are values.
        """
        if not self.has_classes:
            raise DataError(f"Expected data with classes, got target values {self.targets.shape}: see data.targets.")
        return self.targets

    @property
    def unit_range(self) -> tuple[float, float]:
        """The numbers that mean 0 and 1 to a network."""
        return UNIT if self.level_range is None else self.level_range

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
        first, second = self._sampled(count, seed)
        return self._pick(first), self._pick(second)

    def take(self, n: int, seed: int = 0) -> Self:
        """Return a random stratified sample of `n` images, in the order of the data.

        Examples
        --------
        >>> Dataset(np.zeros((10, 4, 4)), [0, 1] * 5).take(4, seed=1).counts.tolist()
        [2, 2]
        """
        return self._pick(self._sampled(as_integer("take", n, 1, len(self)), seed)[0])

    def limited(self, memory_limit: int | str | None) -> Self:
        """Return the same data with another memory limit.

        Examples
        --------
        >>> Dataset(np.zeros((10, 4, 4)), [0, 1] * 5).limited("2 MB").memory_limit
        2000000
        """
        twin = copy.copy(self)
        vars(twin).update(memory_limit=checked_limit(memory_limit))
        return twin

    def _sampled(self, count: int, seed: int) -> tuple[IntArray, IntArray]:
        """The numbers of ``count`` examples drawn at random, stratified by class, and those of the others."""
        return stratified(self.targets if self.has_classes else np.zeros(len(self), np.int64), count, seed)

    def __len__(self) -> int:
        return len(self.targets)

    @overload
    def __getitem__(self, index: int | np.integer[Any]) -> tuple[Image, Any]: ...
    @overload
    def __getitem__(self, index: Index) -> Self: ...
    def __getitem__(self, index: int | np.integer[Any] | Index) -> tuple[Image, Any] | Self:
        """Return (image, target) for an index; a Dataset for a slice, a list of indices or a boolean mask."""
        if isinstance(index, int | np.integer):
            return self.images[index], self.targets[index].tolist()
        return self._pick(index)

    def __iter__(self) -> Iterator[tuple[Image, Any]]:
        """Yield (image, target) for each example."""
        yield from zip(self.images, self.targets.tolist(), strict=True)

    def __repr__(self) -> str:
        levels = "numbers as they are" if self.level_range is None else "levels {:g} to {:g}".format(*self.level_range)
        return (
            f"<Dataset {self.name}: {len(self)} images of {'x'.join(map(str, self.shape))}, "
            f"{levels} ({self.images.dtype}), {self._described_targets()}>"
        )

    def _described_targets(self) -> str:
        """The classes and how many examples they have, or the target values and their ranges."""
        if self.has_classes:
            listed = [f"{name} {count}" for name, count in zip(self.classes, self.counts.tolist(), strict=True)]
            what = f"{len(self.classes)} classes"
        else:
            bounds = zip(self.classes, self.targets.min(axis=0), self.targets.max(axis=0), strict=True)
            listed = [f"{name} from {low:g} to {high:g}" for name, low, high in bounds]
            what = "target value" if len(listed) == 1 else f"{len(listed)} target values"
        if len(listed) > 12:
            listed[10:] = [f"and {len(listed) - 10} more"]
        return f"{what}: {', '.join(listed)}"

    def _pick(self, index: Index) -> Self:
        """Return the examples at `index`, which need not be checked again."""
        targets: Any = self.targets[index]
        if targets.ndim != self.targets.ndim or not len(targets):
            raise DataError(
                f"Expected an index that selects at least one of the {len(self)} images, got labels of {targets.shape}."
            )
        images = _picked(self.images, index)
        weight: Any = None if self.weight is None else np.ascontiguousarray(self.weight[index])
        part = copy.copy(self)
        vars(part).update(images=images, targets=np.ascontiguousarray(targets), weight=weight)
        return part


def _picked(images: Any, index: Index) -> Any:
    """Some of the images, in memory, or still in their file."""
    if isinstance(images, Rows):
        return images.pick(index)
    if mapping_of(images) is not None and not (isinstance(index, slice) and index.step in (None, 1)):
        return rows_of(images).pick(index)
    return np.ascontiguousarray(images[index])


class TrainTest(NamedTuple):
    """What `load` returns: training and held-out images; unpacks as ``train, test = ...``."""

    train: Dataset
    test: Dataset
