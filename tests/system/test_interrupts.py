"""Signals during work: deferred, reported at once, and never in the middle."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator

import pytest

from pellucid.system.interrupts import deferred_interrupt, run_aside


@pytest.fixture(autouse=True)
def handler() -> Iterator[None]:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_the_block_is_finished_before_the_interrupt() -> None:
    done: list[str] = []

    def work() -> None:
        with deferred_interrupt(lambda: done.append("told")):
            signal.raise_signal(signal.SIGINT)
            done.append("finished")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert done == ["told", "finished"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_an_ignored_signal_stays_ignored_and_other_threads_change_nothing() -> None:
    told: list[str] = []
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with deferred_interrupt(lambda: told.append("told")):
        signal.raise_signal(signal.SIGINT)
    signal.signal(signal.SIGINT, signal.default_int_handler)

    def elsewhere() -> None:
        with deferred_interrupt(lambda: None):
            told.append(str(signal.getsignal(signal.SIGINT) is signal.default_int_handler))

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert told == ["True"]


def test_work_aside_gives_its_result_or_its_error() -> None:
    assert run_aside(lambda: 7) == 7
    for error in (ValueError("x"), TimeoutError("of its own")):
        with pytest.raises(type(error), match=str(error)):
            run_aside(lambda error=error: (_ for _ in ()).throw(error))


def test_signals_are_handled_while_work_runs_aside() -> None:
    release = threading.Event()

    def interrupt() -> None:
        signal.raise_signal(signal.SIGINT)  # Python's handler runs in the main thread
        release.wait(10)

    with pytest.raises(KeyboardInterrupt):
        run_aside(interrupt)
    release.set()
