"""The plan that suits a data set, with which Learn begins."""

from __future__ import annotations

import contextlib
import math

import msgspec

from pellucid.data.preparation import Preparation
from pellucid.errors import ShapeError
from pellucid.models.architectures import lenet
from pellucid.studio.protocol.parts import ActivationName, LayerPlan, LearnPlan, OptimizerPlan, ReadyPlan
from pellucid.studio.protocol.refusal import RefusedError
from pellucid.studio.state.edited_network import centring_of
from pellucid.studio.state.layer_plans import layer_plans, planned_layers

USUAL_RATES = {"sgd": 0.5, "momentum": 0.1, "adam": 0.003}
"""The usual learning rate of each optimiser."""

_TABLE_RATE = 0.01
_CONVOLUTIONAL_RATE = 0.002
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


def ready_plans(usual: LearnPlan, shape: tuple[int, ...], classes: int) -> list[ReadyPlan]:
    """The plans that can be taken as they are: the usual one, and for pictures with classes LeNet-5 where it fits.

    Parameters
    ----------
    usual : LearnPlan
    shape : tuple of int
        The shape of one example.
    classes : int
        The number of classes; 0 for values.
    """
    name = "-".join(str(layer.size) for layer in usual.layers)
    found = [ReadyPlan(f"dense {name}", usual)]
    if classes and len(shape) > 1:
        with contextlib.suppress(ShapeError, RefusedError):
            plans = layer_plans(lenet(classes))
            planned_layers(plans, shape)
            optimizer = OptimizerPlan("adam", _CONVOLUTIONAL_RATE)
            found.append(ReadyPlan("LeNet-5", msgspec.structs.replace(usual, layers=plans, optimizer=optimizer)))
    return found


def _body(inputs: int, *, of_pictures: bool) -> tuple[int, ActivationName, OptimizerPlan]:
    """Neurons and activation of each hidden layer, and the optimiser."""
    if of_pictures:
        return _SOME_NEURONS, "sigmoid", OptimizerPlan("sgd", USUAL_RATES["sgd"])
    size = _FEW_NEURONS if inputs <= _FEW_INPUTS else _SOME_NEURONS if inputs <= _MANY_INPUTS else _MANY_NEURONS
    return size, "tanh", OptimizerPlan("adam", _TABLE_RATE)
