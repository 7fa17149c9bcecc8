"""Data sets and streams in windows: how long windows are, what is read into them, and evaluation on them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.data.limits import MEMORY_LIMIT
from pellucid.data.rows import rows_of
from pellucid.data.stream import Stream
from pellucid.engine.records import Targets
from pellucid.errors import ConfigurationError
from pellucid.programs.feed import holds_dense
from pellucid.programs.image_program import ImageProgram, mean_of
from pellucid.programs.image_targets import Supervision, check_supervision
from pellucid.programs.packing import Packing, bytes_within
from pellucid.training.task import Evaluation
from pellucid.training.weights import smoothed
from pellucid.training.window_readers import DatasetReader, StreamReader
from pellucid.training.windows import Reader, all_windows

_ENOUGH = 64_000_000
"""Bytes of packed examples beyond which windows of examples that can be read in any order are no faster."""


class WindowRoom:
    """The memory of two windows, and how many examples each has room for.

    Parameters
    ----------
    data : Dataset or Stream
    batch_size : int
        A window has whole mini-batches.
    most : int, optional
        More examples than this are never needed.
    varied : bool
        Whether examples are augmented: then they are packed as floats, and also held as they are.

    Attributes
    ----------
    length : int
        Examples in a window.

    Raises
    ------
    ConfigurationError
        If the memory limit is too small for two mini-batches.
    """

    def __init__(self, data: Any, batch_size: int = 1, most: int | None = None, varied: bool = False) -> None:
        of_stream = isinstance(data, Stream)
        self._dtype, self._width, self._levels = dtype_of(data), math.prod(data.shape), data.unit_range
        self._data = data
        each = bytes_within(1, self._dtype, self._width, self._levels)
        if varied:
            each = bytes_within(1, np.dtype(np.float32), self._width, self._levels) + 8 * self._width
        limit = data.memory_limit or MEMORY_LIMIT
        needed = 2 * batch_size * each
        if data.memory_limit is not None and limit < needed:
            raise ConfigurationError(
                f"memory_limit expected room for two mini-batches of {batch_size}, {needed:,} bytes, got {limit:,}: "
                "raise it, or use smaller mini-batches."
            )
        # Larger windows shuffle better, except where any example can be read at any time.
        used = limit if of_stream or rows_of(data.images).in_order else min(limit, _ENOUGH)
        length = used // 2 // each
        if most is not None:
            length = min(length, most + batch_size - 1)
        self.length = max(1, length // batch_size) * batch_size

    def packings(self) -> tuple[Packing, Packing]:
        """Room for the two windows."""
        dense = not isinstance(self._data, Stream) and holds_dense(self._data)
        first, second = (Packing(self._dtype, self._width, self._levels, self.length, dense=dense) for _ in range(2))
        return first, second


def dtype_of(data: Any) -> np.dtype[Any]:
    """The type of the numbers of a data set or a stream."""
    dtype: np.dtype[Any] = data.dtype if isinstance(data, Stream) else data.images.dtype
    return dtype


def evaluation_in_windows(
    program: ImageProgram, data: Any, loss: str | None, weights: NDArray[np.float32] | None
) -> Evaluation:
    """An evaluation of data that do not fit into memory together; see `pellucid.training.task.Task.evaluation`.

    The loss and the correct outputs of all windows are added up.
    """
    room = WindowRoom(data)
    packings = room.packings()
    read: Reader
    if isinstance(data, Stream):
        targets = StreamTargets(program, data, loss)
        read, name = StreamReader(data, targets, room.length), targets.loss
    else:
        supervision = program.supervise(data.targets, len(data), loss, weights)
        name = supervision.loss
        read = DatasetReader(data.images, supervision.targets, lambda epoch: np.arange(len(data)), room.length)

    def evaluate() -> tuple[float, float]:
        sums, count = np.zeros(2), 0
        for batches in all_windows(read, packings):
            sums += program.evaluate_sums(batches.feed, Supervision(name, batches.targets))
            count += batches.feed.count
        return mean_of(name, sums, count)

    return evaluate


class StreamTargets:
    """Converts the targets of a stream, some at a time.

    Parameters
    ----------
    program : ImageProgram
    stream : Stream
    loss : str, optional
        By default the one that suits the first example.
    class_weight : tuple of float, optional
        The weight of each class.
    smoothing : float
        See `pellucid.training.weights.smoothed`.

    Attributes
    ----------
    loss, name : str
        The loss as in `Supervision`, and as users name it.
    weighted : bool
        Whether the examples have weights.
    """

    def __init__(
        self,
        program: ImageProgram,
        stream: Stream,
        loss: str | None,
        class_weight: tuple[float, ...] | None = None,
        smoothing: float = 0.0,
    ) -> None:
        self._program, self._smoothing = program, smoothing
        self._class_weight = None if class_weight is None else np.array(class_weight, np.float32)
        self.weighted = stream.has_weight or class_weight is not None
        first = program.supervise(stream.sample.targets, 1, loss)
        self.name = first.name
        self.loss = smoothed(first, smoothing, program.outputs.width).loss if smoothing else first.loss

    def __call__(self, targets: NDArray[Any], weights: NDArray[np.float32] | None) -> Targets:
        """The targets (n,) or (n, K) of some examples and their own weights (n,), in the engine's form."""
        if self._class_weight is not None:
            by_class = self._class_weight[targets]
            weights = by_class if weights is None else weights * by_class
        supervision = self._program.supervise(targets, len(targets), self.name, weights)
        if self._smoothing:
            supervision = smoothed(supervision, self._smoothing, self._program.outputs.width)
        check_supervision(supervision, len(targets), self._program.outputs.width)
        return supervision.targets
