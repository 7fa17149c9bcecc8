"""The mini-batches since the last picture, few or many."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pellucid.studio.rooms.learn.recent_batches import MAX_SENT, RecentBatches


def test_nothing_gives_nothing() -> None:
    assert [len(part) for part in RecentBatches().take(7)] == [0, 0, 0]


@given(st.lists(st.integers(0, 40_000), min_size=1, max_size=5))
def test_all_batches_are_covered_and_their_mean_is_kept(sizes: list[int]) -> None:
    recent, rng = RecentBatches(), np.random.default_rng(0)
    means = [rng.random((size, 2)) for size in sizes]
    for each in means:
        recent.add(each)
    total, before = sum(sizes), 1000
    steps, losses, accuracies = recent.take(before + total)
    assert len(steps) == len(losses) == len(accuracies) <= MAX_SENT
    assert len(steps) == min(total, MAX_SENT) or total > MAX_SENT
    if total == 0:
        return
    assert steps[-1] == before + total
    spans = np.diff(steps, prepend=before)
    assert (spans >= 1).all()
    whole = np.concatenate(means)
    for points, values in ((losses, whole[:, 0]), (accuracies, whole[:, 1])):
        assert spans @ points[:, 0] / total == pytest.approx(values.mean())
        assert (points[:, 1].min(), points[:, 2].max()) == (values.min(), values.max())
        assert (points[:, 1] <= points[:, 0] * (1 + 1e-12)).all()
        assert (points[:, 0] <= points[:, 2] * (1 + 1e-12)).all()
    assert len(recent.take(before + total)[0]) == 0


def test_few_batches_are_points_of_their_own() -> None:
    recent = RecentBatches()
    means = np.random.default_rng(1).random((MAX_SENT, 2))
    recent.add(means[:100])
    recent.add(means[100:])
    steps, losses, accuracies = recent.take(MAX_SENT)
    np.testing.assert_array_equal(steps, np.arange(1, MAX_SENT + 1))
    for points, values in ((losses, means[:, :1]), (accuracies, means[:, 1:])):
        np.testing.assert_array_equal(points, np.repeat(values, 3, axis=1))
