"""Programs of networks with convolutions, pooling or dropout: planes of images, one group at a time."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.engine.compiler.entry import Bound
from pellucid.engine.compiler.library import engine
from pellucid.engine.compiler.target import plain_python
from pellucid.engine.programs import table as t
from pellucid.engine.records import NO_DRAWS, Answers, Batch, Draws, Examples, Program, Score, Scratch, Slice, Team
from pellucid.layers.conv2d import Conv2d
from pellucid.layers.dense import Dense
from pellucid.layers.layer import Layer, Shape, Vector
from pellucid.programs.feed import Feed
from pellucid.programs.image_program import Arrays, ImageProgram
from pellucid.programs.image_targets import CODES, NO_TARGETS, Supervision
from pellucid.programs.images import LevelRange
from pellucid.programs.interface import Stepper, StepperOptions
from pellucid.programs.planes_plan import PlanesPlan, can_read_one, planes_plan
from pellucid.programs.planes_stepper import PlanesStepper
from pellucid.system.threads import run_parallel

_PARTS = 8
_WORTH_A_PART = 256  # images
_NO_LABELS = np.zeros(1, np.int64)

_ONLY_RUN = Supervision("", NO_TARGETS)


class PlanesProgram(ImageProgram):
    """The program of a network with layers of any kind that take images."""

    plan: PlanesPlan

    def __init__(
        self, layers: Sequence[Layer], input_shape: Shape, parameters: Vector, level_range: LevelRange | None = None
    ) -> None:
        super().__init__(layers, input_shape, parameters, level_range)
        self.plan = planes_plan(self.layers, input_shape)

    @functools.cached_property
    def open_plan(self) -> PlanesPlan:
        """The plan that keeps all intermediate values, for traces and gradients."""
        return planes_plan(self.layers, self.input_shape, open_to_view=True)

    def bind_read(self, arena: Vector, batch: Batch, answers: Answers, team: Team, plan: Any = None) -> Bound:
        """See `ImageProgram.bind_read`."""
        plan = self.plan if plan is None else plan
        bound: Bound = engine("planes").read.bind(self._program(plan), arena, plan.group, batch, answers, team)
        return bound

    def _program(self, plan: PlanesPlan) -> Program:
        """The network as the engine runs it."""
        return Program(plan.code, plan.rows, self.parameters)

    def _fast_plan(self, most: int) -> tuple[PlanesPlan, int]:
        """The plan that reads a single image fastest."""
        return planes_plan(self.layers, self.input_shape, group=1 if can_read_one(self.layers) else 0), 1

    def _evaluate(self, feed: Feed, supervision: Supervision) -> NDArray[np.float64]:
        """Evaluate in parts on several threads; the number of parts depends on the images alone."""
        parts = max(1, min(_PARTS, feed.count // _WORTH_A_PART))
        bounds = np.linspace(0, feed.count, parts + 1).astype(int).tolist()

        def some(part: int) -> NDArray[np.float64]:
            return self._run(self.plan, feed, self.plan.arena(), (bounds[part], bounds[part + 1]), supervision)

        return sum(run_parallel(some, parts, 1 if plain_python() else None), np.zeros(2))

    def _run(
        self,
        plan: PlanesPlan,
        feed: Feed,
        arena: Vector,
        span: tuple[int, int],
        supervision: Supervision = _ONLY_RUN,
        order: NDArray[np.int64] | None = None,
        draws: Draws | None = None,
    ) -> NDArray[np.float64]:
        """Run on images of a feed, leaving the last group in the arena; return summed loss and number correct (2,).

        With ``draws``, dropout is as in a step of training.
        """
        history, tile_targets = np.zeros(2), np.zeros(t.TILE, np.int64)
        examples, score = (
            Slice(feed.order if order is None else order, supervision.targets, *span),
            Score(supervision.code, history),
        )
        mode = t.READING if draws is None else t.TRAINING
        engine("planes").evaluate(
            self._program(plan), Scratch(arena, tile_targets), feed.images, examples, score, mode, draws or NO_DRAWS
        )
        return history

    def _trace(self, flat_inputs: NDArray[np.generic], unit: NDArray[np.float32]) -> list[Arrays]:
        """Collect the values in the arena after each group, (N, ...), each in the shape of its layer."""
        plan, feed = self.open_plan, Feed(flat_inputs, self.level_range)
        arena = plan.arena()
        places = [(row, column) for row in plan.places if row >= 0 for column in (t.SUMS, t.VALUES)]
        kept: dict[tuple[int, int], list[NDArray[np.float32]]] = {place: [] for place in places}
        for begin in range(0, max(1, feed.count), plan.group):
            past = min(begin + plan.group, feed.count)
            self._run(plan, feed, arena, (begin, past))
            for row, column in places:
                kept[row, column].append(plan.block(arena, row, column, past - begin).copy())
        arrays = []
        values = unit.reshape(len(unit), *self.input_shape)
        shape = self.input_shape
        for layer, row in zip(self.layers, plan.places, strict=True):
            shape = layer.output_shape(shape)
            inputs = values.reshape(len(unit), -1) if isinstance(layer, Dense) else values
            if row >= 0:
                values = np.concatenate(kept[row, t.VALUES])
            values = values.reshape(len(unit), *shape)
            sums = np.concatenate(kept[row, t.SUMS]) if isinstance(layer, Dense | Conv2d) else values
            arrays.append((inputs, sums.reshape(values.shape), values))
        return arrays

    def _gradient(
        self, feed: Feed, supervision: Supervision, by_parameter: NDArray[np.float32], by_input: NDArray[np.float32]
    ) -> NDArray[np.float64]:
        plan = self.open_plan
        history, tile_targets = np.zeros(2), np.zeros(t.TILE, np.int64)
        scratch = Scratch(plan.arena(), tile_targets)
        examples, score = Examples(feed.order, supervision.targets, feed.count), Score(supervision.code, history)
        engine("planes").gradient(self._program(plan), by_parameter, scratch, by_input, feed.images, examples, score)
        return history

    def outputs_of(self, feed: Feed, order: NDArray[np.int64], draws: Draws | None = None) -> NDArray[np.float32]:
        """See `ImageProgram.outputs_of`."""
        plan: PlanesPlan = self.open_plan if draws is None else self.plan  # the open one has no dropout
        arena, found = plan.arena(), []
        for begin in range(0, len(order), plan.group):
            some = order[begin : begin + plan.group]
            drawn = None if draws is None else draws._replace(serial=draws.serial + begin)
            self._run(plan, feed, arena, (0, len(some)), order=some, draws=drawn)
            found.append(plan.block(arena, plan.rows - 1, t.VALUES, len(some)).reshape(len(some), -1).copy())
        return np.concatenate(found)

    def stepper(self, options: StepperOptions, *, sparse: bool = True) -> Stepper:
        """See `pellucid.programs.interface.Program.stepper`."""
        return PlanesStepper(self.plan, self.parameters, options, CODES[options.loss] + t.WEIGHTED * options.weighted)
