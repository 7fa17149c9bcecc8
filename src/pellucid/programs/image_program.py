"""The common part of programs for images: checks of images and labels, and inference on several threads."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pellucid.data.checks import as_array
from pellucid.engine.compiler.entry import Bound
from pellucid.engine.compiler.fastcall import Accepted, Prepared, is_supported
from pellucid.engine.compiler.target import plain_python
from pellucid.engine.programs import table as t
from pellucid.engine.programs.capacity import check_room
from pellucid.engine.records import Answers, Batch, Part, Team
from pellucid.errors import ConfigurationError, DataError, ShapeError
from pellucid.layers.layer import Layer, Shape, Vector
from pellucid.programs.dense_plan import Plan
from pellucid.programs.fast_path import FastPath, fast_path
from pellucid.programs.feed import Feed
from pellucid.programs.images import LevelRange, as_batch, as_floats, batch_of, memory_of, to_unit
from pellucid.programs.interface import Gradient, Program
from pellucid.programs.planes_plan import PlanesPlan
from pellucid.programs.traces import LayerTrace, Trace
from pellucid.system.threads import available_cores, run_with_help

_FAST_PARAMETERS = 1 << 20  # parameters of a network that may run under the interpreter's lock, at most
_FAST_PRODUCTS = 1 << 23
_FAST_INPUTS = 1 << 12
_AT_ONCE = 1_000_000_000  # products of one thread in one call: about 0.2 s, then Python can be interrupted
_WORTH_A_THREAD = 6_000_000  # products that make one more thread worth the 0.1 ms that waking it takes

Arrays = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]
"""Inputs, weighted sums and activations of a layer, (N, ...) each."""

Labels = NDArray[np.int64]


@dataclass(frozen=True)
class FlatInputs:
    """Images as rows ``values`` (N, D) of any type; ``single`` if one came without a batch axis."""

    values: NDArray[np.generic]
    single: bool = False

    def __len__(self) -> int:
        return len(self.values)


class ImageProgram(Program[FlatInputs]):
    """A network of images.

    Parameters
    ----------
    layers, input_shape, parameters
        As for `Program`.
    level_range : (float, float), optional
        The levels that mean 0 and 1; by default chosen by the type of the images.
    """

    losses: ClassVar = MappingProxyType({"cross_entropy": t.CROSS_ENTROPY, "squared": t.SQUARED})
    plan: Plan | PlanesPlan
    """Approximate number of products per weight for one image."""

    def __init__(
        self, layers: Sequence[Layer], input_shape: Shape, parameters: Vector, level_range: LevelRange | None = None
    ) -> None:
        super().__init__(layers, input_shape, parameters)
        self.level_range = level_range
        self._arenas: list[Vector] = []  # kept for the next call: new memory is slow to write to

    def inputs(self, x: Any, lengths: ArrayLike | None = None) -> FlatInputs:
        """One image or a batch, in the network's shape or flat."""
        if lengths is not None:
            raise ConfigurationError("lengths belong to sequences of frames; this network takes images.")
        return FlatInputs(*as_batch(x, self.input_shape))

    def read(self, inputs: FlatInputs) -> NDArray[np.float32]:
        """Outputs (N, K), or (K,) for a single image; several threads share many images."""
        flat_inputs = inputs.values
        outputs = np.empty((len(flat_inputs), math.prod(self.output_shape)), np.float32)
        threads = max(1, min(available_cores(), len(flat_inputs) * self.cost.products // _WORTH_A_THREAD))
        if threads > 1 and plain_python():
            threads = 1
        most = max(1, threads * _AT_ONCE // max(1, self.cost.products))
        for begin in range(0, len(flat_inputs), most):
            self._read_some(flat_inputs[begin : begin + most], outputs[begin : begin + most], threads)
        return outputs.reshape(self.output_shape if inputs.single else (len(flat_inputs), *self.output_shape))

    def _read_some(self, flat_inputs: NDArray[np.generic], outputs: NDArray[np.float32], threads: int) -> None:
        """Write the outputs (N, K) for images (N, D), on several threads."""
        doubts, barrier = np.zeros((threads, 1), np.float32), np.zeros(16, np.int64)
        batch, arenas = batch_of(flat_inputs, self.level_range), self._arenas

        def reading(rank: int) -> Callable[[], None]:
            try:
                arena = arenas.pop()
            except IndexError:  # all are in use
                arena = self.plan.reading_arena()
            team = Team(Part(rank, threads), barrier)
            call = self.bind_read(arena, batch, Answers(outputs, doubts[rank]), team)

            def read() -> None:
                call()
                arenas.append(arena)

            return read

        run_with_help(reading, threads)
        if any(doubts.ravel().tolist()):
            refuse_infinite(flat_inputs)

    @abstractmethod
    def bind_read(self, arena: Vector, batch: Batch, answers: Answers, team: Team, plan: Any = None) -> Bound:
        """A prepared call that runs the network on a batch.

        A team makes one call for each thread, each with an ``arena`` of its own and all with the same barrier (16,),
        initially zeros. All images are done when the call of rank 0 returns. ``plan`` replaces the program's own.
        """

    def fast_path(self) -> FastPath | None:
        """The fast path for few images; None if there is none, or if it would hold the interpreter's lock for long."""
        inputs = math.prod(self.input_shape)
        large = self.parameter_count > _FAST_PARAMETERS or self.cost.products > _FAST_PRODUCTS
        if not is_supported() or large or inputs > _FAST_INPUTS:
            return None
        plan, most = self._fast_plan(_FAST_PARAMETERS // max(self.parameter_count, inputs))
        answers = Answers(np.zeros((1, *self.output_shape), np.float32), np.zeros(1, np.float32))
        number = np.int64(1)  # an object that is not used for anything else

        def prepared(dtype: type[np.generic]) -> Prepared:
            batch = batch_of(np.zeros((1, inputs), dtype), self.level_range)._replace(size=cast(int, number))
            call = self.bind_read(plan.reading_arena(), batch, answers, alone(), plan)
            return Prepared(memory_of(batch.pixels), call)

        calls = prepared(np.uint8), prepared(np.float32)
        return fast_path(calls, Accepted(self.input_shape, most, number), answers)

    def _fast_plan(self, most: int) -> tuple[Any, int]:
        """The plan for few images, and the largest number of images at once, ``most`` if the plan allows it."""
        return self.plan, most

    def trace(self, inputs: FlatInputs) -> Trace[LayerTrace]:
        """Every layer's inputs, weighted sums and activations."""
        refuse_infinite(inputs.values)
        unit = np.array(to_unit(inputs.values, self.level_range))  # a copy, never the caller's memory
        computed = self._trace(inputs.values, unit)
        chosen = 0 if inputs.single else slice(None)
        layers = zip(self.layers, computed, strict=True)
        return Trace(tuple(LayerTrace(layer, *(array[chosen] for array in arrays)) for layer, arrays in layers))

    @abstractmethod
    def _trace(self, flat_inputs: NDArray[np.generic], unit: NDArray[np.float32]) -> list[Arrays]:
        """Inputs, sums and activations of every layer; ``unit`` (N, D) are the inputs from 0 to 1."""

    def gradient(self, inputs: FlatInputs, labels: Any, loss: str | None = None) -> Gradient:
        """Mean loss and gradients of a batch with labels (N,), or one label for a single image."""
        flat_inputs = inputs.values
        if not len(flat_inputs):
            raise DataError("gradient expected at least one input, got an empty batch.")
        refuse_infinite(flat_inputs)
        targets = checked_labels(np.atleast_1d(as_array(labels, "labels")), len(flat_inputs), self.output_shape[0])
        feed, code = Feed(flat_inputs, self.level_range), self.loss_code("cross_entropy" if loss is None else loss)
        by_parameter, by_input = np.zeros(self.parameter_count, np.float32), np.zeros(flat_inputs.shape, np.float32)
        sums = self._gradient(feed, targets, code, by_parameter, by_input)
        return Gradient(float(sums[0] / feed.count), by_parameter, by_input)

    @abstractmethod
    def _gradient(
        self, feed: Feed, labels: Labels, loss: int, by_parameter: NDArray[np.float32], by_input: NDArray[np.float32]
    ) -> NDArray[np.float64]:
        """Write the gradients of the mean loss; return the summed loss and the number of correct outputs (2,)."""

    def evaluate(self, inputs: Feed, targets: Labels, loss: str) -> tuple[float, float]:
        """Mean loss and accuracy over a feed with labels (N,)."""
        self.check_feed(inputs, targets)
        sums = self._evaluate(inputs, targets, self.loss_code(loss))
        return float(sums[0] / inputs.count), float(sums[1] / inputs.count)

    @abstractmethod
    def _evaluate(self, feed: Feed, labels: Labels, loss: int) -> NDArray[np.float64]:
        """The summed loss and the number of correct outputs (2,)."""

    def check_feed(self, feed: Feed, labels: Labels) -> None:
        """Raise if the images have the wrong size for the network, or if there are fewer labels than images."""
        inputs = math.prod(self.input_shape)
        if feed.width != inputs:
            raise ShapeError(f"The network takes images of {inputs:,} inputs; these have {feed.width:,}.")
        check_room("labels", feed.count, len(labels))

    def _check_loss(self, loss: str) -> None:
        if len(self.output_shape) != 1:
            raise ShapeError(
                f"A loss needs one number per class, (K,); the network's outputs are {self.output_shape}: end it with "
                "Flatten or Dense."
            )
        last = int(self.plan.table[-1, t.ACTIVATION])
        if last == t.SOFTMAX and self.output_shape[0] == 1:
            raise ConfigurationError("Training expected at least 2 outputs of a softmax: a single one is always 1.")
        if loss == "cross_entropy" and last not in (t.SOFTMAX, t.SIGMOID):
            raise ConfigurationError(
                "cross_entropy needs outputs that are probabilities: give the last layer softmax (or sigmoid), "
                'or use loss="squared".'
            )


def checked_labels(labels: Any, count: int, classes: int) -> Labels:
    """A copy of labels (N,) as int64; raises unless they fit ``count`` images and a network's ``classes``."""
    if not isinstance(labels, np.ndarray) or labels.dtype.kind not in "ui" or labels.shape != (count,):
        came = f"{labels.dtype} of shape {labels.shape}" if isinstance(labels, np.ndarray) else type(labels).__name__
        raise DataError(f"Expected {count} integer labels, one per image, got {came}.")
    kept = np.array(labels)  # the caller may change theirs afterwards
    if count and not (kept.min() >= 0 and kept.max() < classes):
        raise DataError(
            f"The network has {classes} outputs, so labels run from 0 to {classes - 1}; got {kept.min()} to "
            f"{kept.max()}: give the last layer as many neurons as there are classes."
        )
    return np.ascontiguousarray(kept, np.int64)


def alone() -> Team:
    """A team of one thread."""
    return Team(Part(0, 1), np.zeros(16, np.int64))


def refuse_infinite(flat_inputs: NDArray[np.generic]) -> None:
    """Raise if an input is not finite. Otherwise a weight is not finite, and the outputs are returned as they are."""
    if not np.isfinite(as_floats(flat_inputs)).all():
        raise DataError("The network expected finite numbers, got NaN or infinity among the inputs.")
