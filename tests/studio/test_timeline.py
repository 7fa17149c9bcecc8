"""The timeline: any step can be restored, however the keyframes were thinned."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pellucid as pl
from pellucid.studio.rooms.learn.series import Series
from pellucid.studio.rooms.learn.timeline import Timeline

DIGITS = pl.data.load("digits").train[:320]


def trainer() -> pl.Trainer:
    net = pl.Network([pl.Dense(10, "softmax")], input_shape=(28, 28))
    return pl.Trainer(net, DIGITS, optimizer=pl.Momentum(0.05), batch_size=32)


@pytest.mark.parametrize("keyframes", [3, 10, 1000])
def test_any_step_is_reached_again(keyframes: int) -> None:
    made = trainer()
    timeline = Timeline(made, max_bytes=keyframes * 2 * made.net.parameters.nbytes)
    seen = [made.net.parameters.copy()]
    for _ in range(120):
        made.take_steps(1)
        timeline.record()
        seen.append(made.net.parameters.copy())
    assert timeline.last_step == 120
    assert timeline.first_step == 0
    assert len(timeline._keyframes) <= keyframes
    for step in (119, 0, 64, 7, 120, 55):
        timeline.go_to(step)
        assert made.step == step
        np.testing.assert_array_equal(made.net.parameters, seen[step])
    steps, path = timeline.path(5)
    assert len(steps) <= 5
    for step, parameters in zip(steps, path, strict=True):
        np.testing.assert_array_equal(parameters, seen[step])


def test_where_all_keyframes_are_pinned_the_oldest_are_dropped() -> None:
    made = trainer()
    timeline = Timeline(made, max_bytes=4 * 2 * made.net.parameters.nbytes)
    for turn in range(10):
        made.take_steps(1)
        made.net.parameters[turn] += 1
        timeline.pin()
    assert timeline.first_step == 7
    timeline.go_to(0)
    assert made.step == 7


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(st.integers(1, 40), st.floats(0, 1)), max_size=30), st.integers(4, 64))
def test_a_series_is_the_means_of_what_was_added(moves: list[int | float], most: int) -> None:
    """Integers add so many values, shares cut back to that share."""
    series, values = Series(most), np.zeros((0, 2))
    for move in moves:
        if isinstance(move, int):
            new = np.random.default_rng(move).random((move, 2)).astype(np.float32)
            series.add(new.astype(np.float64))
            values = np.concatenate([values, new])
        else:
            step = int(move * len(values))
            if step == len(values):
                series.truncate(step)  # changes nothing
                continue
            series.truncate(step)
            values = values[:step].copy()
            forgotten = int(np.isnan(series._rest[:, 1]).sum())  # those of a merged point are not told apart
            assert forgotten < series.stride
            values[len(values) - forgotten :] = np.nan
    assert series.steps == len(values)
    assert series._count <= most
    for count in (10_000, 3):
        steps, losses, accuracies = series.points(count)
        assert len(steps) == len(losses) == len(accuracies) <= count
        starts = np.concatenate([[0], steps])[: len(steps)].astype(int)
        for start, end, loss, accuracy in zip(starts, steps.astype(int), losses, accuracies, strict=True):
            for found, part in ((loss, values[start:end, 0]), (accuracy, values[start:end, 1])):
                np.testing.assert_allclose(found, [part.mean(), part.min(), part.max()], rtol=1e-4)
        assert not len(values) or steps[-1] == len(values)


@given(st.lists(st.booleans(), min_size=1, max_size=80), st.integers(4, 100))
def test_a_sparse_series_tells_what_was_measured(measured: list[bool], most: int) -> None:
    series = Series(most, sparse=True)
    values = np.random.default_rng(len(measured)).random((len(measured), 2)).astype(np.float32).astype(np.float64)
    values[~np.array(measured)] = np.nan
    for each in values:
        series.add(each[None])
    assert series.steps == len(values)
    steps, losses, accuracies = series.points(10_000)
    assert not np.isnan([*losses.ravel(), *accuracies.ravel()]).any()
    if series.stride == 1:
        assert steps.tolist() == [at + 1 for at, each in enumerate(measured) if each]
        np.testing.assert_allclose(losses[:, 0], values[measured, 0], rtol=1e-6)
    if any(measured):
        assert losses[:, 1].min() == pytest.approx(np.nanmin(values[:, 0]))
        assert accuracies[:, 2].max() == pytest.approx(np.nanmax(values[:, 1]))
