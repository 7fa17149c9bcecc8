"""Programs of dense networks: inference, traces, gradients and training, one tile of images at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.engine.compiler.entry import Bound
from pellucid.engine.compiler.library import engine
from pellucid.engine.programs import table as t
from pellucid.engine.records import Answers, Batch, Draws, Examples, Gradients, Program, Score, Scratch, Team
from pellucid.layers.flatten import Flatten
from pellucid.layers.layer import Layer, Shape, Vector
from pellucid.programs.dense_plan import Plan, plan
from pellucid.programs.dense_stepper import DenseStepper
from pellucid.programs.feed import Feed
from pellucid.programs.image_program import Arrays, ImageProgram, alone
from pellucid.programs.image_targets import CODES, NO_TARGETS, Supervision
from pellucid.programs.images import LevelRange
from pellucid.programs.interface import Stepper, StepperOptions

_ONLY_RUN = Supervision("", NO_TARGETS)


class DenseProgram(ImageProgram):
    """A network of `pellucid.layers.dense.Dense` and `pellucid.layers.flatten.Flatten`."""

    plan: Plan

    def __init__(
        self, layers: Sequence[Layer], input_shape: Shape, parameters: Vector, level_range: LevelRange | None = None
    ) -> None:
        super().__init__(layers, input_shape, parameters, level_range)
        self.plan = plan(self.layers, input_shape)
        self._record = self._program(self.plan)

    def bind_read(self, arena: Vector, batch: Batch, answers: Answers, team: Team, plan: Any = None) -> Bound:
        """See `ImageProgram.bind_read`."""
        program = self._record if plan is None else self._program(plan)
        bound: Bound = engine().read.bind(program, arena, batch, answers, team)
        return bound

    def _program(self, plan: Plan) -> Program:
        """The network as the engine runs it."""
        return Program(plan.table, plan.layers, self.parameters)

    def _trace(self, flat_inputs: NDArray[np.generic], unit: NDArray[np.float32]) -> list[Arrays]:
        """Collect the values in the arena after each tile."""
        plan = self.plan
        places = [(row, column) for row in range(plan.layers) for column in (t.SUMS, t.VALUES)]
        kept: dict[tuple[int, int], list[NDArray[np.float32]]] = {place: [] for place in places}
        arena = plan.arena()
        for begin in range(0, max(1, len(unit)), t.TILE):
            feed = Feed(flat_inputs[begin : begin + t.TILE], self.level_range)
            self._run(feed, arena)
            for row, column in places:
                kept[row, column].append(plan.block(arena, row, column, feed.count).copy())
        arrays, inputs, rows = [], unit, iter(range(plan.layers))
        for layer in self.layers:
            if isinstance(layer, Flatten):
                arrays.append((inputs, inputs, inputs))
                continue
            row = next(rows)
            sums, activations = (np.concatenate(kept[row, column]) for column in (t.SUMS, t.VALUES))
            arrays.append((inputs, sums, activations))
            inputs = activations
        return arrays

    def _evaluate(self, feed: Feed, supervision: Supervision) -> NDArray[np.float64]:
        return self._run(feed, self.plan.arena(), supervision)

    def _run(
        self,
        feed: Feed,
        arena: Vector,
        supervision: Supervision = _ONLY_RUN,
        order: NDArray[np.int64] | None = None,
    ) -> NDArray[np.float64]:
        """Run on images of a feed, in ``order`` if given, leaving the last tile in the arena.

        Returns summed loss and number of correct outputs (2,), for a loss.
        """
        history, tile_targets = np.zeros(2), np.zeros(t.TILE, np.int64)
        order = feed.order if order is None else order
        examples, score = Examples(order, supervision.targets, len(order)), Score(supervision.code, history)
        engine().evaluate(self._record, Scratch(arena, tile_targets), feed.images, examples, score, alone())
        return history

    def _gradient(
        self, feed: Feed, supervision: Supervision, by_parameter: NDArray[np.float32], by_input: NDArray[np.float32]
    ) -> NDArray[np.float64]:
        plan = self.plan
        transposed = np.zeros((plan.table[0, t.OUTPUTS], plan.table[0, t.INPUTS]), np.float32)
        history, tile_targets = np.zeros(2), np.zeros(t.TILE, np.int64)
        gradients = Gradients(by_parameter, Scratch(plan.arena(), tile_targets), by_input, transposed)
        examples, score = Examples(feed.order, supervision.targets, feed.count), Score(supervision.code, history)
        engine().gradient(self._record, gradients, feed.images, examples, score, alone())
        return history

    def outputs_of(self, feed: Feed, order: NDArray[np.int64], draws: Draws | None = None) -> NDArray[np.float32]:
        """See `ImageProgram.outputs_of`."""
        plan, arena, found = self.plan, self.plan.arena(), []
        for begin in range(0, len(order), t.TILE):
            some = order[begin : begin + t.TILE]
            self._run(feed, arena, order=some)
            found.append(plan.block(arena, plan.layers - 1, t.VALUES, len(some)).copy())
        return np.concatenate(found)

    def stepper(self, options: StepperOptions, *, sparse: bool = True) -> Stepper:
        """See `pellucid.programs.interface.Program.stepper`."""
        return DenseStepper(
            self.plan, self.parameters, options, CODES[options.loss] + t.WEIGHTED * options.weighted, sparse
        )
