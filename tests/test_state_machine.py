"""The public API in any order: no sequence of calls breaks what training, reading and files promise."""

from __future__ import annotations

import contextlib
import copy
import pickle
import tempfile
import threading
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

import pellucid as pl
from pellucid.engine.simd.lanes import PLAIN
from pellucid.errors import ConfigurationError, DivergedError, PellucidError
from pellucid.training.events import Epoch
from pellucid.training.state import Snapshot, State

COUNT = 23
RNG = np.random.default_rng(0)
FRAMES: Any = (None, 3)
IMAGES = pl.data.Dataset(RNG.random((COUNT, 6, 6)).astype(np.float32), np.arange(COUNT) % 3)
TRANSCRIBED = pl.data.Sequences([RNG.random((int(n), 3)) for n in RNG.integers(4, 9, COUNT)], [[1, 2]] * COUNT)
CLASSED = pl.data.Sequences(list(TRANSCRIBED.frames), list(np.arange(COUNT) % 3))

OPTIMIZERS: list[Any] = [
    pl.SGD(0.1), pl.SGD(pl.Step(0.1, every=2)), pl.Momentum(0.05), pl.Momentum(0.05, nesterov=True, decay=0.01),
    pl.Adam(0.01), pl.Adam(pl.WarmUp(0.01, 1, pl.Cosine(0.01))),
]  # fmt: skip
WILD = [1e30, 3e38, 1e10]
NO_PARAMETERS: list[Any] = [[], "x", np.nan, [np.nan], np.zeros((1, 1)), None]
NO_STATES: list[Any] = [
    None, State(batch=-1), State(batch=1000), State(epoch=-1), State(epoch=1 << 40), State(right=10_000),
    State(loss_sum=float("nan")), State(planned=2.5),  # type: ignore[arg-type]
]  # fmt: skip
FIXED = ["batch_size", "seed", "loss", "net", "augment", "clip"]


def data_of(kind: str) -> Any:
    return {"transcribed": TRANSCRIBED, "classed": CLASSED}.get(kind, IMAGES)


@dataclass(eq=False)
class Training:
    """A trainer, what it was made with, and the number of steps that it should have taken."""

    kind: str
    trainer: pl.Trainer
    steps: int = 0

    @property
    def data(self) -> Any:
        return data_of(self.kind)

    @property
    def net(self) -> pl.Network:
        return self.trainer.net

    def anew(self, net: pl.Network) -> pl.Trainer:
        """A new trainer with the same options."""
        names = ("loss", "batch_size", "seed", "augment", "optimizer", "clip")
        return pl.Trainer(net, self.data, **{name: getattr(self.trainer, name) for name in names})

    def advance(self, count: int) -> np.ndarray | None:
        """Take steps and count them; None if the loss diverged."""
        try:
            losses = self.trainer.take_steps(count)
        except DivergedError:
            assert self.trainer.step <= self.steps + count
            self.steps = self.trainer.step
            return None
        assert losses.shape == (count,)
        assert np.isfinite(losses).all()
        self.steps += count
        return losses


@dataclass(eq=False)
class Kept:
    """A snapshot, and what it should bring back."""

    training: Training
    snapshot: Snapshot
    steps: int
    bits: bytes
    optimizer: Any


def network(kind: str, seed: int) -> pl.Network:
    images: list[Any] = [pl.Dense(5, "relu"), pl.Dense(3, "softmax")]
    if kind == "planes":
        images = [pl.Conv2d(2, 3, padding=1, activation="relu"), pl.MaxPool2d(2), pl.Dropout(0.2), *images]
    if kind in ("dense", "varied", "planes"):
        return pl.Network(images, input_shape=(6, 6), seed=seed)
    outputs = "frames" if kind == "transcribed" else "mean"
    layers = [pl.LSTM(3, bidirectional=True), pl.LSTM(2, outputs=outputs), pl.Dense(3, "softmax")]
    return pl.Network(layers, input_shape=FRAMES, seed=seed)


class Library(RuleBasedStateMachine):
    trainings = Bundle("trainings")
    snapshots = Bundle("snapshots")

    def __init__(self) -> None:
        super().__init__()
        self.all: list[Training] = []
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "file"

    def teardown(self) -> None:
        self.folder.cleanup()

    def added(self, kind: str, trainer: pl.Trainer, steps: int) -> Training:
        self.all.append(Training(kind, trainer, steps))
        return self.all[-1]

    @initialize(target=trainings, kind=st.sampled_from(["dense", "planes", "transcribed"]))
    def first(self, kind: str) -> Training:
        return self.make(kind, pl.Adam(0.01), 5, 0)

    @rule(
        target=trainings,
        kind=st.sampled_from(["dense", "varied", "planes", "transcribed", "classed"]),
        optimizer=st.sampled_from(OPTIMIZERS),
        batch=st.integers(1, COUNT + 3),
        seed=st.integers(0, 5),
    )
    def make(self, kind: str, optimizer: Any, batch: int, seed: int) -> Training:
        options: dict[str, Any] = {"loss": "ctc", "clip": 1.0} if kind == "transcribed" else {}
        options |= {"augment": pl.Augment(shift=1.0)} if kind == "varied" else {}
        net = network(kind, seed)
        made = pl.Trainer(net, data_of(kind), optimizer=optimizer, batch_size=batch, seed=seed, **options)
        return self.added(kind, made, 0)

    @rule(training=trainings, count=st.integers(0, 7))
    def take_steps(self, training: Training, count: int) -> None:
        training.advance(count)

    @rule(training=trainings, epochs=st.integers(0, 2), validate=st.booleans(), keep=st.booleans())
    def run_epochs(self, training: Training, epochs: int, validate: bool, keep: bool) -> None:
        trainer = training.trainer
        options: dict[str, Any] = {"validation": training.data} if validate else {}
        options |= {"checkpoint": self.path} if keep else {}
        wanted = (trainer.state.epoch + epochs) * trainer.steps_per_epoch if epochs else training.steps
        try:
            events = list(trainer.run(epochs, **options))
        except DivergedError:
            training.steps = trainer.step
            return
        assert sum(isinstance(event, Epoch) for event in events) == epochs
        training.steps = wanted
        if keep:
            assert pl.load(self.path).parameters.tobytes() == training.net.parameters.tobytes()

    @rule(training=trainings, rate=st.sampled_from([0.0001, 0.1, *WILD]))
    def set_rate(self, training: Training, rate: float) -> None:
        training.trainer.learning_rate = rate
        assert training.trainer.learning_rate == rate

    @rule(training=trainings, optimizer=st.sampled_from(OPTIMIZERS))
    def set_optimizer(self, training: Training, optimizer: Any) -> None:
        training.trainer.optimizer = optimizer
        vectors = [moment for moment in training.trainer.moments if len(moment)]
        assert len(vectors) == optimizer.moments

    @rule(training=trainings, value=st.sampled_from([0.0, 0.5, 3e38]))
    def set_parameters(self, training: Training, value: float) -> None:
        training.net.parameters = np.full(training.net.parameter_count, value)
        assert (training.net.parameters == np.float32(value)).all()

    @rule(training=trainings, seed=st.integers(0, 3))
    def reset(self, training: Training, seed: int) -> None:
        training.net.reset(seed)
        assert training.net.parameters.tobytes() == network(training.kind, seed).parameters.tobytes()

    @rule(training=trainings, value=st.sampled_from(NO_PARAMETERS), state=st.sampled_from(NO_STATES))
    def set_what_is_refused(self, training: Training, value: Any, state: Any) -> None:
        before = training.net.parameters.tobytes()
        with pytest.raises(PellucidError):
            training.net.parameters = value
        with pytest.raises(ConfigurationError):
            training.trainer.state = state
        for name in FIXED:
            with pytest.raises(ConfigurationError, match=name):
                setattr(training.trainer, name, value)
        for name in ("layers", "program", "input_shape"):
            with pytest.raises(ConfigurationError, match=name):
                setattr(training.net, name, value)
        assert training.net.parameters.tobytes() == before

    @rule(training=trainings, batch=st.integers(-1, 30))
    def set_state(self, training: Training, batch: int) -> None:
        """A state set directly is checked at the next step."""
        before = replace(training.trainer.state)
        training.trainer.state.batch = batch
        if 0 <= batch <= training.trainer.steps_per_epoch and training.trainer.state.right == 0:
            training.steps = training.trainer.step
            return
        with contextlib.suppress(ConfigurationError):
            training.trainer.take_steps(0)
        training.trainer.state = before

    @rule(target=snapshots, training=trainings)
    def snapshot(self, training: Training) -> Kept:
        trainer = training.trainer
        return Kept(training, trainer.snapshot(), training.steps, training.net.parameters.tobytes(), trainer.optimizer)

    @rule(kept=snapshots)
    def restore(self, kept: Kept) -> None:
        training = kept.training
        if kept.optimizer.kind != training.trainer.optimizer.kind:
            with pytest.raises(ConfigurationError, match="snapshot"):
                training.trainer.restore(kept.snapshot)
            return
        training.trainer.restore(kept.snapshot)
        training.steps = kept.steps
        assert training.net.parameters.tobytes() == kept.bits

    @rule(kept=snapshots, training=trainings)
    def restore_in_another(self, kept: Kept, training: Training) -> None:
        before = training.net.parameters.tobytes()
        try:
            training.trainer.restore(kept.snapshot)
        except ConfigurationError:
            assert training.net.parameters.tobytes() == before
        else:
            training.steps = training.trainer.step
            assert training.net.parameters.tobytes() == kept.bits

    @rule(training=trainings)
    def save_and_load(self, training: Training) -> None:
        pl.save(training.net, self.path)
        loaded = pl.load(self.path)
        assert loaded.parameters.tobytes() == training.net.parameters.tobytes()
        assert loaded.configuration() == training.net.configuration()
        x = training.data[0][0]
        assert loaded(x).tobytes() == training.net(x).tobytes()

    @rule(target=trainings, training=trainings, count=st.integers(0, 5))
    def resume(self, training: Training, count: int) -> Training:
        training.trainer.save(self.path)
        made = pl.Trainer.resume(self.path, training.data)
        return self.both_advance(training, made, count)

    @rule(
        target=trainings,
        training=trainings,
        copied=st.sampled_from([lambda net: net.copy(), copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))]),
        count=st.integers(0, 5),
    )
    def fork(self, training: Training, copied: Any, count: int) -> Training:
        made = training.anew(copied(training.net))
        made.restore(pickle.loads(pickle.dumps(training.trainer.snapshot())))
        return self.both_advance(training, made, count)

    def both_advance(self, training: Training, made: pl.Trainer, count: int) -> Training:
        """Two trainers that stand at the same step take the same steps."""
        other = self.added(training.kind, made, training.steps)
        assert made.step == training.trainer.step
        assert made.net.parameters.tobytes() == training.net.parameters.tobytes()
        losses, again = training.advance(count), other.advance(count)
        assert (losses is None) == (again is None)
        if losses is not None and again is not None:
            assert losses.tobytes() == again.tobytes()
            assert made.net.parameters.tobytes() == training.net.parameters.tobytes()
        return other

    @rule(training=trainings, index=st.integers(0, COUNT - 1))
    def read(self, training: Training, index: int) -> None:
        x, _ = training.data[index]
        with contextlib.suppress(PellucidError):
            assert training.net(x).shape[-1] == 3
        with pytest.raises(PellucidError):
            training.net(np.zeros((2, 2, 2, 2, 2)))
        with pytest.raises(PellucidError):
            training.net(np.full_like(x, np.nan))

    @rule(training=trainings, index=st.integers(0, COUNT - 1))
    def gradient(self, training: Training, index: int) -> None:
        x, label = training.data[index]
        gradient = training.net.gradient(x, label, training.trainer.loss)
        assert gradient.parameters.shape == training.net.parameters.shape
        with pytest.raises(PellucidError):
            training.net.gradient(x, [7] if training.kind == "transcribed" else 7)

    @rule(training=trainings, count=st.integers(1, 40), tries=st.integers(1, 10))
    def several_threads(self, training: Training, count: int, tries: int) -> None:
        """One thread trains, this one reads; a step of this one is taken alone, or refused."""
        done: list[Exception | None] = []

        def train() -> None:
            try:
                training.trainer.take_steps(count)
            except Exception as error:
                done.append(error)
            else:
                done.append(None)

        thread = threading.Thread(target=train)
        thread.start()
        taken, trouble, refused = 0, False, ""
        for _ in range(tries):
            training.net(training.data[0][0])
            try:
                training.trainer.take_steps(1)
            except DivergedError:
                trouble = True
            except ConfigurationError as error:
                refused = str(error)
            else:
                taken += 1
        thread.join()
        assert "one thread at a time" in refused or not refused
        [error] = done
        assert error is None or isinstance(error, DivergedError | ConfigurationError)
        if error is None and not trouble:
            training.steps += count + taken
        elif isinstance(error, ConfigurationError) and not trouble:
            assert "one thread at a time" in str(error)
            training.steps += taken
        else:
            training.steps = training.trainer.step

    @invariant()
    def steps_are_counted(self) -> None:
        for training in self.all:
            trainer = training.trainer
            assert trainer.step == training.steps
            assert trainer.step == trainer.state.epoch * trainer.steps_per_epoch + trainer.state.batch

    @invariant()
    def parameters_are_finite(self) -> None:
        for training in self.all:
            assert np.isfinite(training.net.parameters).all()


Library.TestCase.settings = settings(
    max_examples=5 if PLAIN else 40,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
TestLibrary = Library.TestCase
