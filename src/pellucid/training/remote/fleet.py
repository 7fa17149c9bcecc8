"""Trainings of recipes on a pool of workers."""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Iterator, Sequence
from types import TracebackType
from typing import Self

from pellucid.errors import ConfigurationError, PellucidError
from pellucid.programs.cost import cost_of
from pellucid.training.events import Failed
from pellucid.training.recipe import Recipe
from pellucid.training.remote.dispatch import Dispatcher
from pellucid.training.remote.jobs import Job, Outcome, Unexpected, do_jobs
from pellucid.training.remote.pools import On, pool_for
from pellucid.training.remote.shared_data import SharedData


class Fleet:
    """Workers that have the data; closed at the end of a with block."""

    def __init__(self, data: SharedData, on: On, workers: int | None) -> None:
        self._shape = data.shape
        self._pool = pool_for(on, workers)
        try:
            self._dispatcher = Dispatcher(self._pool, do_jobs, data)
        except BaseException:
            self._pool.close(at_once=True)
            raise

    def run(self, jobs: Sequence[Job]) -> Iterator[tuple[int, Outcome | Failed]]:
        """Yield (index, outcome) of each job as they end.

        Raises
        ------
        Exception
            Whatever was raised in a training and is no `PellucidError`.
        """
        if self._pool.pickles:
            _check_picklable(job.recipe for job in jobs)
        for index, outcome in self._dispatcher.run(jobs, [_cost(job, self._shape) for job in jobs]):
            if isinstance(outcome, Unexpected):
                outcome.raise_from(f"the worker that trained network {index}")
            yield index, outcome

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._dispatcher.abandon()
        self._pool.close(at_once=kind is not None)


def _cost(job: Job, shape: Sequence[int] | None) -> float:
    """About how much work a job is, in comparison with others on the same data."""
    shape = shape if job.recipe.input_shape is None else job.recipe.input_shape
    until = job.recipe.epochs if job.until is None else job.until
    epochs = until - (0 if job.start is None else job.start.state.epoch)
    try:
        return max(1, epochs) * float(cost_of(job.recipe.layers, tuple(shape)).products if shape else 1)
    except PellucidError:  # the layers do not fit the data, which the training will say
        return 1.0


def _check_picklable(recipes: Iterable[Recipe]) -> None:
    """Raise for recipes that other processes cannot be given."""
    for number, recipe in enumerate(recipes):
        try:
            pickle.dumps(recipe)
        except (pickle.PicklingError, AttributeError, TypeError) as error:
            raise ConfigurationError(
                f"Other processes expected recipes that can be pickled; recipe {number} cannot ({error}): use "
                "functions of a module."
            ) from error
