"""Trainings that are killed at a random moment: the checkpoint resumes bit for bit, and little is lost."""

from __future__ import annotations

import mmap
import os
import signal
import struct
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import numpy as np

import pellucid as pl
from tools.fuzz.campaign import ACCEPTED, Campaign, Case, Tally, WrongResultError
from tools.fuzz.mutations import FRAMES, Rng, chance, pick

_COUNT, _BATCH = 40, 6
_EPOCHS = 200
"""Epochs of the uninterrupted run that the killed ones are compared with."""

_MOST_LOST = 1.0
"""Seconds of training before the end of the last epoch, which may be lost."""

_PATIENCE = 10.0

_ENTRY = struct.Struct("dq")


class _Training(NamedTuple):
    """A training of a kind, and the bytes of its parameters after each epoch of an uninterrupted run."""

    make: Callable[[], tuple[pl.Trainer, Any]]
    after: list[bytes]


def trainings() -> list[Callable[[], tuple[pl.Trainer, Any]]]:
    """Return functions that make a small trainer and its data."""
    rng = np.random.default_rng(0)
    images = pl.data.Dataset(rng.random((_COUNT, 6, 6)).astype(np.float32), np.arange(_COUNT) % 3)
    spoken = pl.data.Sequences([rng.random((5, 4)) for _ in range(_COUNT)], [[1, 2]] * _COUNT)

    def dense() -> tuple[pl.Trainer, Any]:
        net = pl.Network([pl.Dense(8, "relu"), pl.Dense(3, "softmax")], input_shape=(6, 6))
        return pl.Trainer(net, images, optimizer=pl.Adam(0.001), batch_size=_BATCH, threads=1), images

    def planes() -> tuple[pl.Trainer, Any]:
        net = pl.Network([pl.Conv2d(2, 3), pl.Dropout(0.1), pl.Dense(3, "softmax")], input_shape=(6, 6))
        return pl.Trainer(net, images, optimizer=pl.Momentum(0.01), batch_size=_BATCH, threads=1), images

    def sequences() -> tuple[pl.Trainer, Any]:
        net = pl.Network([pl.LSTM(3), pl.Dense(3, "softmax")], input_shape=FRAMES)
        return pl.Trainer(net, spoken, loss="ctc", optimizer=pl.SGD(0.01), batch_size=_BATCH, threads=1), spoken

    return [dense, planes, sequences]


def prepare(folder: Path) -> Case:
    """Return the case."""
    kinds = [_Training(make, _uninterrupted(make()[0])) for make in trainings()]
    path = folder / "training.checkpoint"
    shared = mmap.mmap(-1, _ENTRY.size * (_EPOCHS + 1))

    def case(rng: Rng) -> Tally:
        training = pick(rng, kinds)
        for each in folder.iterdir():
            each.unlink()
        shared[:] = bytes(len(shared))
        long = chance(rng, 0.05)
        child = os.fork()
        if child == 0:
            _train(training, path, shared, at_once=not long)
        if not chance(rng, 0.1):  # otherwise it may not even have begun
            _wait(shared, int(rng.integers(12)), rng.uniform(1.0, 2.5) if long else 0.0)
        time.sleep(float(rng.exponential(0.003)))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        _check(training, path, shared)
        return ACCEPTED

    return case


def _uninterrupted(trainer: pl.Trainer) -> list[bytes]:
    after = [trainer.net.parameters.tobytes()]
    for _ in trainer.run(_EPOCHS):
        after.append(trainer.net.parameters.tobytes())  # noqa: PERF401 - the parameters change with every event
    return after


def _wait(shared: mmap.mmap, epoch: int, seconds: float) -> None:
    """Wait until the child has ended an epoch, and has trained for some seconds; not forever."""
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        began, _ = _ENTRY.unpack_from(shared, 0)
        if began and time.monotonic() - began >= seconds and _ENTRY.unpack_from(shared, _ENTRY.size * epoch)[0]:
            return
        time.sleep(0.0005)


def _train(training: _Training, path: Path, shared: mmap.mmap, at_once: bool) -> NoReturn:
    """Train until killed; with ``at_once`` every epoch is a run of its own, which writes checkpoints all the time."""
    try:
        trainer, _ = training.make()
        trainer.save(path)
        _ENTRY.pack_into(shared, 0, time.monotonic(), 0)
        rounds = _EPOCHS if at_once else 1
        for _ in range(rounds):
            for event in trainer.run(_EPOCHS // rounds, checkpoint=path):
                _ENTRY.pack_into(shared, _ENTRY.size * event.epoch, time.monotonic(), trainer.step)
                if not at_once:
                    time.sleep(0.02)
        time.sleep(60)
    finally:
        os._exit(1)


def _check(training: _Training, path: Path, shared: mmap.mmap) -> None:
    """Resume from what the killed process left."""
    done = [_ENTRY.unpack_from(shared, _ENTRY.size * epoch) for epoch in range(_EPOCHS + 1)]
    last = max(ended for ended, _ in done)
    kept = max((step for ended, step in done if 0 < ended < last - _MOST_LOST), default=0)
    if not path.exists():
        if last:
            raise WrongResultError("there is no checkpoint, although one was written")
        return
    trainer = pl.Trainer.resume(path, training.make()[1], threads=1)
    if trainer.step < kept:
        raise WrongResultError(f"the checkpoint has step {trainer.step}, and step {kept} was over {_MOST_LOST} s old")
    epoch = trainer.state.epoch
    if trainer.net.parameters.tobytes() != training.after[epoch]:
        raise WrongResultError(f"the checkpoint of epoch {epoch} has other parameters than an uninterrupted run")
    further = min(3, _EPOCHS - epoch)
    list(trainer.run(further))
    if trainer.net.parameters.tobytes() != training.after[epoch + further]:
        raise WrongResultError(f"resumed after epoch {epoch}, training differs from an uninterrupted run")


CAMPAIGN = Campaign("trainings killed at a random moment, and resumed", prepare, share=1)
