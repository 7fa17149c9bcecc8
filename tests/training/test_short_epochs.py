"""Many short epochs in one call of the engine: the same bits as one after another, and the events asked for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pellucid as pl

RNG = np.random.default_rng(0)
X = RNG.random((23, 5)).astype(np.float32)
DATA = pl.data.Dataset(X, (X[:, 0] > X[:, 1]).astype(int))


def trainer(**options: Any) -> pl.Trainer:
    layers = [pl.Dense(6, "tanh"), pl.Dense(5, "relu"), pl.Dense(2, "softmax")]
    options = {"optimizer": pl.SGD(0.3), "batch_size": 4} | options
    return pl.Trainer(pl.Network(layers, input_shape=(5,), seed=2), DATA, **options)


def state_of(taught: pl.Trainer) -> dict[str, Any]:
    return {name: value for name, value in vars(taught.state).items() if "seconds" not in name and name != "planned"}


OPTIONS: list[dict[str, Any]] = [
    {},
    {"batch_size": 23},
    {"batch_size": 50},
    {"batch_size": 1},
    {"optimizer": pl.Adam(pl.Cosine(0.02))},
    {"optimizer": pl.Momentum(0.05), "threads": 2},
    {"frozen": [0]},
]


@pytest.mark.parametrize("options", OPTIONS, ids=lambda each: "-".join(each) or "plain")
def test_steps_across_epochs_have_the_bits_of_single_steps(options: dict[str, Any]) -> None:
    together, single = trainer(**options), trainer(**options)
    count = 7 * together.steps_per_epoch + together.steps_per_epoch // 2
    means = [single.advance(1) for _ in range(count)]
    assert together.advance(count).tobytes() == np.concatenate(means).tobytes()
    assert together.net.parameters.tobytes() == single.net.parameters.tobytes()
    assert state_of(together) == state_of(single)


@pytest.mark.parametrize("options", OPTIONS, ids=lambda each: "-".join(each) or "plain")
def test_events_after_every_so_many_epochs(options: dict[str, Any]) -> None:
    often, rarely = trainer(**options), trainer(**options)
    all_events = list(often.run(25, validation=DATA))
    some = list(rarely.run(25, validation=DATA, every=10))
    assert [event.epoch for event in some] == [10, 20, 25]
    for event in some:
        other = all_events[event.epoch - 1]
        for name in ("step", "loss", "train_accuracy", "test_loss", "test_accuracy", "learning_rate"):
            assert getattr(event, name) == getattr(other, name), name
        assert event.images_per_second > 0  # type: ignore[union-attr]
    assert rarely.net.parameters.tobytes() == often.net.parameters.tobytes()
    assert rarely.state.seconds > 0


def test_other_tasks_have_rare_events_too() -> None:
    frames = [RNG.random((4, 3)).astype(np.float32) for _ in range(6)]
    data = pl.data.Sequences(frames, [0, 1] * 3)
    net = pl.Network([pl.RNN(4, outputs="last"), pl.Dense(2, "softmax")], input_shape=(None, 3))
    assert [event.epoch for event in pl.Trainer(net, data).run(7, every=3)] == [3, 6, 7]
    with pytest.raises(pl.ConfigurationError, match="every expected an integer"):
        trainer().run(3, every=0)


def test_stopping_resuming_and_patience_keep_to_the_events(tmp_path: Any) -> None:
    whole, half = trainer(), trainer()
    list(whole.run(40, every=10))
    half.state.planned = 40
    half.take_steps(13 * half.steps_per_epoch + 2)
    half.save(tmp_path / "half")
    again = pl.Trainer.resume(tmp_path / "half", DATA)
    again.state.planned = 40
    assert [event.epoch for event in again.run(every=10)] == [20, 30, 40]
    assert again.net.parameters.tobytes() == whole.net.parameters.tobytes()
    *_, last = trainer(optimizer=pl.SGD(1e-30)).run(100, validation=DATA, patience=2, every=5)
    assert (type(last).__name__, last.epoch) == ("Stopped", 15)


def test_a_divergence_in_a_later_epoch_is_undone() -> None:
    taught, twin = trainer(optimizer="sgd"), trainer(optimizer="sgd")
    per = taught.steps_per_epoch

    class Leap(pl.training.schedules.Constant):
        def rates(self, steps: Any, per_epoch: int, total: int) -> Any:
            return np.where(steps < 5 * per + 3, 0.1, 1e30)

    taught.optimizer = pl.SGD(Leap(0.1))
    with pytest.raises(pl.DivergedError):
        taught.take_steps(9 * per)
    twin.take_steps(taught.step)
    assert 5 * per + 2 <= taught.step <= 5 * per + 6
    assert np.isfinite(taught.net.parameters).all()


def test_the_speed_counts_the_epochs_that_were_timed() -> None:
    taught = trainer()
    list(taught.run(7))
    before = taught.state.seconds
    *_, event = taught.run(3, every=10)
    spent = taught.state.seconds - before
    assert event.epoch == 10
    assert event.images_per_second == pytest.approx(3 * len(DATA) / spent, rel=1e-6)  # type: ignore[union-attr]


def test_a_wrong_option_of_a_run_leaves_the_plan_as_it_was() -> None:
    taught = trainer()
    for options in ({"every": 0}, {"metrics": {"mine": len}}):
        with pytest.raises(pl.ConfigurationError):
            taught.run(3, **options)
        assert taught.state.planned == 0
