"""Runs campaigns in worker processes, and survives whatever happens to them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from tools.fuzz import ROOT
from tools.fuzz.campaign import campaign_of, name_of
from tools.fuzz.failures import CRASH, SLOW, Failure
from tools.fuzz.measure import Stopwatch
from tools.fuzz.state import State

MOST_PATIENCE = 60.0
"""A case is ended after so many seconds."""

_POLL_SECONDS = 0.05
_RANGE_SECONDS = 0.5
_MOST_RANGE = 512
_RANGES_AHEAD = 2
_MOST_BAD_STARTS = 3


class WorkerError(RuntimeError):
    """A worker process could not even begin."""


@dataclass
class Limits:
    """When a campaign ends: after so many seconds, so many inputs in all, or so many cases."""

    seconds: float = float("inf")
    inputs: float = float("inf")


class _Process:
    """A worker process, the ranges that it still has to run, and the case that it is in."""

    def __init__(self, module: str, seed: int) -> None:
        path = os.pathsep.join(dict.fromkeys([str(ROOT), *(each for each in sys.path if each)]))
        environment = {**os.environ, **campaign_of(module).environment, "PYTHONPATH": path, "PYTHONSAFEPATH": "1"}
        self.errors = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the process
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tools.fuzz.worker", module, str(seed)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            env=environment,
            cwd=ROOT,
        )
        self.ranges: list[tuple[int, int]] = []
        self.number: int | None = None
        self.watch = Stopwatch(self.process.pid)
        self.began = self.watch.now()
        self.late = False
        self._rest = b""
        os.set_blocking(self._out, False)

    @property
    def _out(self) -> int:
        stream = self.process.stdout
        assert stream is not None
        return stream.fileno()

    def give(self, begin: int, end: int, deadline: float) -> None:
        """Have a range run."""
        self.ranges.append((begin, end))
        stream = self.process.stdin
        assert stream is not None
        with suppress(BrokenPipeError):
            stream.write(f"{begin} {end} {deadline}\n".encode())
            stream.flush()

    def past(self, number: int) -> None:
        """Note that a case is over."""
        self.number = None
        self.ranges[0] = number + 1, self.ranges[0][1]

    def lines(self) -> list[list[Any]]:
        """Return everything that it has said since the last time."""
        with suppress(BlockingIOError):
            while chunk := os.read(self._out, 1 << 16):
                self._rest += chunk
        *whole, self._rest = self._rest.split(b"\n")
        return [json.loads(line) for line in whole]

    def last_words(self) -> str:
        """Return what its standard error says of its end."""
        self.errors.seek(0)
        _, fatal, frames = self.errors.read().decode(errors="replace").strip().rpartition("Fatal Python error: ")
        lines = frames.splitlines()
        return " | ".join(lines[:6] if fatal else lines[-3:])[:500]

    def end(self) -> None:
        """Let it end, and make it end if it does not."""
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.errors.close()
        self.watch.close()


@dataclass
class Run:
    """One campaign at work.

    Attributes
    ----------
    module : str
        The module of the campaign.
    state : State
        Counts and failures go there.
    workers : int
    on_tick : function
        Called a few times a second.
    """

    module: str
    state: State
    limits: Limits
    workers: int = 2
    on_tick: Callable[[], None] = lambda: None
    patience: float = MOST_PATIENCE
    _processes: list[_Process] = field(default_factory=list)
    _bad_starts: int = 0

    def __post_init__(self) -> None:
        self.name = name_of(self.module)
        self.progress = self.state.progress(self.name)
        self._began_inputs, self._began_cases = self.progress.inputs, self.progress.cases
        self._began = time.monotonic()
        self._deadline = time.time() + self.limits.seconds

    def run(self) -> None:
        """Run cases until a limit is reached.

        Raises
        ------
        WorkerError
            If a worker process ends again and again before its first case.
        """
        seconds_before = self.progress.seconds
        try:
            self._processes = [_Process(self.module, self.state.seed) for _ in range(self.workers)]
            while self._step():
                self.progress.seconds = seconds_before + time.monotonic() - self._began
                self.on_tick()
                time.sleep(_POLL_SECONDS)
        finally:
            self.progress.seconds = seconds_before + time.monotonic() - self._began
            self._finish()

    def _finish(self) -> None:
        for each in self._processes:
            for begin, end in each.ranges:
                self.progress.give_back(begin, end)
            if each.ranges:
                each.process.kill()
            each.end()

    def _step(self) -> bool:
        """Read what the workers say and give them work; return whether there is anything left to wait for."""
        for i, each in enumerate(self._processes):
            gone = each.process.poll() is not None
            for line in each.lines():
                self._heard(each, *line)
            if gone:
                self._crashed(each)
                each.end()
                self._processes[i] = _Process(self.module, self.state.seed)
            elif each.number is not None and each.watch.now() - each.began > self.patience:
                each.late = True
                each.process.kill()
        for each in self._processes:
            while len(each.ranges) < _RANGES_AHEAD and (count := self._wanted()):
                each.give(*self.progress.take(count), self._deadline)
        return any(each.ranges for each in self._processes)

    def _wanted(self) -> int:
        """Return how many cases the next range should have; 0 when a limit is reached."""
        progress = self.progress
        cases, inputs = progress.cases - self._began_cases, progress.inputs - self._began_inputs
        elapsed = time.monotonic() - self._began
        if time.time() >= self._deadline:
            return 0
        each = max(1.0, inputs / max(1, cases))  # inputs of a case
        given = sum(end - begin for process in self._processes for begin, end in process.ranges)
        left = (self.limits.inputs - inputs) / each - given
        if left <= 0:
            return 0
        pace = cases / max(elapsed, 1e-3) / self.workers
        return int(max(1, min(left, _MOST_RANGE, max(1.0, pace * _RANGE_SECONDS))))

    def _heard(self, each: _Process, word: str, number: int, *more: Any) -> None:
        if word == "begin":
            each.number, each.began = number, each.watch.now()
        elif word == "done":
            each.past(number)
            self.progress.done(*more)
        elif word == "fail":
            self.state.fail(Failure(self.name, self.state.seed, number, *more))
        elif word == "rest":
            each.ranges.pop(0)
            self.progress.give_back(number, more[0])

    def _crashed(self, each: _Process) -> None:
        """Count the case in which a worker ended, and give back those that it has not run."""
        status = each.process.returncode
        if each.number is None:
            self._bad_starts += 1
            if self._bad_starts >= _MOST_BAD_STARTS:
                raise WorkerError(f"{self.name}: a worker ended with status {status}: {each.last_words()}")
        else:
            name = signal.Signals(-status).name if status < 0 else f"status {status}"
            kind, what = (SLOW, f"was ended after {self.patience:.0f} s") if each.late else (CRASH, f"{name}: ")
            message = what + ("" if each.late else each.last_words())
            self.state.fail(Failure(self.name, self.state.seed, each.number, kind, message))
            self.progress.cases += 1
            each.past(each.number)
        for begin, end in each.ranges:
            self.progress.give_back(begin, end)
        each.ranges = []


def run_only(module: str, seed: int, number: int) -> State:
    """Run one case alone."""
    state = State(seed)
    progress = state.progress(name_of(module))
    progress.next = number
    Run(module, state, Limits(inputs=1), workers=1).run()
    return state
