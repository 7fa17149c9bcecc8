"""Functions that are told of a run while it goes on."""

from __future__ import annotations

import pytest

import pellucid as pl
from pellucid.training.watchers import Moment


def make_trainer() -> pl.Trainer:
    net = pl.Network([pl.Dense(10, "softmax")], input_shape=(28, 28))
    return pl.Trainer(net, pl.data.load("digits").train, batch_size=1)


def test_a_watcher_sees_the_inside_of_epochs_and_the_end_of_the_run() -> None:
    trainer = make_trainer()
    moments: list[Moment] = []
    trainer.watch(moments.append)
    list(trainer.run(epochs=2))
    assert [moment.running for moment in moments[-2:]] == [True, False]
    assert all(moment.running for moment in moments[:-1])
    inside = [moment.progress for moment in moments if moment.progress]
    assert all(0 < each.done <= each.total == 8000 for each in inside)
    assert sum(moment.progress is None for moment in moments) == 3  # two ends of epochs, one of the run


def test_the_end_is_told_when_a_run_is_left() -> None:
    trainer = make_trainer()
    moments: list[Moment] = []
    trainer.watch(moments.append)
    for _ in trainer.run(epochs=5):
        break
    assert not moments[-1].running


def test_watching_ends() -> None:
    trainer = make_trainer()
    moments: list[Moment] = []
    end = trainer.watch(moments.append)
    end()
    end()
    list(trainer.run(epochs=1))
    assert moments == []


def test_a_watcher_that_fails_does_not_end_the_training() -> None:
    trainer = make_trainer()

    def fail(moment: Moment) -> None:
        raise RuntimeError("no page")

    trainer.watch(fail)
    with pytest.warns(UserWarning, match="no page"):
        events = list(trainer.run(epochs=1))
    assert len(events) == 1


def test_watching_changes_no_bit() -> None:
    plain, watched = make_trainer(), make_trainer()
    watched.watch(lambda _: None)
    list(plain.run(epochs=1))
    list(watched.run(epochs=1))
    assert (plain.net.parameters == watched.net.parameters).all()
