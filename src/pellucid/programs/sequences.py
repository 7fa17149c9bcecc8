"""Programs of sequence networks: recurrent and dense layers over frames, one group of sequences at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from pellucid.engine.compiler.library import engine
from pellucid.engine.programs import sequence_table as st
from pellucid.engine.programs import table as t
from pellucid.engine.sequence_records import Arena, GroupGradients, InputGradient, Selection
from pellucid.errors import ConfigurationError, DataError, ShapeError
from pellucid.layers.layer import Layer, Shape, Vector
from pellucid.programs.interface import Gradient, Program, Stepper, StepperOptions
from pellucid.programs.sequence_batches import SequenceBatch, as_sequences
from pellucid.programs.sequence_targets import NO_TARGETS, Targets, as_targets, check_targets, cotangents_of
from pellucid.programs.sequences_plan import Capacity, SequencePlan, capacity_for, check_plan, sequence_plan
from pellucid.programs.sequences_reading import read_group, read_parallel
from pellucid.programs.sequences_stepper import SequencesStepper
from pellucid.programs.sequences_trace import RecurrentTrace, layer_traces
from pellucid.programs.traces import LayerTrace, Trace
from pellucid.system.memory import aligned


class SequencesProgram(Program[SequenceBatch]):
    """A network of `LSTM`, `GRU`, `RNN` and `Dense` layers over sequences of frames.

    `compose` writes a plan for groups of a given size.
    """

    losses: ClassVar = MappingProxyType({"cross_entropy": t.CROSS_ENTROPY, "ctc": st.CTC})
    takes_sequences: ClassVar = True

    def __init__(self, layers: Sequence[Layer], input_shape: Shape, parameters: Vector) -> None:
        super().__init__(layers, input_shape, parameters)
        self.compose(Capacity(1, 1, 1))

    def compose(self, capacity: Capacity, *, backward: bool = True, input_gradient: bool = False) -> SequencePlan:
        """The plan for groups that fit ``capacity``."""
        return sequence_plan(self.layers, self.input_shape, capacity, backward=backward, input_gradient=input_gradient)

    @property
    def reduced(self) -> bool:
        """Whether there is one output per sequence instead of one per frame."""
        return len(self.output_shape) == 1

    @property
    def features(self) -> int:
        """Features of a frame."""
        return self.input_shape[1]

    def inputs(self, x: Any, lengths: ArrayLike | None = None) -> SequenceBatch:
        """One sequence, a list of them, or a padded batch with lengths."""
        return as_sequences(x, self.features, lengths)

    def products(self, inputs: SequenceBatch) -> int:
        """See `Program.products`."""
        return self.cost.products * len(inputs.flat)

    def read(self, inputs: SequenceBatch) -> Any:
        """The network's outputs, in the form the sequences were passed in."""
        rows = inputs.count if self.reduced else len(inputs.flat)
        outputs = np.zeros((rows, self.output_shape[-1]), np.float32)
        if inputs.count:
            read_parallel(self.parameters, self._reading_plan(inputs), inputs, outputs=outputs)
        return inputs.restore_form(outputs, self.reduced)

    def _reading_plan(self, batch: SequenceBatch, labels: int = 0) -> SequencePlan:
        return self.compose(capacity_for(np.diff(batch.starts), st.GROUP_SIZE, labels), backward=False)

    def trace(self, inputs: SequenceBatch) -> Trace[RecurrentTrace | LayerTrace]:
        """The values of every layer for one sequence (T, D)."""
        if inputs.form != "one":
            raise ShapeError(
                f"trace expected one sequence of frames (T, {self.features}), got several: take one at a time."
            )
        plan = self.compose(capacity_for(np.array([len(inputs.flat)]), 1), backward=False)
        arena = plan.arena()
        read_group(self.parameters, plan, inputs, np.zeros(1, np.int64), arena=arena)
        return Trace(tuple(layer_traces(self.layers, plan, arena, inputs.flat.copy(), self.reduced)))

    def gradient(self, inputs: SequenceBatch, labels: Any, loss: str | None = None) -> Gradient:
        """Mean loss and gradients of sequences."""
        of_frames = isinstance(loss, str) and loss == "cross_entropy" and not self.reduced
        targets = as_targets(labels, inputs, of_frames)
        if loss is None:
            loss = "ctc" if targets.transcribed else "cross_entropy"
        if not inputs.count:
            raise DataError("gradient expected at least one sequence, got an empty list.")
        code = self.loss_code(loss)
        check_targets(targets, np.diff(inputs.starts), self.output_shape, loss)
        return self._gradient_of(inputs, targets, code)

    def pullback(self, inputs: SequenceBatch, cotangent: Any) -> Gradient:
        """See `Program.pullback`; the cotangent has the form of the outputs."""
        if not inputs.count:
            raise DataError("pullback expected at least one sequence, got an empty list.")
        targets = replace(NO_TARGETS, cotangents=cotangents_of(cotangent, inputs, self.output_shape))
        return self._gradient_of(inputs, targets, t.LINEAR).times(inputs.count)

    def _gradient_of(self, inputs: SequenceBatch, targets: Targets, code: int) -> Gradient:
        """The mean loss of sequences and its gradients."""
        lengths, count = np.diff(inputs.starts), self.parameter_count
        max_labels = targets.max_labels if code == st.CTC else 0
        plan = self.compose(capacity_for(lengths, st.GROUP_SIZE, max_labels), input_gradient=True)
        check_plan(plan, lengths, int(plan.table[0, st.GROUP]), max_labels)
        by_parameter, scratch = np.zeros(count, np.float32), aligned(count)
        by_input, history = np.zeros_like(inputs.flat), np.zeros(4)
        engine("sequences").gradient(
            plan.program(self.parameters),
            GroupGradients(by_parameter, scratch, count),
            Arena(plan.arena(), plan.integers()),
            targets.beside(inputs.flat, inputs.starts),
            Selection(np.arange(inputs.count), inputs.count),
            code,
            InputGradient(by_input, history),
        )
        return Gradient(float(history[2] / inputs.count), by_parameter, inputs.restore_form(by_input, reduced=False))

    def evaluate(self, inputs: SequenceBatch, targets: Targets, loss: str) -> tuple[float, float]:
        """Mean loss and accuracy: the share of classes, of sequences or their frames, or of transcripts predicted."""
        code = self.loss_code(loss)
        plan = self._reading_plan(inputs, targets.max_labels if loss == "ctc" else 0)
        sums = read_parallel(self.parameters, plan, inputs, targets=targets, loss=code)
        return float(sums[0] / inputs.count), float(sums[1] / inputs.count)

    def stepper(self, options: StepperOptions, *, sparse: bool = True) -> Stepper:
        """See `pellucid.programs.interface.Program.stepper`."""
        code = t.LINEAR if options.loss == "linear" else self.loss_code(options.loss)
        return SequencesStepper(self.compose, self.parameters, options, code)

    def loss_code(self, loss: str) -> int:
        """See `Program.loss_code`; cross-entropy has another code for an output at every frame."""
        code = super().loss_code(loss)
        return st.FRAME_CROSS_ENTROPY if code == t.CROSS_ENTROPY and not self.reduced else code

    def _check_loss(self, loss: str) -> None:
        last = getattr(self.layers[-1], "activation", "identity")
        if loss == "ctc":
            if self.reduced or last != "softmax":
                raise ConfigurationError(
                    'ctc needs probabilities at every frame: end the network with pl.Dense(K, "softmax") after a '
                    'recurrent layer with outputs="frames".'
                )
        elif last != "softmax":
            raise ConfigurationError("cross_entropy needs outputs that are probabilities: give the last layer softmax.")
