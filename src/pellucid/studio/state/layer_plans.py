"""The layers of a plan: from the page's description to layers and back, and what they would cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from pellucid.layers import GRU, LSTM, RNN, AvgPool2d, Conv2d, Dense, Dropout, Flatten, Layer, MaxPool2d
from pellucid.layers.layer import Shape
from pellucid.programs.cost import cost_of
from pellucid.studio.protocol.parts import ActivationName, LayerPlan
from pellucid.studio.protocol.refusal import RefusedError

MAX_PARAMETERS = 300_000
"""The page can neither draw more nor receive them many times a second."""

MAX_PRODUCTS = 20_000_000
"""Most multiply-adds for one example: the studio evaluates thousands of examples after a change."""

MAX_VALUES = 200_000
"""Most activations of one example: the page receives them all for every stroke."""

_RECURRENT: dict[str, type[LSTM | GRU | RNN]] = {"lstm": LSTM, "gru": GRU, "rnn": RNN}


def planned_layers(plans: Sequence[LayerPlan], input_shape: Shape, initialization: str | None = None) -> list[Layer]:
    """Make the layers of a plan, with a flattening layer where feature maps end.

    Weights are initialised as is usual for each activation, unless ``initialization`` says otherwise.

    Raises
    ------
    ShapeError
        If the layers do not fit each other.
    RefusedError
        If they are too large for the studio; nothing has been allocated then.
    """
    layers: list[Layer] = []
    for plan in plans:
        if plan.kind == "dense" and layers and isinstance(_with_maps(layers), Conv2d | MaxPool2d | AvgPool2d):
            layers.append(Flatten())
        layers.append(planned_layer(plan, initialization))
    check_cost(layers, input_shape)
    return layers


def _with_maps(layers: list[Layer]) -> Layer:
    """The last layer that decides the form of the values."""
    return next((layer for layer in reversed(layers) if not isinstance(layer, Dropout)), layers[-1])


def planned_layer(plan: LayerPlan, initialization: str | None = None) -> Layer:
    """Make one layer of a plan."""
    if plan.kind == "conv2d":
        return Conv2d(plan.size, plan.kernel, plan.stride, plan.padding, plan.activation, initialization)
    if plan.kind == "max_pool2d":
        return MaxPool2d(plan.kernel, plan.stride)
    if plan.kind == "avg_pool2d":
        return AvgPool2d(plan.kernel, plan.stride)
    if plan.kind == "dropout":
        return Dropout(plan.rate)
    if plan.kind in _RECURRENT:
        return _RECURRENT[plan.kind](plan.size, bidirectional=plan.bidirectional)
    return Dense(plan.size, plan.activation, initialization)


def layer_plans(layers: Sequence[Layer]) -> list[LayerPlan]:
    """Describe layers as a plan does; flattening goes without saying."""
    return [_layer_plan(layer) for layer in layers if not isinstance(layer, Flatten)]


def _layer_plan(layer: Layer) -> LayerPlan:
    if isinstance(layer, Dense):
        return LayerPlan(layer.out_features, cast(ActivationName, layer.activation))
    if isinstance(layer, Conv2d):
        kernel, stride, padding = map(list, layer.geometry)
        activation = cast(ActivationName, layer.activation)
        return LayerPlan(layer.out_channels, activation, "conv2d", kernel, stride, padding)
    if isinstance(layer, MaxPool2d | AvgPool2d):
        window, stride = map(list, layer.geometry)
        return LayerPlan(1, "identity", layer.kind, window, stride)  # type: ignore[arg-type]
    rate = layer.rate if isinstance(layer, Dropout) else 0.0
    return LayerPlan(1, "identity", "dropout", rate=rate)


def check_cost(layers: Sequence[Layer], input_shape: Shape) -> None:
    """Refuse networks that are too large for the studio.

    Raises
    ------
    ShapeError
        If the layers do not fit each other.
    RefusedError
        If they have too many parameters, or take too long.
    """
    parameters, values, shape = 0, 0, input_shape
    for layer in layers:
        parameters += layer.parameter_count(shape)
        shape = layer.output_shape(shape)
        values += _size(shape)
    if parameters > MAX_PARAMETERS:
        raise RefusedError(
            "too_large",
            f"Expected a network of at most {MAX_PARAMETERS:,} parameters, got {parameters:,}: use fewer or smaller "
            "layers.",
        )
    products = cost_of(layers, input_shape).products
    if products > MAX_PRODUCTS or values > MAX_VALUES:
        raise RefusedError(
            "too_large",
            f"Expected a network of at most {MAX_PRODUCTS:,} multiply-adds and {MAX_VALUES:,} activations for each "
            f"example, got {products:,} and {values:,}: use fewer channels, or pool earlier.",
        )


def _size(shape: Shape) -> int:
    size = 1
    for side in shape:
        size *= side or 1
    return size
