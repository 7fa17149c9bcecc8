"""A search for the best recipe of a space, by successive halving."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from pellucid.errors import ConfigurationError, PellucidError
from pellucid.network.network import Network
from pellucid.system.arguments import as_integer
from pellucid.training.events import Failed
from pellucid.training.recipe import Recipe
from pellucid.training.remote.fleet import Fleet
from pellucid.training.remote.jobs import Job, trained_by
from pellucid.training.remote.pools import On
from pellucid.training.remote.shared_data import SharedData
from pellucid.training.space import Base, Space, checked_space, drawn, recipe_with
from pellucid.training.state import Snapshot
from pellucid.training.trained import Trained

_HELD_OUT = 0.2
"""The share of the data that is held out where no validation data are given."""


@dataclass(frozen=True, eq=False)
class Trial:
    """A recipe of the space, and how far it came.

    Attributes
    ----------
    number : int
        From 0, in the order in which they were drawn.
    values : mapping
        What was drawn.
    recipe : Recipe
    result : Trained, optional
        The network after the last of its epochs; None if it failed before the first pause.
    error : PellucidError, optional
        Why it failed.
    rounds : int
        Rounds that it completed.
    """

    number: int
    values: Mapping[str, Any]
    recipe: Recipe
    result: Trained | None = None
    error: PellucidError | None = None
    rounds: int = 0
    paused: Snapshot | None = field(default=None, repr=False)

    @property
    def epoch(self) -> int:
        """Epochs trained."""
        return 0 if self.result is None else self.result.epoch

    @property
    def net(self) -> Network:
        """The network as it was left.

        Raises
        ------
        PellucidError
            The trial's own error, if there is none.
        """
        if self.result is None:
            raise self.error or ConfigurationError("This trial was not trained.")
        return self.result.net


@dataclass(frozen=True, eq=False)
class Search:
    """What `pellucid.search` found.

    Attributes
    ----------
    ranking : tuple of Trial
        The best first: by rounds, then by the criterion; failed ones last.
    rounds : tuple of (int, int)
        For each round, trials in it, and the epoch up to which they were trained.
    train, validation : Dataset, Sequences, Stream or callable
        The data; ``best.recipe.trainer(train)`` trains the best again, to the same bits.
    """

    ranking: tuple[Trial, ...]
    rounds: tuple[tuple[int, int], ...]
    train: Any = field(repr=False)
    validation: Any = field(repr=False)

    @property
    def best(self) -> Trial:
        """The first of the ranking."""
        return self.ranking[0]

    def __iter__(self) -> Iterator[Trial]:
        """The ranking."""
        return iter(self.ranking)

    def __len__(self) -> int:
        return len(self.ranking)


def search(
    space: Space,
    recipe: Base,
    *,
    data: Any,
    validation: Any = None,
    trials: int = 27,
    by: Literal["loss", "accuracy"] = "loss",
    keep: int = 3,
    seed: int = 0,
    on: On = None,
    workers: int | None = None,
    on_trial: Callable[[Trial], object] | None = None,
) -> Search:
    """Search a space of recipes by successive halving.

    All trials are trained for a few epochs; the best third goes on for three times as many, and so on, until those
    left have trained all epochs of their recipes. Nothing is trained twice: a trial goes on where it paused, with the
    same bits as if it had never paused.

    Parameters
    ----------
    space : mapping
        Names, each with a list of choices, ``(low, high)`` for a number in between, or ``(low, high, "log")`` for one
        whose logarithm is uniform; whole numbers if both bounds are. Names are options of `Recipe` or of its optimiser,
        such as ``batch_size`` and ``learning_rate``; or parameters of a function.
    recipe : Recipe or callable
        The recipe whose options are replaced, or a function that makes a recipe of the values, given by name.
    data : Dataset, Sequences, Stream or callable
        As for `train_many`.
    validation : the same, optional
        By default a fifth of the data, held out.
    trials : int
        Recipes to draw.
    by : "loss" or "accuracy"
        What is compared: the lowest loss or the highest accuracy on the validation data. Losses of different kinds
        cannot be compared.
    keep : int
        One of so many trials goes on from a round to the next.
    seed : int
        Draws the values, and the data held out. The same seed finds the same, whatever trains the trials.
    on, workers : optional
        As for `train_many`.
    on_trial : callable, optional
        Called with each `Trial` whenever a round of it ends.

    Returns
    -------
    Search

    Raises
    ------
    ConfigurationError
        For a space, a recipe or an option that means nothing.
    PellucidError
        If all trials fail: the error of the first.

    References
    ----------
    Jamieson and Talwalkar, "Non-stochastic best arm identification and hyperparameter optimization", 2016.

    Examples
    --------
    >>> import pellucid as pl
    >>> digits = pl.data.load("digits")
    >>> recipe = pl.Recipe([pl.Dense(10, "softmax")], epochs=3, optimizer=pl.SGD(0.1))
    >>> found = pl.search({"learning_rate": (0.001, 10.0, "log")}, recipe, data=digits.train, trials=9)
    >>> found.rounds
    ((9, 1), (3, 3))
    >>> 0.01 < found.best.values["learning_rate"] < 2
    True
    """
    as_integer("trials", trials, 1, 1 << 20)
    as_integer("keep", keep, 2, 1 << 10)
    as_integer("seed", seed, 0)
    if by not in ("loss", "accuracy"):
        raise ConfigurationError(f"by expected loss or accuracy, got {by!r}.")
    running = _drawn_trials(checked_space(space), recipe, trials, seed)
    train, validation = _divided(data, validation, seed)
    ended: list[Trial] = []
    rounds: list[tuple[int, int]] = []
    with Fleet(SharedData(train, validation), on, workers) as fleet:
        for left in reversed(range(_rounds(running, keep))):
            ranked = sorted(_trained_on(fleet, running, keep**left, on_trial), key=_order(by))
            rounds.append((len(ranked), max(trial.epoch for trial in ranked)))
            goes_on = max(1, len(ranked) // keep) if left else 0
            running = [trial for trial in ranked[:goes_on] if trial.error is None]
            ended += [replace(trial, paused=None) for trial in ranked[len(running) :]]
            if not running:
                break
    ranking = sorted(ended, key=_order(by))
    if ranking[0].error is not None:
        raise ranking[0].error
    return Search(tuple(ranking), tuple(rounds), train, validation)


def _drawn_trials(space: Space, base: Base, count: int, seed: int) -> list[Trial]:
    trials = []
    for number in range(count):
        values = drawn(space, seed, number)
        recipe = recipe_with(base, values)
        if recipe.patience is not None:
            raise ConfigurationError("search expected recipes without patience: it stops trainings itself.")
        trials.append(Trial(number, values, recipe))
    return trials


def _divided(data: Any, validation: Any, seed: int) -> tuple[Any, Any]:
    """Training and validation data."""
    if validation is not None:
        return data, validation
    if not hasattr(data, "split"):
        raise ConfigurationError("search expected validation data beside a Stream or a function: pass validation.")
    train, held_out = data.split(1 - _HELD_OUT, seed)
    return train, held_out


def _rounds(trials: Sequence[Trial], keep: int) -> int:
    """How many rounds there are: trials and epochs have to be enough for each."""
    epochs, count = max(trial.recipe.epochs for trial in trials), 1
    while len(trials) >= keep**count and epochs >= keep**count:
        count += 1
    return count


def _trained_on(
    fleet: Fleet, trials: Sequence[Trial], share: int, on_trial: Callable[[Trial], object] | None
) -> list[Trial]:
    """The trials after one more round, up to one ``share``-th of their epochs."""
    untils = [-(-trial.recipe.epochs // share) for trial in trials]
    jobs = [
        Job(trial.recipe, until, trial.paused, pauses=share > 1) for trial, until in zip(trials, untils, strict=True)
    ]
    after = list(trials)
    for index, outcome in fleet.run(jobs):
        trial = trials[index]
        if isinstance(outcome, Failed):
            after[index] = replace(trial, error=outcome.error, paused=None)
        else:
            result = trained_by(trial.recipe, outcome)
            before = () if trial.result is None else trial.result.history
            result = replace(result, history=before + result.history)
            after[index] = replace(trial, result=result, paused=outcome.snapshot, rounds=trial.rounds + 1)
        if on_trial is not None:
            on_trial(after[index])
    return after


def _order(by: str) -> Callable[[Trial], tuple[bool, int, float, int]]:
    """The key that sorts trials, the best first."""

    def key(trial: Trial) -> tuple[bool, int, float, int]:
        found = trial.result
        score = None if found is None else found.test_loss if by == "loss" else found.test_accuracy
        if score is None or math.isnan(score):
            score = math.inf
        elif by == "accuracy":
            score = -score
        return trial.error is not None, -trial.rounds, score, trial.number

    return key
