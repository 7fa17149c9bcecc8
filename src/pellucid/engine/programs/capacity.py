"""Checks before a call of the engine, which checks nothing itself: every access must lie within the given arrays.

Array sizes are derived from the functions that split the work, such as
`pellucid.engine.programs.sequence_table.group_count`. These checks compare them with the sizes that a call needs, so
that a wrong size is an error and not a write past the end of an array.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.engine.programs import table as t
from pellucid.engine.records import Schedule
from pellucid.errors import CapacityError


def check_room(what: str, needed: int, room: int) -> None:
    """Raise CapacityError if a call needs more of something than there is room for."""
    if needed > room:
        raise CapacityError(
            f"The engine was given room for {room:,} {what} and needs {needed:,}: this is a defect of Pellucid, please "
            "report it with the options used."
        )


def check_steps(begin: int, end: int, batch: int, epochs: tuple[int, int], rates: NDArray[Any]) -> None:
    """Raise CapacityError unless steps lie in the epochs, and have rates (steps, RATES).

    ``epochs`` are the examples of one, and their number.
    """
    if batch < 1 or begin < 0 or end < begin:
        raise CapacityError(f"The engine expected mini-batches from 0 on, got {begin} to {end} of {batch} examples.")
    check_room("mini-batches", end, -(-epochs[0] // batch) * epochs[1])
    check_array("rates", rates, (end - begin, t.RATES), np.float32)


def check_array(name: str, array: Any, shape: tuple[int, ...], dtype: type[np.generic]) -> None:
    """Raise CapacityError unless ``array`` is C-contiguous and has exactly this shape and type."""
    if not (
        isinstance(array, np.ndarray) and array.dtype == dtype and array.shape == shape and array.flags.c_contiguous
    ):
        came = f"{array.dtype} {array.shape}" if isinstance(array, np.ndarray) else type(array).__name__
        raise CapacityError(f"The engine expected {name} as {np.dtype(dtype)} {shape}, C-contiguous, got {came}.")


def check_groups(ranges: NDArray[Any], factors: NDArray[Any], groups: int, count: int) -> None:
    """Raise CapacityError unless groups of parameters have all ``count`` of them once, in ascending order."""
    check_array("factors", factors, (2 * groups,), np.float32)
    check_array("ranges", ranges, (2 * groups,), np.int64)
    bounds = ranges.tolist()
    if (
        not bounds
        or bounds[0] != 0
        or bounds[-1] != count
        or bounds[1:-1:2] != bounds[2::2]
        or bounds != sorted(bounds)
    ):
        raise CapacityError(f"The engine expected groups of all {count} parameters, in order; got {bounds}.")


def check_optimizer(
    code: int, schedule: Schedule, threads: int, moments: Sequence[NDArray[np.float32]], count: int
) -> None:
    """Raise CapacityError for an unknown update rule, or without room for settings or for ``count`` moments."""
    if code not in range(len(t.MOMENTS)):
        raise CapacityError(f"The engine expected an update rule from 0 to {len(t.MOMENTS) - 1}, got {code!r}.")
    check_array("settings", schedule.settings, (threads * schedule.groups * t.SETTINGS,), np.float32)
    for i in range(t.MOMENTS[code]):
        check_room(f"numbers of moment {i}", count, moments[i].size)
