"""What the parameters of an estimator mean to a network and to its training."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from pellucid.errors import ConfigurationError
from pellucid.layers import Dense
from pellucid.layers.dropout import Dropout
from pellucid.layers.layer import Layer
from pellucid.system.arguments import as_integer
from pellucid.training.groups import Group
from pellucid.training.optimizers import SGD, Adam, Momentum, Optimizer
from pellucid.training.schedules import check_number
from pellucid.training.state import MOST_EPOCHS

ACTIVATIONS = {"identity": "identity", "logistic": "sigmoid", "sigmoid": "sigmoid", "tanh": "tanh", "relu": "relu"}
"""Activations by the names of estimators."""

INITIALIZATION = "glorot_uniform"
"""Of hidden layers: for tables and Adam's usual rate, He's larger weights take up to twice as many epochs."""

BIASES_STAY = (Group(parameters="biases", decay=0),)
"""The L2 term is one of weights only."""


class Likeness(NamedTuple):
    """How many times the loss, and its gradient, are those of scikit-learn's network with K outputs.

    There, squares are halved, and gradients add up over the outputs.
    """

    loss: float = 1.0
    gradient: float = 1.0

    @classmethod
    def of(cls, loss: Any, outputs: int) -> Likeness:
        """That of a loss for so many outputs; losses that scikit-learn's network does not have stay as they are."""
        if loss == "mean_squared":
            return cls(2.0, 2.0 / outputs)
        if loss == "binary_cross_entropy":
            return cls(1.0 / outputs, 1.0 / outputs)
        return cls()


def hidden_layers(layers: Sequence[Layer] | None, sizes: Any, activation: str) -> list[Layer]:
    """The layers before the last one: those given, or dense ones of these sizes.

    Raises
    ------
    ConfigurationError
        For sizes that are no positive integers, and for an unknown activation.
    """
    if layers is not None:
        if not isinstance(layers, list | tuple):
            raise ConfigurationError(f"layers expected a list such as [pl.Dense(16, 'relu')], got {layers!r}.")
        return list(layers)
    if not isinstance(activation, str) or activation not in ACTIVATIONS:
        raise ConfigurationError(f"activation expected one of {', '.join(ACTIVATIONS)}; got {activation!r}.")
    listed = [sizes] if isinstance(sizes, int | np.integer) else sizes
    if not isinstance(listed, list | tuple | np.ndarray):
        raise ConfigurationError(f"hidden_layer_sizes expected integers such as (16, 16), got {sizes!r}.")
    name = ACTIVATIONS[activation]
    return [Dense(as_integer("hidden_layer_sizes", size, 1), name, INITIALIZATION) for size in listed]


def draws(layers: Sequence[Layer]) -> bool:
    """Whether one of the layers draws random numbers for every example."""
    return any(isinstance(layer, Dropout) for layer in layers)


def optimizer_for(estimator: Any, likeness: Likeness, weight: float) -> tuple[Optimizer | str, tuple[Group, ...]]:
    """The optimiser, and groups of parameters; ``weight`` is the summed weight of the examples in a mini-batch.

    Raises
    ------
    ConfigurationError
        For an unknown solver, and for numbers out of range.
    """
    if estimator.optimizer is not None:
        own = estimator.optimizer
        return replace(own) if isinstance(own, Optimizer) else own, ()  # a copy: it keeps its schedule, once made
    if not isinstance(estimator.solver, str) or estimator.solver not in SOLVERS:
        raise ConfigurationError(f"solver expected one of {', '.join(SOLVERS)}; got {estimator.solver!r}.")
    rate = check_number("learning_rate_init", estimator.learning_rate_init, lambda value: value > 0, "above 0")
    alpha = check_number("alpha", estimator.alpha, lambda value: value >= 0, "of at least 0")
    optimizer = SOLVERS[estimator.solver](estimator, rate, likeness, alpha * likeness.gradient / weight)
    return optimizer, BIASES_STAY if alpha else ()


def _adam(estimator: Any, rate: float, likeness: Likeness, decay: float) -> Optimizer:
    return Adam(rate, estimator.beta_1, estimator.beta_2, decay=decay)


def _sgd(estimator: Any, rate: float, likeness: Likeness, decay: float) -> Optimizer:
    rate /= likeness.gradient
    if estimator.momentum == 0:
        return SGD(rate, decay=decay)
    return Momentum(rate, estimator.momentum, bool(estimator.nesterovs_momentum), decay=decay)


SOLVERS: dict[str, Callable[[Any, float, Likeness, float], Optimizer]] = {"adam": _adam, "sgd": _sgd}
"""Solvers by the names of scikit-learn's network."""


def batch_size_for(batch_size: Any, examples: int) -> int:
    """The examples in a mini-batch: at most all; "auto" are 200 at most."""
    if isinstance(batch_size, str) and batch_size == "auto":
        return min(200, examples)
    return min(as_integer("batch_size", batch_size, 1), examples)


def checked_epochs(estimator: Any) -> tuple[int, float, float]:
    """The most epochs, the tolerance, and the epochs without improvement; raises ConfigurationError for others."""
    most = as_integer("max_iter", estimator.max_iter, 1, MOST_EPOCHS)
    tol = check_number("tol", estimator.tol, lambda value: value >= 0, "of at least 0")
    patience = estimator.n_iter_no_change
    if not (isinstance(patience, float) and patience == math.inf):
        patience = as_integer("n_iter_no_change", patience, 1)
    return most, tol, patience
