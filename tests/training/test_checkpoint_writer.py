"""A kill at any time costs at most the current epoch, or one second if epochs are shorter."""

from __future__ import annotations

from os import PathLike

from hypothesis import given
from hypothesis import strategies as st

from pellucid.training.checkpoint_writer import CheckpointWriter


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def written_at(epochs: list[float]) -> tuple[list[float], list[float]]:
    """Record when checkpoints were written and when epochs ended."""
    clock, times, ends = Clock(), [], []

    def save(path: str | PathLike[str]) -> None:
        times.append(clock.now)

    writer = CheckpointWriter(save, "here", clock)
    writer.write()
    for seconds in epochs:
        clock.now += seconds
        ends.append(clock.now)
        writer.epoch_ended()
    return times, ends


@given(st.floats(1e-4, 5.0), st.lists(st.floats(0.7, 1.4), min_size=1, max_size=60))
def test_no_more_is_lost_than_the_epoch_under_way_or_a_second(usual: float, noise: list[float]) -> None:
    epochs = [usual * factor for factor in noise]
    times, ends = written_at(epochs)
    for end, seconds in zip(ends, epochs, strict=True):
        # Killed at the very end of the epoch, before its checkpoint.
        last = max(time for time in times if time < end)
        assert end - last <= max(seconds, 1.0) + 1e-9


def test_there_is_one_before_the_first_step() -> None:
    assert written_at([])[0] == [0.0]


def test_short_epochs_do_not_write_each() -> None:
    times, _ = written_at([0.01] * 1000)
    assert 10 <= len(times) <= 13


def test_without_a_path_nothing_is_written() -> None:
    def save(path: str | PathLike[str]) -> None:
        raise AssertionError(path)

    writer = CheckpointWriter(save, None)
    writer.write()
    writer.epoch_ended()
