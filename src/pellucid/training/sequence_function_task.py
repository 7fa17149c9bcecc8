"""Training on sequences with a function as the loss."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.network.network import Network
from pellucid.programs.sequence_batches import SequenceBatch
from pellucid.programs.sequence_targets import Targets
from pellucid.programs.sequences import SequencesProgram
from pellucid.programs.sequences_stepper import SequenceEpoch
from pellucid.training.class_names import check_classes
from pellucid.training.function_loss import FunctionBatches, FunctionStepper, LossFunction, name_of, summed
from pellucid.training.sequence_task import SequenceTask
from pellucid.training.task import Evaluation, TaskOptions

_AT_ONCE = 256
"""Sequences in one call of the function, where none is trained."""


class SequenceFunctionTask(SequenceTask):
    """`pellucid.data.Sequences` for a network of sequences, with a function as its loss.

    With an output for every frame, the function takes and returns lists with an array for each sequence.
    """

    def __init__(self, net: Network, data: Any, options: TaskOptions) -> None:
        assert options.function is not None
        self._function: LossFunction = options.function
        super().__init__(net, data, replace(options, loss="linear"))
        self.stepper = FunctionStepper(
            self.stepper,
            self._function,
            options.batch_size,
            lambda batches, serial: _SequenceBatches(self._program, batches),
        )
        self.loss = name_of(self._function)
        self.measures_accuracy = _has_predictions(self._program, self._targets)

    def _check_targets(self, targets: Targets, lengths: NDArray[np.int64]) -> None:
        """The engine is given other targets: those of the data need not suit the outputs."""

    def evaluation(self, data: Any) -> Evaluation:
        """See `Task.evaluation`."""
        batch, targets = self._checked(data)
        check_classes(self._net, data)
        order = np.arange(batch.count)
        seen = _SequenceBatches(self._program, SequenceEpoch(batch.flat, batch.starts, targets, order))

        def evaluate() -> tuple[float, float]:
            loss, right = (summed(self._function, seen, _AT_ONCE) / batch.count).tolist()
            return loss, right if _has_predictions(self._program, targets) else math.nan

        return evaluate


class _SequenceBatches(FunctionBatches):
    """See `FunctionBatches`."""

    def __init__(self, program: SequencesProgram, epoch: SequenceEpoch) -> None:
        self._program, self._epoch, self.order = program, epoch, epoch.order
        outputs = len(epoch.starts) - 1 if program.reduced else len(epoch.flat)
        self._cotangents = np.zeros((outputs, program.output_shape[-1] or 0), np.float32)
        self.linear = replace(epoch, targets=replace(epoch.targets, cotangents=self._cotangents))

    def outputs(self, rows: NDArray[np.int64], before: int) -> Any:
        flat, starts = self._epoch.flat, self._epoch.starts
        parts = [flat[starts[i] : starts[i + 1]] for i in rows]
        firsts = np.concatenate([[0], np.cumsum([len(part) for part in parts])]).astype(np.int64)
        answers = self._program.read(SequenceBatch(np.concatenate(parts), firsts, "list"))
        return np.array(answers) if self._program.reduced else answers

    def targets(self, rows: NDArray[np.int64]) -> Any:
        symbols, starts = self._epoch.targets.symbols, self._epoch.targets.starts
        listed = [symbols[starts[i] : starts[i + 1]] for i in rows]
        return listed if self._is_listed else np.concatenate(listed)

    @property
    def _is_listed(self) -> bool:
        return self._epoch.targets.transcribed or self._epoch.targets.per_frame

    def correct(self, outputs: Any, targets: Any) -> float:
        if not _has_predictions(self._program, self._epoch.targets):
            return 0.0
        if self._program.reduced:
            return float((outputs.argmax(axis=1) == targets).sum())
        pairs = zip(outputs, targets, strict=True)
        return float(sum((each.argmax(axis=1) == wanted).mean() for each, wanted in pairs))

    def pass_on(self, rows: NDArray[np.int64], gradient: Any) -> None:
        factor = np.float32(len(rows))
        if self._program.reduced:
            self._cotangents[rows] = gradient * factor
            return
        for i, part in zip(rows, gradient, strict=True):
            self._cotangents[self._epoch.starts[i] : self._epoch.starts[i + 1]] = part * factor


def _has_predictions(program: SequencesProgram, targets: Targets) -> bool:
    """Whether each target is a class, for which there is an output."""
    return not targets.transcribed and program.reduced != targets.per_frame
