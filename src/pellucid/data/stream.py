"""Examples that come batch by batch from a function of the user, anew in every epoch."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from pellucid.data.checks import BYTES, UNIT, DeclaredRange, as_array, checked_classes, checked_targets, valid_range
from pellucid.data.limits import checked_limit
from pellucid.data.rows import extremes
from pellucid.errors import ConfigurationError, DataError, ShapeError
from pellucid.system.arguments import as_integer, is_integer
from pellucid.system.fixed import Fixed

_AGAIN = "pass a function that returns a new iterator every time it is called"


class StreamBatch(NamedTuple):
    """Checked examples: images (n, ...), uint8 or float32, targets (n,) or (n, K), and weights (n,) if any."""

    images: npt.NDArray[Any]
    targets: npt.NDArray[Any]
    weight: npt.NDArray[np.float32] | None


class Stream(Fixed):
    """Labelled examples that an iterator gives batch by batch, so that they need never be in memory together.

    For training, validation and evaluation by a `pellucid.Trainer`, in place of a `Dataset`. The batches may have any
    sizes; the trainer cuts mini-batches of its own. In training, examples are shuffled within windows as large as half
    the memory limit allows.

    Parameters
    ----------
    make_batches : callable or iterable
        Returns a new iterator of batches for every epoch: ``(inputs, labels)`` or ``(inputs, labels, weight)``. If it
        has a parameter without a default, it is called with the number of the epoch, from 0. Instead of a function, a
        collection of batches that can be iterated again and again, such as a list or a PyTorch ``DataLoader``.
        It runs in a thread of its own while the engine trains.
    input_shape : tuple of int, optional
        Shape of one input; by default that of the first batch.
    classes : int or sequence of str, optional
        The number of classes, or their names, or the names of target values.
    length : int, optional
        Examples in an epoch. Of longer iterators the rest is not read; by default an epoch is all that an iterator
        gives, which is read once to be counted before the first training.
    level_range : (low, high), None or "auto"
        The numbers that mean 0 and 1, as for a `Dataset`. "auto" chooses (0, 255) for a first batch of bytes, and
        numbers as they are for any other.
    task : "auto", "classes" or "values"
        Whether labels are classes or target values; "auto" chooses by the first batch.
    memory_limit : int or str, optional
        The most bytes of packed examples to hold at once, such as "500 MB"; by default 256 MB.
    shuffle : bool
        Whether to shuffle within windows, by the trainer's seed.
    name : str
        The name of the data.

    Raises
    ------
    ConfigurationError
        If ``make_batches`` is an iterator, which cannot be started again.
    DataError, ShapeError
        If there is no first batch, or it has no valid examples.

    Examples
    --------
    >>> import numpy as np
    >>> import pellucid as pl
    >>> def batches():
    ...     rng = np.random.default_rng(0)
    ...     for _ in range(20):
    ...         points = rng.standard_normal((50, 2), np.float32)
    ...         yield points, (points.sum(axis=1) > 0).astype(int)
    >>> data = Stream(batches, classes=["below", "above"])
    >>> data
    <Stream stream: batches of examples of 2, numbers as they are (float32), 2 classes>
    >>> net = pl.Network([pl.Dense(2, "softmax")], input_shape=(2,))
    >>> *_, last = pl.Trainer(net, data, optimizer=pl.SGD(0.5)).run(epochs=3, validation=data)
    >>> bool(last.test_accuracy > 0.95)
    True
    """

    _fixed = frozenset({"shape", "dtype", "classes", "level_range", "memory_limit", "shuffle"})

    def __init__(
        self,
        make_batches: Callable[..., Iterable[Any]] | Iterable[Any],
        *,
        input_shape: Sequence[int] | None = None,
        classes: int | Sequence[str] | None = None,
        length: int | None = None,
        level_range: DeclaredRange = "auto",
        task: Literal["auto", "classes", "values"] = "auto",
        memory_limit: int | str | None = None,
        shuffle: bool = True,
        name: str = "stream",
    ) -> None:
        self._make = _restartable(make_batches)
        self._last: Iterator[Any] | None = None
        self._length = None if length is None else as_integer("length", length, 1, 1 << 31)
        self.memory_limit, self.shuffle, self.name = checked_limit(memory_limit), bool(shuffle), name
        images, labels, weight = self._first_batch()
        self.shape = images.shape[1:] if input_shape is None else _checked_shape(input_shape)
        self.dtype = np.dtype(np.uint8 if images.dtype in (np.uint8, np.bool_) else np.float32)
        self.level_range = self._levels(images.dtype, level_range)
        self.has_weight = weight is not None
        first = checked_targets(labels, task)
        self._values = None if first.ndim == 1 else first.shape[1]
        named = is_integer(classes)
        self.classes = (
            tuple(map(str, range(as_integer("classes", classes, 1, 1 << 31)))) if named else self._names(classes)
        )
        checked = self._checked(0, (images, labels, weight))
        self.sample = StreamBatch(*(None if part is None else part[:1] for part in checked))  # type: ignore[arg-type]

    @property
    def has_classes(self) -> bool:
        """Whether the targets are classes; otherwise they are values."""
        return self._values is None

    @property
    def unit_range(self) -> tuple[float, float]:
        """The numbers that mean 0 and 1 to a network."""
        return UNIT if self.level_range is None else self.level_range

    def __len__(self) -> int:
        """Examples in an epoch; an iterator is read to the end once to count them, if no length was given."""
        if self._length is None:
            self._length = sum(len(batch.images) for batch in self.batches(0))
        return self._length

    @property
    def length(self) -> int | None:
        """Examples in an epoch, if they were given or counted."""
        return self._length

    def batches(self, epoch: int) -> Iterator[StreamBatch]:
        """The checked batches of an epoch, counted from 0, from its first on; no more examples than the length.

        Raises
        ------
        DataError, ShapeError
            If the iterator cannot be started again, ends early, or gives something else than such batches.
        """
        iterator, seen, wanted = self._start(epoch), 0, self._length
        for number, given in enumerate(iterator):
            batch = self._checked(number, given)
            if wanted is not None and seen + len(batch.images) > wanted:
                batch = StreamBatch(*(None if part is None else part[: wanted - seen] for part in batch))  # type: ignore[arg-type]
            seen += len(batch.images)
            if len(batch.images):
                yield batch
            if seen == wanted:
                break
        if not seen:
            raise DataError(f"The stream {self.name} gave no examples: {_AGAIN}, with at least one batch.")
        if wanted is not None and seen < wanted:
            raise DataError(
                f"The stream {self.name} ended after {seen:,} of {wanted:,} examples: pass the right length, or a "
                "function that gives as many in every epoch."
            )

    def _start(self, epoch: int) -> Iterator[Any]:
        iterator = self._make(epoch)
        if iterator is self._last:
            raise DataError(f"The stream {self.name} gave the same iterator twice, which is used up: {_AGAIN}.")
        self._last = iterator
        return iterator

    def _first_batch(self) -> tuple[Any, Any, Any]:
        given = next(self._start(0), None)
        if given is None:
            raise DataError(f"The stream {self.name} gave no batches: {_AGAIN}, with at least one batch.")
        images, labels, weight = _parts(self.name, 0, given)
        array = as_array(images, "the inputs of a batch")
        if array.ndim < 2 or 0 in array.shape:
            raise ShapeError(f"A stream expected batches of inputs of shape (n, ...), got {array.shape} in the first.")
        return array, labels, weight

    def _levels(self, dtype: np.dtype[Any], level_range: DeclaredRange) -> tuple[float, float] | None:
        if isinstance(level_range, str):
            if level_range != "auto":
                raise DataError(f'Expected level_range as (low, high), None or "auto", got {level_range!r}.')
            return BYTES if dtype == np.uint8 else UNIT if dtype == np.bool_ else None
        return None if level_range is None else valid_range(level_range)

    def _names(self, classes: Any) -> tuple[str, ...]:
        if classes is None:
            return () if self._values is None else tuple(map(str, range(self._values)))
        return checked_classes(classes, -1 if self._values is None else self._values - 1)

    def _checked(self, number: int, given: Any) -> StreamBatch:
        """A batch, counted from 0, in the types of the stream."""
        inputs, labels, weight = _parts(self.name, number, given)
        where = f"batch {number + 1} of the stream {self.name}"
        array = as_array(inputs, f"the inputs of {where}")
        if array.shape[1:] != self.shape or array.ndim < 2:
            raise ShapeError(
                f"Expected inputs of shape (n, {', '.join(map(str, self.shape))}), got {array.shape} in {where}: give "
                "all examples the same shape."
            )
        targets = self._checked_targets(labels, len(array), where)
        if (weight is not None) != self.has_weight:
            raise DataError(f"Expected weights in all batches or in none; {where} differs: add them or leave them out.")
        return StreamBatch(self._checked_images(array, where), targets, _checked_weight(weight, len(array), where))

    def _checked_images(self, array: npt.NDArray[Any], where: str) -> npt.NDArray[Any]:
        bytes_came = array.dtype in (np.uint8, np.bool_)
        if self.dtype == np.uint8 and not bytes_came:
            raise DataError(
                f"Expected bytes as in the first batch, got {array.dtype} in {where}: give all batches that type."
            )
        with np.errstate(over="ignore"):
            images = np.ascontiguousarray(array, self.dtype)
        if not images.size:
            return images
        least, most = extremes(images)
        if not (np.isfinite(least) and np.isfinite(most)):
            raise DataError(f"Expected finite numbers, got NaN or infinity in {where}: drop or correct that example.")
        low, high = (least, most) if self.level_range is None else self.level_range
        if least < low or most > high:
            raise DataError(
                f"Expected levels from {low:g} to {high:g}, got {least:g} to {most:g} in {where}: declare their range "
                "with level_range."
            )
        return images

    def _checked_targets(self, labels: Any, count: int, where: str) -> npt.NDArray[Any]:
        array = as_array(labels, f"the labels of {where}")
        if self.has_classes and array.dtype.kind == "f" and (array != np.floor(array)).any():
            raise DataError(
                f'Expected classes as in the first batch, got fractions in {where}: pass task="values" if labels are '
                "target values."
            )
        targets = checked_targets(array, "classes" if self.has_classes else "values")
        if len(targets) != count:
            raise DataError(f"Expected one label for each input, got {count} inputs and {len(targets)} in {where}.")
        if not self.has_classes and targets.shape[1] != self._values:
            raise ShapeError(
                f"Expected {self._values} target values for each input, got {targets.shape[1]} in {where}: give all "
                "examples as many."
            )
        if self.has_classes and self.classes and count and targets.max() >= len(self.classes):
            raise DataError(
                f"Expected labels from 0 to {len(self.classes) - 1}, got {targets.max()} in {where}: correct it, or "
                "name more classes."
            )
        return targets

    def __repr__(self) -> str:
        levels = "numbers as they are" if self.level_range is None else "levels {:g} to {:g}".format(*self.level_range)
        count = "batches of" if self._length is None else f"{self._length:,}"
        targets = f"{self._values} target values"
        if self.has_classes:
            targets = f"{len(self.classes)} classes" if self.classes else "classes"
        sides = "x".join(map(str, self.shape))
        return f"<Stream {self.name}: {count} examples of {sides}, {levels} ({self.dtype}), {targets}>"


def _restartable(make_batches: Any) -> Callable[[int], Iterator[Any]]:
    """A function of the epoch that starts an iterator."""
    if isinstance(make_batches, Iterator):
        raise ConfigurationError(f"A Stream cannot start an iterator again for the next epoch: {_AGAIN}.")
    if not callable(make_batches):
        if not isinstance(make_batches, Iterable):
            raise ConfigurationError(f"A Stream expected a function, got {type(make_batches).__name__}: {_AGAIN}.")
        return lambda epoch: iter(make_batches)
    takes_epoch = _needs_an_argument(make_batches)

    def start(epoch: int) -> Iterator[Any]:
        made = make_batches(epoch) if takes_epoch else make_batches()
        if not isinstance(made, Iterable):
            raise ConfigurationError(f"A Stream expected an iterator of batches, got {type(made).__name__}: {_AGAIN}.")
        return iter(made)

    return start


def _needs_an_argument(function: Callable[..., Any]) -> bool:
    """Whether a function has a positional parameter without a default."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return False
    return any(p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) for p in parameters)


def _parts(name: str, number: int, given: Any) -> tuple[Any, Any, Any]:
    """Inputs, labels and weights of a batch."""
    if not isinstance(given, tuple | list) or len(given) not in (2, 3):
        raise DataError(
            f"A stream expected batches (inputs, labels) or (inputs, labels, weight), got {type(given).__name__} as "
            f"batch {number + 1} of the stream {name}: put the labels beside the inputs."
        )
    inputs, labels, *weight = given
    return inputs, labels, weight[0] if weight else None


def _checked_weight(weight: Any, count: int, where: str) -> npt.NDArray[np.float32] | None:
    if weight is None:
        return None
    array = as_array(weight, f"the weights of {where}").astype(np.float32)
    if array.shape != (count,) or not np.isfinite(array).all() or (array < 0).any():
        raise DataError(f"Expected weights as {count} finite numbers of at least 0, got others in {where}.")
    return array


def _checked_shape(shape: Any) -> tuple[int, ...]:
    try:
        sides = tuple(int(side) for side in shape)
    except (TypeError, ValueError):
        sides = ()
    if not sides or min(sides) < 1:
        raise ConfigurationError(f"input_shape expected the shape of one input, such as (28, 28), got {shape!r}.")
    return sides
