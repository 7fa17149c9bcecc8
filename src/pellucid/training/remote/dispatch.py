"""Dispatch: many items of work to a pool, some in each task, and again what was lost with a worker."""

from __future__ import annotations

import math
import secrets
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Future
from queue import SimpleQueue
from typing import Any, NamedTuple

from pellucid.errors import WorkerLostError
from pellucid.training.events import Failed
from pellucid.training.remote.abandoned import abandon
from pellucid.training.remote.parcel import Missing, Reference
from pellucid.training.remote.pool import Pool

TASK_SECONDS = 0.5
"""About how long a task takes: many small items make one, so that sending it costs little."""

MOST_ITEMS = 256
"""Items of a task at most."""

ATTEMPTS = 3
"""How often an item may be lost with its worker; the last attempt is made while nothing else runs."""

Work = Callable[[str, Any, Sequence[Any]], list[Any]]
"""Takes a token, the object of a parcel and some items; returns a result for each item."""


class Taken(NamedTuple):
    """The results of a task, and the seconds that it took."""

    results: list[Any]
    seconds: float


class _Flight(NamedTuple):
    """A task under way."""

    numbers: list[int]
    generation: int


def task(work: Work, token: str, reference: Reference, items: Sequence[Any]) -> Taken | Missing:
    """What a worker calls."""
    value = reference.open()
    if isinstance(value, Missing):
        return value
    began = time.perf_counter()
    return Taken(work(token, value, items), time.perf_counter() - began)


class Dispatcher:
    """Runs items of work on a pool.

    Parameters
    ----------
    pool : Pool
    work : callable
        See `Work`; a function of a module.
    value : object
        What all items need: the data.
    """

    def __init__(self, pool: Pool, work: Work, value: Any) -> None:
        self._pool, self._work, self._value = pool, work, value
        self._reference = pool.put(value)
        self._token = secrets.token_hex(8)
        self._seconds = 0.0  # for an item of cost 1; 0 until it is known
        self._generation = 0
        self._flying: dict[Future[Any], _Flight] = {}

    def run(self, items: Sequence[Any], costs: Sequence[float]) -> Iterator[tuple[int, Any]]:
        """Yield (index, result) of each item as they end; `Failed` for what was lost too often.

        Parameters
        ----------
        items : sequence
        costs : sequence of float
            Relative costs; the costliest items start first.
        """
        self._items, self._costs = items, costs
        self._waiting = deque(sorted(range(len(items)), key=lambda number: -costs[number]))
        self._lost: deque[int] = deque()
        self._attempts = [0] * len(items)
        self._ended: SimpleQueue[Future[Any]] = SimpleQueue()
        while self._waiting or self._lost or self._flying:
            yield from self._fill()
            if self._flying:
                yield from self._settle(self._ended.get())

    def abandon(self) -> None:
        """Cancel what has not begun, and have threads of this process leave what has."""
        abandon(self._token)
        for future in self._flying:
            future.cancel()
        self._flying = {}

    def _fill(self) -> Iterator[tuple[int, Any]]:
        """Submit tasks until every worker has one, and another one to go on with."""
        while (self._waiting or self._lost) and len(self._flying) < 2 * self._pool.workers:
            if self._lost and self._attempts[self._lost[0]] >= ATTEMPTS - 1 and self._flying:
                return
            numbers = [self._lost.popleft()] if self._lost else self._chunk()
            alone = self._attempts[numbers[0]] >= ATTEMPTS - 1
            try:
                self._submit(numbers, self._reference)
            except (BrokenExecutor, RuntimeError) as error:  # also of an executor that was shut down
                if self._flying:
                    self._waiting.extendleft(reversed(numbers))
                    return
                yield from self._after_loss(_Flight(numbers, self._generation), BrokenExecutor(str(error)))
                continue
            if alone:
                return

    def _chunk(self) -> list[int]:
        """The next items, for about `TASK_SECONDS`; fewer at the end, so that all workers end at the same time."""
        share = math.ceil(len(self._waiting) / (2 * self._pool.workers))
        most = min(MOST_ITEMS, share) if self._seconds else 1
        numbers, cost = [self._waiting.popleft()], 0.0
        while self._waiting and len(numbers) < most:
            cost += self._costs[numbers[-1]]
            if (cost + self._costs[self._waiting[0]]) * self._seconds > TASK_SECONDS:
                break
            numbers.append(self._waiting.popleft())
        return numbers

    def _submit(self, numbers: list[int], reference: Reference) -> None:
        items = [self._items[number] for number in numbers]
        future = self._pool.submit(task, self._work, self._token, reference, items)
        self._flying[future] = _Flight(numbers, self._generation)
        future.add_done_callback(self._ended.put)

    def _settle(self, future: Future[Any]) -> Iterator[tuple[int, Any]]:
        flight = self._flying.pop(future)
        try:
            taken = future.result()
        except (Exception, CancelledError) as error:
            yield from self._after_loss(flight, error)
            return
        if isinstance(taken, Missing):
            self._submit(flight.numbers, self._pool.content(self._value) or self._reference)
            return
        cost = sum(self._costs[number] for number in flight.numbers)
        self._seconds = max(taken.seconds / max(cost, 1e-9), 1e-12)
        yield from zip(flight.numbers, taken.results, strict=True)

    def _after_loss(self, flight: _Flight, error: BaseException) -> Iterator[tuple[int, Any]]:
        """Items that were lost run again, each in a task of its own."""
        for number in flight.numbers:
            self._attempts[number] += 1
            if self._attempts[number] >= ATTEMPTS:
                yield number, _failed(f"was lost {ATTEMPTS} times", error)
            else:
                self._lost.append(number)
        if isinstance(error, BrokenExecutor | CancelledError) and not self._revived(flight.generation):
            yield from self._give_up(error)

    def _revived(self, generation: int) -> bool:
        """Whether there are workers again after those of this generation are gone."""
        if generation == self._generation:
            if not self._pool.revive():
                return False
            self._generation += 1
        return True

    def _give_up(self, error: BaseException) -> Iterator[tuple[int, Any]]:
        """All that has not begun fails."""
        numbers = [*self._lost, *self._waiting]
        self._lost.clear()
        self._waiting.clear()
        for number in numbers:
            yield number, _failed("was not begun, since the executor is broken", error)


def _failed(what: str, error: BaseException) -> Failed:
    lost = WorkerLostError(
        f"The training {what} ({type(error).__name__}: {error}): look for what ends workers, such as too little memory "
        'or a script without if __name__ == "__main__"; give a function that makes the executor so that it can be '
        "replaced."
    )
    lost.__cause__ = error
    return Failed(0, 0, lost)
