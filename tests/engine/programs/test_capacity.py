"""Capacities against the kernels that split the work, and the checks before a call of the engine."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.engine.programs import sequence_table as st
from pellucid.engine.programs.capacity import check_array, check_room, check_steps
from pellucid.errors import CapacityError, PellucidError


def dealt(count: int) -> list[int]:
    """The number of sequences in each group of a mini-batch, assigned in turn as `sequences.select_group` does."""
    groups = st.group_count(count)
    sizes = [0] * groups
    for begin in range(0, count, groups):
        for group in range(groups):
            place = begin + (group if sizes[group] % 2 == 0 else groups - 1 - group)
            sizes[group] += place < count
    return sizes


@pytest.mark.parametrize("batch", range(1, 301))
def test_the_largest_group_covers_every_smaller_mini_batch(batch: int) -> None:
    sizes = [dealt(count) for count in range(1, batch + 1)]
    assert all(sum(each) == count for count, each in enumerate(sizes, 1))
    assert st.largest_group(batch) == max(max(each) for each in sizes)
    assert st.group_count(batch) == max(len(each) for each in sizes)


def test_a_very_large_mini_batch_takes_no_time() -> None:
    assert st.largest_group(1 << 60) == st.GROUP_SIZE


def test_room_is_checked() -> None:
    check_room("groups", 3, 3)
    with pytest.raises(CapacityError, match="room for 3 groups and needs 4") as caught:
        check_room("groups", 4, 3)
    assert isinstance(caught.value, PellucidError)


@pytest.mark.parametrize(
    ("begin", "end", "batch", "rates"),
    [(-1, 2, 4, 3), (2, 1, 4, 0), (0, 4, 4, 4), (0, 3, 0, 3), (0, 3, 4, 2)],
)
def test_steps_are_within_the_epoch(begin: int, end: int, batch: int, rates: int) -> None:
    check_steps(0, 3, 4, (9, 1), np.zeros((3, 3), np.float32))
    check_steps(3, 3, 4, (9, 1), np.zeros((0, 3), np.float32))
    with pytest.raises(CapacityError):
        check_steps(begin, end, batch, (9, 1), np.zeros((rates, 3), np.float32))


@pytest.mark.parametrize(
    "array",
    [np.zeros((2, 3)), np.zeros((3, 2), np.float32), np.zeros((3, 2), np.float32).T, [[0.0] * 3] * 2],
    ids=["type", "shape", "strides", "list"],
)
def test_arrays_are_what_the_engine_expects(array: object) -> None:
    check_array("rates", np.zeros((2, 3), np.float32), (2, 3), np.float32)
    with pytest.raises(CapacityError, match="rates"):
        check_array("rates", array, (2, 3), np.float32)
