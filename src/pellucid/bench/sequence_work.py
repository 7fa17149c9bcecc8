"""The sequence workload: an LSTM that classifies sequences of frames, the same for every peer."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pellucid.bench.work import Floats, Integers
from pellucid.errors import ShapeError


@dataclass(frozen=True, eq=False)
class SequenceWork:
    """Training steps with Adam of an LSTM and a softmax layer on its last hidden values.

    Parameters
    ----------
    name
        Name in the table.
    frames
        Shape (N, T, D), float32; N a multiple of the batch size.
    labels
        Shape (N,), 0 to K - 1.
    hidden
        Units of the LSTM.
    classes
        K.
    batch_size, learning_rate, seed
        Batch size of the steps, learning rate of Adam, seed of the parameters.

    Examples
    --------
    >>> work = sequence_works(batches=2)[0]
    >>> work.count, work.steps, work.parameters["weight_hh"].shape
    (64, 2, (256, 64))
    """

    name: str
    frames: Floats
    labels: Integers
    hidden: int = 64
    classes: int = 10
    batch_size: int = 32
    learning_rate: float = 0.001
    seed: int = 0

    network = "lstm"
    """Kind of network."""

    def __post_init__(self) -> None:
        if self.frames.ndim != 3 or len(self.frames) % self.batch_size or len(self.labels) != len(self.frames):
            raise ShapeError(
                f"Expected frames (N, T, D), N a multiple of {self.batch_size}, with N labels; got {self.frames.shape} "
                f"and {len(self.labels)} labels."
            )

    @cached_property
    def parameters(self) -> dict[str, Floats]:
        """The initial parameters: weights (out, in), gates in the order i, f, g, o; copy before changing."""
        rng, (d, h, k) = np.random.default_rng([self.seed, 0]), self.layers
        shapes: dict[str, tuple[int, ...]]
        shapes = {
            "weight_ih": (4 * h, d),
            "weight_hh": (4 * h, h),
            "bias": (4 * h,),
            "weight": (k, h),
            "out_bias": (k,),
        }
        return {name: rng.uniform(-0.1, 0.1, shape).astype(np.float32) for name, shape in shapes.items()}

    @property
    def layers(self) -> tuple[int, int, int]:
        """Features, hidden units, classes."""
        return self.frames.shape[2], self.hidden, self.classes

    @property
    def count(self) -> int:
        """Sequences in the epoch."""
        return len(self.frames)

    @property
    def steps(self) -> int:
        """Updates in the epoch."""
        return self.count // self.batch_size

    def batches(self) -> list[tuple[Floats, Integers]]:
        """The frames in time order (T, batch size, D) and the labels of each batch."""
        size = self.batch_size
        return [
            (np.ascontiguousarray(self.frames[i : i + size].transpose(1, 0, 2)), self.labels[i : i + size])
            for i in range(0, self.count, size)
        ]

    def first(self, count: int) -> SequenceWork:
        """Return the same workload; it is never cut."""
        return self


def sequence_works(batches: int = 16) -> list[SequenceWork]:
    """Return the benchmark's workloads on sequences: noise, 50 frames of 40 features each."""
    rng, count = np.random.default_rng(0), 32 * batches
    frames = rng.standard_normal((count, 50, 40)).astype(np.float32)
    return [SequenceWork("train LSTM 40-64-10, 50 frames, batch 32", frames, rng.integers(0, 10, count))]
