"""The plan that suits a data set, with which Learn begins."""

from __future__ import annotations

import math

from pellucid.data.preparation import Preparation
from pellucid.studio.edited_network import centring_of
from pellucid.studio.parts import ActivationName, LayerPlan, LearnPlan, OptimizerPlan

USUAL_RATES = {"sgd": 0.5, "momentum": 0.1, "adam": 0.003}
"""The usual learning rate of each optimiser."""

_TABLE_RATE = 0.01
_FEW_NEURONS, _SOME_NEURONS, _MANY_NEURONS = 8, 16, 32
_FEW_INPUTS, _MANY_INPUTS = 16, 128


def first_plan(
    data: str,
    shape: tuple[int, ...],
    outputs: int,
    preparation: Preparation,
    *,
    values: bool = False,
    table: bool = False,
    standardize: bool = False,
) -> LearnPlan:
    """Plan a new network for a data set.

    For pictures with classes, two hidden layers of 16 sigmoid neurons and plain gradient descent, as in README.md. For
    rows, and for values to predict, two hidden layers of tanh neurons, more of them the more inputs there are, and
    Adam, which does well whatever the units.

    Parameters
    ----------
    data : str
        Its name.
    shape : tuple of int
        The shape of one example.
    outputs : int
        The number of classes or values.
    preparation : Preparation
        How its pictures are prepared.
    values, table, standardize : bool
        Whether it has values to predict, whether its examples are rows of a table, and whether these are standardised.
    """
    centring = centring_of(preparation)
    size, activation, optimizer = _body(math.prod(shape), of_pictures=len(shape) > 1 and not values)
    last: ActivationName = "identity" if values else "softmax"
    layers = [LayerPlan(size, activation), LayerPlan(size, activation), LayerPlan(outputs, last)]
    return LearnPlan(
        layers, "mean_squared" if values else "cross_entropy", optimizer, 32, data, 0, centring=centring,
        dark_ink=preparation.dark_ink, standardize=table and standardize,
    )  # fmt: skip


def _body(inputs: int, *, of_pictures: bool) -> tuple[int, ActivationName, OptimizerPlan]:
    """Neurons and activation of each hidden layer, and the optimiser."""
    if of_pictures:
        return _SOME_NEURONS, "sigmoid", OptimizerPlan("sgd", USUAL_RATES["sgd"])
    size = _FEW_NEURONS if inputs <= _FEW_INPUTS else _SOME_NEURONS if inputs <= _MANY_INPUTS else _MANY_NEURONS
    return size, "tanh", OptimizerPlan("adam", _TABLE_RATE)
