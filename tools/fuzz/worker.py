"""A worker process: it runs the cases that it is told to, and announces each before it begins.

It reads ranges of case numbers from its standard input, ``begin end deadline`` a line (seconds since the epoch), and
writes one JSON list a line to its standard output: ``["begin", number]`` before a case, ``["done", number, accepted,
refused, seconds, bytes]`` after it, ``["fail", number, kind, message]`` for each fault, and ``["rest", number, end]``
at the end of a range, or at the deadline.
"""

from __future__ import annotations

import faulthandler
import json
import os
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import Any

from pellucid.errors import CapacityError, PellucidError
from tools.fuzz.campaign import REFUSED, Campaign, Case, Tally, WrongResultError, campaign_of, generator_of, name_of
from tools.fuzz.failures import MEMORY, MOST_BYTES, MOST_SECONDS, SLOW, UNTYPED, WRONG
from tools.fuzz.measure import PeakMemory, Stopwatch

_MEMORY_DISK = Path("/dev/shm")


class Worker:
    """Runs cases of one campaign."""

    def __init__(self, module: str, seed: int, out: int, folder: Path) -> None:
        self._name, self._seed, self._out = name_of(module), seed, out
        self._campaign: Campaign = campaign_of(module)
        self._case: Case = self._campaign.prepare(folder)
        self._memory, self._watch = PeakMemory(), Stopwatch()

    def run(self, begin: int, end: int, deadline: float) -> None:
        """Run the cases of a range, at least one of them, until the deadline."""
        number = begin
        while number < end and (number == begin or time.time() < deadline):
            self.run_case(number)
            number += 1
        self._say("rest", number, end)

    def run_case(self, number: int) -> None:
        """Run one case and report it."""
        self._say("begin", number)
        self._memory.begin()
        tally, seconds = self._timed(number)
        grown = self._memory.growth()
        if seconds > MOST_SECONDS:  # its threads may have waited for a processor: only a slow case is slow again
            tally, again = self._timed(number)
            seconds = min(seconds, again)
        if seconds > MOST_SECONDS:
            self._say("fail", number, SLOW, f"took {seconds:.1f} s")
        if grown > MOST_BYTES:
            self._say("fail", number, MEMORY, f"took {grown / 1e6:,.0f} MB")
        self._say("done", number, tally.accepted, tally.refused, round(seconds, 6), grown)

    def _timed(self, number: int) -> tuple[Tally, float]:
        began = self._watch.now()
        tally = self._outcome(number)
        return tally, self._watch.now() - began

    def _outcome(self, number: int) -> Tally:
        try:
            return self._case(generator_of(self._seed, self._name, number))
        except CapacityError as error:  # typed, and yet a defect
            self._fail(number, WRONG, error)
        except WrongResultError as error:
            self._fail(number, WRONG, error)
        except BaseException as error:  # Rust's panics are no Exception
            if isinstance(error, (PellucidError, *self._campaign.documented)):
                return REFUSED
            self._fail(number, UNTYPED, error)
        return Tally()

    def _fail(self, number: int, kind: str, error: BaseException) -> None:
        frames = traceback.extract_tb(error.__traceback__)
        place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
        notes = "".join(f" ({note})" for note in getattr(error, "__notes__", ()))
        self._say("fail", number, kind, f"{type(error).__name__}: {error}"[:500] + place + notes)

    def _say(self, *words: Any) -> None:
        os.write(self._out, (json.dumps(words) + "\n").encode())


def main(module: str, seed: str) -> None:
    """Serve until the standard input is closed."""
    # What the library prints must not get between the lines of the protocol.
    out = os.dup(1)
    os.dup2(2, 1)
    faulthandler.enable()
    place = str(_MEMORY_DISK) if _MEMORY_DISK.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="pellucid-fuzz-", dir=place) as folder:
        os.chdir(folder)
        worker = Worker(module, int(seed), out, Path(folder))
        for line in sys.stdin:
            begin, end, deadline = line.split()
            worker.run(int(begin), int(end), float(deadline))


if __name__ == "__main__":
    main(*sys.argv[1:])
