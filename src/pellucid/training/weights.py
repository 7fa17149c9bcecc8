"""Weights of classes, and smoothed labels."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.data import Dataset, Stream
from pellucid.errors import ConfigurationError
from pellucid.programs.image_targets import Supervision, value_targets
from pellucid.system.arguments import is_integer

ClassWeight = Mapping[Any, float] | Sequence[float] | str
"""A weight for each class, by name or number (others weigh 1) or in order; or "balanced"."""


def class_weights(given: ClassWeight, data: Any) -> tuple[float, ...]:
    """The weight of every class of a data set.

    "balanced" gives all classes the same weight together: N / (number of classes * examples of the class).

    Raises
    ------
    ConfigurationError
        For an unknown class, or weights that are not finite numbers of at least 0, one per class.
    """
    if not isinstance(data, Dataset | Stream):
        raise ConfigurationError("class_weight works for networks of images: omit it.")
    if isinstance(data, Stream):
        if not isinstance(given, str) and data.has_classes and data.classes:
            return tuple(_listed(given, data.classes).tolist())
        raise ConfigurationError(
            "class_weight expected a weight for each class of a stream that declares its classes: pass classes to "
            "Stream, and weights by name or in order."
        )
    if isinstance(given, str):
        counts = data.counts
        if given != "balanced":
            raise ConfigurationError(f'class_weight expected weights or "balanced", got {given!r}.')
        present = np.count_nonzero(counts)
        weights = len(data) / (present * np.maximum(counts, 1).astype(np.float64))
    else:
        weights = _listed(given, data.classes)
    return tuple(weights.tolist())


def _listed(given: Mapping[Any, float] | Sequence[float], classes: tuple[str, ...]) -> NDArray[np.float64]:
    numbers = {name: number for number, name in enumerate(classes)}
    if not isinstance(given, Mapping):
        if len(given) != len(classes):
            raise ConfigurationError(f"class_weight expected {len(classes)} weights, one per class, got {len(given)}.")
        given = dict(enumerate(given))
    weights = np.ones(len(classes))
    for key, weight in given.items():
        number = key if is_integer(key) else numbers.get(key, -1)
        if not 0 <= number < len(classes):
            raise ConfigurationError(f"class_weight names the class {key!r}; the data have {', '.join(classes)}.")
        weights[number] = checked_factor("class_weight", weight)
    return weights


def checked_factor(name: str, value: Any, most: float = math.inf) -> float:
    """A number from 0 to ``most`` as a float; raises ConfigurationError for others."""
    if isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool):
        number = float(value)
        if math.isfinite(number) and 0 <= number <= most:
            return number
    limit = "of at least 0" if most == math.inf else f"from 0 to {most:g}"
    raise ConfigurationError(f"{name} expected a finite number {limit}, got {value!r}.")


def smoothed(supervision: Supervision, smoothing: float, outputs: int) -> Supervision:
    """Targets that give the target class ``1 - smoothing``, and share the rest among all classes.

    References
    ----------
    Szegedy et al., "Rethinking the Inception architecture for computer vision", 2016.
    """
    if supervision.loss != "cross_entropy":
        raise ConfigurationError("label_smoothing works with cross_entropy on classes: omit it.")
    classes = supervision.targets.classes
    values = np.full((len(classes), outputs), smoothing / outputs, np.float32)
    values[np.arange(len(classes)), classes] += np.float32(1 - smoothing)
    targets = value_targets(values)._replace(weights=supervision.targets.weights)
    return Supervision("soft_cross_entropy", targets)
