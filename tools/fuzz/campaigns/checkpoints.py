"""Checkpoints with random changes: they are refused with a typed error, or training resumes for two steps."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import pellucid as pl
from tools.fuzz.campaign import ACCEPTED, Campaign, Case, Tally, WrongResultError
from tools.fuzz.mutations import FRAMES, Rng, TensorFile, pick

_COUNT, _BATCH = 25, 6


class _Stored(NamedTuple):
    """A checkpoint, and what resuming from it needs besides."""

    file: TensorFile
    data: Any
    augment: Any = None


def unchanged(frames: np.ndarray, rng: Rng) -> np.ndarray:
    """Return the frames of a sequence: an augmentation that does nothing."""
    return frames


def trainings() -> list[tuple[pl.Trainer, Any, Any]]:
    """Return one training of every kind, with its data and its augmenting function."""
    rng = np.random.default_rng(0)
    images = pl.data.Dataset(rng.random((_COUNT, 6, 6)).astype(np.float32), np.arange(_COUNT) % 3)
    spoken = pl.data.Sequences([rng.random((5, 4)) for _ in range(_COUNT)], [[1, 2]] * _COUNT)
    dense = pl.Network([pl.Dense(4, "relu"), pl.Dense(3, "softmax")], input_shape=(6, 6), level_range=(0, 1))
    planes = pl.Network([pl.Conv2d(2, 3), pl.Dropout(0.1), pl.Flatten(), pl.Dense(3, "softmax")], input_shape=(6, 6))
    sequences = pl.Network([pl.LSTM(3), pl.Dense(3, "softmax")], input_shape=FRAMES)
    adam, momentum = pl.Adam(pl.WarmUp(0.01, 1, pl.Cosine(0.01))), pl.Momentum(pl.Step(0.01), nesterov=True)
    return [
        (pl.Trainer(dense, images, optimizer=adam, batch_size=_BATCH, augment=pl.Augment(shift=1.0)), images, None),
        (pl.Trainer(dense.copy(), images, loss="squared", optimizer=pl.SGD(0.1), batch_size=_BATCH), images, None),
        (pl.Trainer(planes, images, optimizer=momentum, batch_size=_BATCH), images, None),
        (
            pl.Trainer(sequences, spoken, loss="ctc", optimizer=pl.Adam(0.01), batch_size=_BATCH, clip=1.0,
                       augment=unchanged),
            spoken,
            unchanged,
        ),
    ]  # fmt: skip


def prepare(folder: Path) -> Case:
    """Return the case."""
    path, stored = folder / "training.checkpoint", []
    for trainer, data, augment in trainings():
        if not trainer.net.program.takes_sequences:
            list(trainer.run(2, validation=data, patience=2))
        trainer.take_steps(2)
        trainer.state.planned = 9
        trainer.save(path)
        stored.append(_Stored(TensorFile(path.read_bytes()), data, augment))

    def case(rng: Rng) -> Tally:
        file, data, augment = pick(rng, stored)
        path.write_bytes(file.changed(rng))
        trainer = pl.Trainer.resume(path, data, augment=augment)
        trainer.take_steps(2)
        trainer.save(path)
        again = pl.Trainer.resume(path, data, augment=augment)
        if again.step != trainer.step or again.net.parameters.tobytes() != trainer.net.parameters.tobytes():
            raise WrongResultError("saved and resumed, it is another training")
        return ACCEPTED

    return case


CAMPAIGN = Campaign("checkpoints with random changes", prepare, share=100)
