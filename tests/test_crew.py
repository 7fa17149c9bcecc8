"""Threads side by side: everything is done once, in order, and the caller's own thread stays as it was."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from pellucid import crew
from pellucid.crew import Crew, available_cores, move_to, side_by_side

can_choose = pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system places threads itself")


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("parts", [0, 1, 2, 7])
def test_results_come_in_order(count: int, parts: int) -> None:
    with Crew(count) as some:
        for _ in range(3):
            assert some.run(lambda part: part * part, parts) == [part * part for part in range(parts)]


def test_by_default_a_part_is_a_threads() -> None:
    barrier = threading.Barrier(3, timeout=10)  # all three have to be there at once
    with Crew(3) as some:
        assert sorted(some.run(lambda part: (barrier.wait(), part)[1])) == [0, 1, 2]


@pytest.mark.parametrize("bad", [0, 1, 5])
def test_an_error_reaches_the_caller_and_the_crew_lives_on(bad: int) -> None:
    def work(part: int) -> int:
        if part == bad:
            raise ValueError(f"part {part}")
        return part

    with Crew(2) as some:
        with pytest.raises(ValueError, match=f"part {bad}"):
            some.run(work, 6)
        assert some.run(lambda part: part, 3) == [0, 1, 2]


@can_choose
def test_helpers_keep_off_the_callers_core_and_the_caller_may_go_anywhere() -> None:
    before = os.sched_getaffinity(0)
    if len(before) < 2:
        pytest.skip("needs two cores")
    told = side_by_side(lambda part: os.sched_getaffinity(0), 2)
    assert told[0] == os.sched_getaffinity(0) == before
    assert len(told[1]) == len(before) - 1


@can_choose
def test_one_core_alone_is_shared() -> None:
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        assert side_by_side(lambda part: os.sched_getaffinity(0), 2) == [{min(before)}] * 2
        assert available_cores() == 1
    finally:
        os.sched_setaffinity(0, before)


@pytest.mark.parametrize("lacking", ["sched_setaffinity", "sched_getaffinity"])
def test_systems_that_place_threads_themselves(lacking: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_setaffinity", raising=False)
    monkeypatch.delattr(os, lacking, raising=False)
    crew._core_of_this_thread.cache_clear()
    try:
        assert side_by_side(lambda part: part, 3) == [0, 1, 2]
        assert available_cores() >= 1
    finally:
        crew._core_of_this_thread.cache_clear()


def test_a_crew_that_is_let_go_leaves_no_thread() -> None:
    def alive() -> int:
        return sum(thread.name.startswith("pellucid_") for thread in threading.enumerate())

    before = alive()
    work: Callable[[int], None] = lambda part: time.sleep(0.01)  # noqa: E731
    side_by_side(work, 3)
    assert alive() == before


def test_a_thread_that_was_moved_may_use_all_its_cores() -> None:
    with ThreadPoolExecutor(1) as pool:
        for place in range(3):
            pool.submit(move_to, place).result()
            assert pool.submit(available_cores).result() == available_cores()
