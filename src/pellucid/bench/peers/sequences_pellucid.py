"""Pellucid on sequences: the same steps as its trainer."""

from __future__ import annotations

import numpy as np

from pellucid.bench.peers.base import TrainingRun
from pellucid.bench.sequence_work import SequenceWork
from pellucid.bench.work import ADAM_BETAS, ADAM_EPSILON
from pellucid.layers import LSTM, Dense
from pellucid.network.network import Network
from pellucid.programs.interface import StepperOptions
from pellucid.programs.sequence_targets import Targets
from pellucid.programs.sequences_stepper import SequenceEpoch
from pellucid.training.optimizers import Adam


def learn(work: SequenceWork, threads: int | None) -> TrainingRun:
    """Run the epoch in one call of the engine."""
    d, h, k = work.layers
    net = Network([LSTM(h, outputs="last"), Dense(k, "softmax")], input_shape=(None, d))  # type: ignore[arg-type]
    lstm, dense = net.layers
    for name in ("weight_ih", "weight_hh", "bias"):
        lstm.named()[name][...] = work.parameters[name]
    dense.named()["weight"][...], dense.named()["bias"][...] = work.parameters["weight"], work.parameters["out_bias"]
    start, optimizer = net.parameters.copy(), Adam(work.learning_rate, *ADAM_BETAS, ADAM_EPSILON)
    stepper = net.program.stepper(StepperOptions(optimizer, "cross_entropy", work.batch_size, threads=threads))
    frames = np.ascontiguousarray(work.frames.reshape(-1, d))
    starts = np.arange(work.count + 1) * work.frames.shape[1]
    targets = Targets(np.ascontiguousarray(work.labels, np.int64), np.arange(work.count + 1), False)
    batches = SequenceEpoch(frames, starts, targets, np.arange(work.count))
    steps = np.arange(work.steps)
    rates = optimizer.step_rates(np.full(work.steps, work.learning_rate), steps)

    def run() -> float:
        net.parameters[...] = start
        for vector in stepper.moments:
            vector[...] = 0.0
        return float(stepper.run(batches, 0, work.steps, optimizer, rates)[:, 0].sum() / work.count)

    return run
