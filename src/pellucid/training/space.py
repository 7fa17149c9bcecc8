"""Spaces of recipes: names of options, and the values that they may have."""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Any

import numpy as np

from pellucid.errors import ConfigurationError
from pellucid.training.optimizers import USUAL, Optimizer
from pellucid.training.recipe import Recipe, checked_recipe
from pellucid.training.schedules import Schedule

Space = Mapping[str, Any]
"""Names, each with a list of choices, ``(low, high)``, or ``(low, high, "log")``."""

Base = Recipe | Callable[..., Recipe]
"""A recipe whose options are replaced, or a function that makes one of drawn values, given by name."""


def checked_space(space: Any) -> Space:
    """The space; raises unless every name has a distribution."""
    if not isinstance(space, Mapping) or not space:
        raise ConfigurationError(
            f'A space expected names with values, such as {{"learning_rate": (0.001, 1.0, "log")}}; got {space!r}.'
        )
    for name, values in space.items():
        if not isinstance(name, str):
            raise ConfigurationError(f"A space expected names of options, got {name!r}.")
        if isinstance(values, list) and values:
            continue
        if not _is_range(values):
            raise ConfigurationError(
                f'A space expected a list of choices, (low, high) or (low, high, "log") for {name}, got {values!r}.'
            )
    return space


def drawn(space: Space, seed: int, number: int) -> dict[str, Any]:
    """The values of one trial: they depend on the seed, the number and the name alone.

    Examples
    --------
    >>> space = {"learning_rate": (0.001, 1.0, "log"), "batch_size": [16, 32], "width": (4, 9)}
    >>> values = drawn(space, 0, 7)
    >>> values == drawn(dict(reversed(space.items())), 0, 7)
    True
    >>> 0.001 <= values["learning_rate"] <= 1, values["batch_size"] in (16, 32), values["width"] in range(4, 10)
    (True, True, True)
    """
    return {
        name: _draw(values, np.random.default_rng([seed, number, zlib.crc32(name.encode())]))
        for name, values in space.items()
    }


def recipe_with(base: Base, values: Mapping[str, Any]) -> Recipe:
    """The recipe with these values in place of its own, or what a function makes of them.

    Raises
    ------
    ConfigurationError
        For a name that is neither an option of recipes nor of the optimiser.
    """
    if not isinstance(base, Recipe):
        return checked_recipe(base(**values))
    own = {field.name for field in fields(Recipe)}
    recipe = replace(base, **{name: value for name, value in values.items() if name in own})
    others = {name: value for name, value in values.items() if name not in own}
    return replace(recipe, optimizer=_optimizer_with(recipe.optimizer, others)) if others else recipe


def _optimizer_with(optimizer: Optimizer | str | None, values: Mapping[str, Any]) -> Optimizer:
    """The optimiser with other settings; a rate replaces the first number of its schedule."""
    if optimizer is None or (isinstance(optimizer, str) and optimizer not in USUAL):
        raise ConfigurationError(
            f"A space with {', '.join(values)} expected a recipe with an optimizer, such as pl.Adam(), got "
            f"{optimizer!r}."
        )
    known = USUAL[optimizer] if isinstance(optimizer, str) else optimizer
    if unknown := sorted(values.keys() - {field.name for field in fields(known)}):
        raise ConfigurationError(
            f"A space expected options of pl.Recipe or of {type(known).__name__}, got {', '.join(unknown)}: give a "
            "function that makes a recipe of them."
        )
    given = dict(values)
    if isinstance(known.learning_rate, Schedule) and "learning_rate" in given:
        given["learning_rate"] = replace(known.learning_rate, learning_rate=given["learning_rate"])
    return replace(known, **given)


def _is_range(values: Any) -> bool:
    if not isinstance(values, tuple) or len(values) not in (2, 3) or (len(values) == 3 and values[2] != "log"):
        return False
    numbers = all(isinstance(bound, int | float) and not isinstance(bound, bool) for bound in values[:2])
    if not numbers or not all(map(math.isfinite, values[:2])) or not values[0] < values[1]:
        return False
    return len(values) == 2 or values[0] > 0


def _draw(values: Any, rng: np.random.Generator) -> Any:
    if isinstance(values, list):
        return values[int(rng.integers(len(values)))]
    low, high = values[:2]
    whole, log = isinstance(low, int) and isinstance(high, int), len(values) == 3
    if whole and not log:
        return int(rng.integers(low, high, endpoint=True))
    found = math.exp(rng.uniform(math.log(low), math.log(high))) if log else float(rng.uniform(low, high))
    found = min(max(found, low), high)
    return round(found) if whole else float(found)
