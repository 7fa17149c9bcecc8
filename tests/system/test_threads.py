"""Thread pools: everything runs once and in order, and the caller's thread does not change."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
import time
import weakref
from concurrent.futures import ThreadPoolExecutor

import pytest

from pellucid.system import threads as system_threads
from pellucid.system.threads import ThreadPool, available_cores, move_to, run_parallel, run_with_help

can_choose = pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system places threads itself")


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("parts", [0, 1, 2, 7])
def test_results_come_in_order(count: int, parts: int) -> None:
    some = ThreadPool(count)
    for _ in range(3):
        assert some.run(lambda part: part * part, parts) == [part * part for part in range(parts)]


def test_by_default_a_part_is_a_threads() -> None:
    barrier = threading.Barrier(3, timeout=10)  # all three have to be there at once
    assert sorted(ThreadPool(3).run(lambda part: (barrier.wait(), part)[1])) == [0, 1, 2]


@pytest.mark.parametrize("bad", [0, 1, 5])
def test_an_error_reaches_the_caller_and_the_pool_lives_on(bad: int) -> None:
    def work(part: int) -> int:
        if part == bad:
            raise ValueError(f"part {part}")
        return part

    some = ThreadPool(2)
    with pytest.raises(ValueError, match=f"part {bad}"):
        some.run(work, 6)
    assert some.run(lambda part: part, 3) == [0, 1, 2]


def test_who_helps_out_is_not_waited_for() -> None:
    mine, begun, go = threading.current_thread(), threading.Event(), threading.Event()
    told: list[threading.Thread] = []

    def helper() -> None:
        begun.set()
        assert go.wait(10)
        told.append(threading.current_thread())

    run_with_help(lambda rank: helper if rank else lambda: told.append(threading.current_thread()), 2)
    assert told == [mine]
    assert begun.wait(10)
    go.set()
    assert run_parallel(lambda part: part, 2, threads=2) == [0, 1]  # behind it in the same queue
    assert told[1].name == "pellucid-worker"


def test_where_another_thread_has_the_pool_nobody_helps_out() -> None:
    told: list[int] = []
    with system_threads._borrowed_pool(2):
        run_with_help(lambda rank: lambda: told.append(rank), 2)
    assert run_parallel(lambda part: part, 2, threads=2) == [0, 1]
    assert told == [0]


@can_choose
def test_helpers_keep_off_the_callers_core_and_the_caller_may_go_anywhere() -> None:
    before = os.sched_getaffinity(0)
    if len(before) < 2:
        pytest.skip("needs two cores")
    told = run_parallel(lambda part: os.sched_getaffinity(0), 2, threads=2)
    assert told[0] == os.sched_getaffinity(0) == before
    assert len(told[1]) == len(before) - 1


@can_choose
def test_one_core_alone_is_shared() -> None:
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        assert run_parallel(lambda part: os.sched_getaffinity(0), 2, threads=2) == [{min(before)}] * 2
        assert available_cores() == 1
    finally:
        os.sched_setaffinity(0, before)


@pytest.mark.parametrize("lacking", ["sched_setaffinity", "sched_getaffinity"])
def test_systems_that_place_threads_themselves(lacking: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_setaffinity", raising=False)
    monkeypatch.delattr(os, lacking, raising=False)
    system_threads.core_of_this_thread.cache_clear()
    try:
        assert run_parallel(lambda part: part, 3, threads=3) == [0, 1, 2]
        assert available_cores() >= 1
    finally:
        system_threads.core_of_this_thread.cache_clear()


def helpers() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name == "pellucid-worker"}


def test_a_thread_that_was_moved_may_use_all_its_cores() -> None:
    with ThreadPoolExecutor(1) as pool:
        for place in range(3):
            pool.submit(move_to, place).result()
            assert pool.submit(available_cores).result() == available_cores()


def test_a_pool_that_is_collected_leaves_no_thread() -> None:
    before = helpers()
    some = ThreadPool(3)
    mine = helpers() - before
    assert len(mine) == 2
    some.run(lambda part: part)
    del some
    gc.collect()
    for thread in mine:
        thread.join(timeout=10)
        assert not thread.is_alive()


def test_what_was_worked_on_is_let_go() -> None:
    class Thing:
        pass

    some, thing = ThreadPool(2), Thing()
    watched = weakref.ref(thing)
    some.run(lambda part, thing=thing: part)  # type: ignore[misc]
    del thing
    until = time.monotonic() + 10
    while watched() is not None and time.monotonic() < until:
        gc.collect()
    assert watched() is None


def test_calls_within_calls_and_from_many_threads() -> None:
    def outer(part: int) -> list[int]:
        return run_parallel(lambda inner: 10 * part + inner, 3, threads=3)

    wanted = [[10 * part + inner for inner in range(3)] for part in range(3)]
    told: list[bool] = []

    def ask() -> None:
        told.extend(run_parallel(outer, 3, threads=3) == wanted for _ in range(5))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told == [True] * 20


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_process_has_threads_of_its_own() -> None:
    script = """
import os, sys, warnings
from pellucid.system.threads import run_parallel
warnings.simplefilter("ignore")
work = lambda part: part
assert run_parallel(work, 2, threads=2) == [0, 1]
child = os.fork()
if child == 0:
    os._exit(0 if run_parallel(work, 2, threads=2) == [0, 1] else 3)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    assert subprocess.run([sys.executable, "-c", script], timeout=60, check=False).returncode == 0
