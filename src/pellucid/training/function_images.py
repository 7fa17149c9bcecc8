"""What a loss function sees of images: mini-batches in training, and whole data sets in evaluation."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from pellucid.data.stream import Stream
from pellucid.engine.records import Draws
from pellucid.network.network import Network
from pellucid.programs.feed import Feed
from pellucid.programs.image_program import ImageProgram
from pellucid.programs.image_stepper import Batches
from pellucid.programs.image_targets import value_targets
from pellucid.programs.interface import Stepper, StepperOptions
from pellucid.programs.planes_stepper import dropout_key
from pellucid.training.class_names import check_classes
from pellucid.training.function_loss import FunctionBatches, FunctionStepper, LossFunction, summed
from pellucid.training.image_data import check_shape, needs_windows
from pellucid.training.raw_targets import GivenTargets, as_given, given, is_classes
from pellucid.training.task import Evaluation
from pellucid.training.window_data import WindowRoom
from pellucid.training.window_readers import DatasetReader, StreamReader
from pellucid.training.windows import Reader, all_windows

_AT_ONCE = 4096
"""Examples in one call of the function, where none is trained."""


class _ImageBatches(FunctionBatches):
    """See `FunctionBatches`."""

    def __init__(self, program: ImageProgram, batches: Batches, draws: Draws | None = None) -> None:
        self._program, self._feed, self._targets = program, batches.feed, given(batches.targets)
        self._draws = draws
        self._cotangents = np.zeros((len(self._targets), program.outputs.width), np.float32)
        self.linear, self.order = replace(batches, targets=value_targets(self._cotangents)), batches.order

    def outputs(self, rows: NDArray[np.int64], before: int) -> NDArray[np.float32]:
        draws = None if self._draws is None else self._draws._replace(serial=self._draws.serial + before)
        return self._program.outputs_of(self._feed, rows, draws)

    def targets(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        return self._targets[rows]

    def correct(self, outputs: NDArray[np.float32], targets: NDArray[Any]) -> float:
        return float((outputs.argmax(axis=1) == targets).sum()) if is_classes(targets) else 0.0

    def pass_on(self, rows: NDArray[np.int64], gradient: NDArray[np.float32]) -> None:
        self._cotangents[rows] = gradient * np.float32(len(rows))


def stepper_by(
    function: LossFunction, program: ImageProgram, stepper: Stepper, options: StepperOptions
) -> FunctionStepper:
    """A stepper with these options of the loss "linear" that takes the gradients of a function."""
    key = dropout_key(options.seed)

    def view(batches: Batches, serial: int) -> _ImageBatches:
        return _ImageBatches(program, batches, Draws(serial, key))

    return FunctionStepper(stepper, function, options.batch_size, view)


def evaluation_by(function: LossFunction, net: Network, data: Any) -> Evaluation:
    """An evaluation on a data set or a stream with a function as the loss; see `Task.evaluation`."""
    check_shape(net, data)
    check_classes(net, data)
    net.adopt(data.unit_range, data.classes)
    program = cast("ImageProgram", net.program)
    if needs_windows(data):
        return lambda: _mean(function, program, windows_of(data))
    batches = Batches(feed := Feed.of(data, check=True), feed.order, as_given(data.targets))
    return lambda: _mean(function, program, [batches])


def _mean(function: LossFunction, program: ImageProgram, windows: Iterable[Batches]) -> tuple[float, float]:
    """Mean loss and accuracy over some windows."""
    sums, count, has_classes = np.zeros(2), 0, False
    for batches in windows:
        sums += summed(function, _ImageBatches(program, batches), _AT_ONCE)
        count, has_classes = count + len(batches.order), is_classes(given(batches.targets))
    loss, right = (sums / count).tolist()
    return loss, right if has_classes else math.nan


def windows_of(data: Any) -> Iterator[Batches]:
    """The windows of a data set or a stream, in its own order, with its targets as they are given."""
    room = WindowRoom(data)
    read: Reader
    if isinstance(data, Stream):
        read = StreamReader(data, GivenTargets("linear"), room.length)
    else:
        read = DatasetReader(data.images, as_given(data.targets), lambda epoch: np.arange(len(data)), room.length)
    return all_windows(read, room.packings())
