"""Seeded orders and stratified choices."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pellucid.data.stratify import shuffled, stratified


@given(count=st.integers(0, 200), seed=st.integers(0, 2**70))
def test_shuffled_is_a_permutation(count: int, seed: int) -> None:
    assert sorted(shuffled(count, seed).tolist()) == list(range(count))


def test_every_place_is_equally_likely() -> None:
    firsts = np.bincount([int(shuffled(4, seed)[0]) for seed in range(2000)], minlength=4)
    assert firsts.min() > 420
    assert firsts.max() < 580


@given(labels=st.lists(st.integers(0, 9), min_size=1, max_size=100), data=st.data())
def test_any_count_is_met_exactly(labels: list[int], data: st.DataObject) -> None:
    count = data.draw(st.integers(0, len(labels)))
    chosen, rest = stratified(np.array(labels), count, seed=1)
    assert len(chosen) == count
    assert sorted([*chosen.tolist(), *rest.tolist()]) == list(range(len(labels)))


def test_the_largest_remainders_win() -> None:
    labels = np.array([0] * 7 + [1] * 2 + [2] * 1)
    chosen, _ = stratified(labels, 5, seed=0)
    # Shares of 3.5, 1 and 0.5: the one place left over goes to class 0 or class 2.
    assert np.bincount(labels[chosen], minlength=3).tolist() in ([4, 1, 0], [3, 1, 1])


def test_which_of_a_class_are_chosen_depends_on_the_seed() -> None:
    labels = np.zeros(20, int)
    seen = {int(number) for seed in range(40) for number in stratified(labels, 3, seed)[0]}
    assert seen == set(range(20))
