"""The common part of programs for images: checks of images and labels, and inference on several threads."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pellucid.data.checks import as_array
from pellucid.engine.compiler.entry import Bound
from pellucid.engine.compiler.fastcall import Accepted, Prepared, is_supported
from pellucid.engine.compiler.target import plain_python
from pellucid.engine.programs import table as t
from pellucid.engine.records import Answers, Batch, Draws, Part, Team
from pellucid.errors import ConfigurationError, DataError, ShapeError
from pellucid.layers.layer import Layer, Shape, Vector
from pellucid.programs.dense_plan import Plan
from pellucid.programs.fast_path import FastPath, fast_path
from pellucid.programs.feed import Feed
from pellucid.programs.image_targets import (
    COUNTS_CORRECT,
    LOSSES,
    Outputs,
    Supervision,
    check_supervision,
    supervise,
)
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

    losses: ClassVar = LOSSES
    plan: Plan | PlanesPlan

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

    def products(self, inputs: FlatInputs) -> int:
        """See `Program.products`."""
        return self.cost.products * len(inputs)

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
        doubts, barrier = np.zeros(threads, np.float32), np.zeros(16, np.int64)
        batch, arenas = batch_of(flat_inputs, self.level_range), self._arenas

        def reading(rank: int) -> Callable[[], None]:
            try:
                arena = arenas.pop()
            except IndexError:  # all are in use
                arena = self.plan.reading_arena()
            team = Team(Part(rank, threads), barrier)
            call = self.bind_read(arena, batch, Answers(outputs, doubts), team)

            def read() -> None:
                call()
                arenas.append(arena)

            return read

        run_with_help(reading, threads)
        if any(doubts.tolist()):
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

    @property
    def outputs(self) -> Outputs:
        """Number and activation of the outputs."""
        return Outputs(self.output_shape[0], int(self.plan.table[-1, t.ACTIVATION]))

    def supervise(
        self, labels: Any, count: int, loss: str | None = None, weights: NDArray[np.float32] | None = None
    ) -> Supervision:
        """Loss and targets of ``count`` examples; see `pellucid.programs.image_targets.supervise`."""
        if loss is not None:
            self.loss_code(loss)
        found = supervise(labels, count, self.outputs, loss, weights)
        self._check_loss(found.name)
        return found

    def gradient(self, inputs: FlatInputs, labels: Any, loss: str | None = None) -> Gradient:
        """Mean loss and gradients of a batch with labels (N,) or values (N, K); without N for a single image."""
        flat_inputs = inputs.values
        if not len(flat_inputs):
            raise DataError("gradient expected at least one input, got an empty batch.")
        refuse_infinite(flat_inputs)
        given = as_array(labels, "labels")
        if inputs.single and (given.ndim == 0 or given.dtype.kind == "f" or given.size > 1):
            given = given[None]  # one label, or the values of one image
        return self._gradient_of(flat_inputs, self.supervise(given, len(flat_inputs), loss))

    def pullback(self, inputs: FlatInputs, cotangent: ArrayLike) -> Gradient:
        """See `Program.pullback`; the cotangent is (N, K), or (K,) for a single image."""
        wanted, count = as_array(cotangent, "cotangent"), len(inputs)
        if inputs.single:
            wanted = wanted[None]
        refuse_infinite(inputs.values)
        self._check_loss("linear")
        # The gradient is that of a mean.
        found = self._gradient_of(inputs.values, supervise(wanted, count, self.outputs, "linear"))
        return found.times(count)

    def _gradient_of(self, flat_inputs: NDArray[np.generic], supervision: Supervision) -> Gradient:
        """The mean loss of a batch and its gradients."""
        feed = Feed(flat_inputs, self.level_range)
        by_parameter, by_input = np.zeros(self.parameter_count, np.float32), np.zeros(flat_inputs.shape, np.float32)
        sums = self._gradient(feed, supervision, by_parameter, by_input)
        return Gradient(float(sums[0] / feed.count), by_parameter, by_input)

    @abstractmethod
    def _gradient(
        self, feed: Feed, supervision: Supervision, by_parameter: NDArray[np.float32], by_input: NDArray[np.float32]
    ) -> NDArray[np.float64]:
        """Write the gradients of the mean loss; return the summed loss and the number of correct outputs (2,)."""

    def evaluate(self, inputs: Feed, targets: Any, loss: str | None) -> tuple[float, float]:
        """Mean loss and accuracy over a feed with labels (N,), or values (N, K)."""
        return self.evaluate_supervised(inputs, self.supervise(targets, inputs.count, loss))

    def evaluate_supervised(self, feed: Feed, supervision: Supervision) -> tuple[float, float]:
        """Mean loss and accuracy over a feed; the accuracy is NaN for losses with which no output is correct."""
        return mean_of(supervision.loss, self.evaluate_sums(feed, supervision), feed.count)

    def evaluate_sums(self, feed: Feed, supervision: Supervision) -> NDArray[np.float64]:
        """The summed loss over a feed and the number of correct outputs, (2,)."""
        self.check_feed(feed)
        check_supervision(supervision, feed.count, self.outputs.width)
        return self._evaluate(feed, supervision)

    @abstractmethod
    def _evaluate(self, feed: Feed, supervision: Supervision) -> NDArray[np.float64]:
        """The summed loss and the number of correct outputs (2,)."""

    @abstractmethod
    def outputs_of(self, feed: Feed, order: NDArray[np.int64], draws: Draws | None = None) -> NDArray[np.float32]:
        """The outputs (n, K) for the images ``order`` of a feed; with ``draws``, with the dropout of a step."""

    def check_feed(self, feed: Feed) -> None:
        """Raise if the images have the wrong size for the network."""
        inputs = math.prod(self.input_shape)
        if feed.width != inputs:
            raise ShapeError(f"The network takes images of {inputs:,} inputs; these have {feed.width:,}.")

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


def mean_of(loss: str, sums: NDArray[np.float64], count: int) -> tuple[float, float]:
    """Mean loss and accuracy from sums (2,) over examples; NaN for losses with which no output is correct."""
    total, correct = sums.tolist()
    return total / count, correct / count if loss in COUNTS_CORRECT else math.nan


def alone() -> Team:
    """A team of one thread."""
    return Team(Part(0, 1), np.zeros(16, np.int64))


def refuse_infinite(flat_inputs: NDArray[np.generic]) -> None:
    """Raise if an input is not finite. Otherwise a weight is not finite, and the outputs are returned as they are."""
    if not np.isfinite(as_floats(flat_inputs)).all():
        raise DataError("The network expected finite numbers, got NaN or infinity among the inputs.")
