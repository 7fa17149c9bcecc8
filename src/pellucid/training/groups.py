"""Groups of parameters that are trained in another way than the rest, and layers that are not trained at all."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from pellucid.errors import ConfigurationError
from pellucid.network.network import Network
from pellucid.programs.parameter_groups import ParameterGroup
from pellucid.system.arguments import is_integer
from pellucid.system.fields import Field, Integer, Maybe, Number, Several, Text, check
from pellucid.training.optimizers import Optimizer
from pellucid.training.schedules import check_number

Parameters = Literal["all", "weights", "biases"]

GROUP_FIELDS: dict[str, Field] = {
    "layers": Maybe(Several(Integer(0), 0, 1 << 16)),
    "parameters": Text(),
    "rate": Number(0.0),
    "decay": Maybe(Number(0.0)),
}
"""The fields of a group in files."""


@dataclass(frozen=True)
class Group:
    """Parameters that are trained with another learning rate, or another decay.

    Parameters
    ----------
    layers : int or sequence of int, optional
        Numbers of layers, from 0; negative ones count from the end. By default all.
    parameters : {"all", "weights", "biases"}
        Which parameters of these layers.
    rate : float
        A factor for the learning rate. With 0 they stay as they are; see ``frozen`` of `Trainer`.
    decay : float, optional
        In the place of the optimiser's.

    Raises
    ------
    ConfigurationError
        For other kinds of parameters, and for numbers that are not finite or below 0.

    Examples
    --------
    >>> import pellucid as pl
    >>> digits = pl.data.load("digits")
    >>> net = pl.Network([pl.Dense(16, "relu"), pl.Dense(10, "softmax")], input_shape=(28, 28))
    >>> spared = [pl.Group(parameters="biases", decay=0)]
    >>> trainer = pl.Trainer(net, digits.train, optimizer=pl.AdamW(0.001, decay=0.1), groups=spared)
    """

    layers: int | Sequence[int] | None = None
    parameters: Parameters = "all"
    rate: float = 1.0
    decay: float | None = None

    def __post_init__(self) -> None:
        if self.parameters not in get_args(Parameters):
            kinds = ", ".join(get_args(Parameters))
            raise ConfigurationError(f"parameters of a group expected one of {kinds}; got {self.parameters!r}.")
        check_number("rate of a group", self.rate, lambda value: value >= 0, "of at least 0")
        if self.decay is not None:
            check_number("decay of a group", self.decay, lambda value: value >= 0, "of at least 0")
        if self.layers is not None:
            object.__setattr__(self, "layers", _numbers(self.layers))

    def configuration(self) -> dict[str, Any]:
        """The arguments that recreate this group."""
        layers = None if self.layers is None else [int(number) for number in _numbers(self.layers)]
        return {"layers": layers, "parameters": self.parameters, "rate": self.rate, "decay": self.decay}


def group_from(configuration: dict[str, Any]) -> Group:
    """The group with the arguments that `Group.configuration` returned.

    Raises
    ------
    FieldError, ConfigurationError
        If a field is missing, unknown or wrong; the message names it.
    """
    check(GROUP_FIELDS, configuration, of="groups")
    return Group(**configuration)


def frozen_layers(net: Network, frozen: int | Sequence[int]) -> tuple[int, ...]:
    """The numbers of layers, from 0, in ascending order; raises for others than the network's."""
    return tuple(sorted({_in_network(net, number) for number in _numbers(frozen)}))


def parameter_groups(
    net: Network, groups: Sequence[Group], frozen: Sequence[int], optimizer: Optimizer
) -> tuple[ParameterGroup, ...]:
    """All parameters of a network in groups; where several of ``groups`` have the same, the last counts.

    Raises
    ------
    ConfigurationError
        For a layer that the network does not have, and for what is no group.
    """
    arrays = list(_arrays(net))
    places = [ParameterGroup(begin, end) for _, _, begin, end in arrays]
    for group in groups:
        if not isinstance(group, Group):
            raise ConfigurationError(f"groups expected pl.Group objects, got {group!r}.")
        if group.decay and optimizer.decouples_decay and not optimizer.decay:
            raise ConfigurationError("A group with decay expected an AdamW with decay: give it one above 0.")
        chosen = range(len(net)) if group.layers is None else [_in_network(net, n) for n in _numbers(group.layers)]
        for at, (layer, kind, begin, end) in enumerate(arrays):
            if layer in chosen and group.parameters in ("all", kind):
                places[at] = ParameterGroup(begin, end, float(group.rate), group.decay)
    for at, (layer, _, begin, end) in enumerate(arrays):
        if layer in frozen:
            places[at] = ParameterGroup(begin, end, 0.0)
    return tuple(_joined(places)) or (ParameterGroup(0, net.parameter_count),)


def _arrays(net: Network) -> Iterator[tuple[int, str, int, int]]:
    """The number of the layer, "weights" or "biases", begin and end, for each array of parameters in order."""
    begin, shape = 0, net.input_shape
    for number, layer in enumerate(net.layers):
        for name, of in layer.parameter_shapes(shape).items():
            end = begin + math.prod(of)
            yield number, "biases" if name.startswith("bias") else "weights", begin, end
            begin = end
        shape = layer.output_shape(shape)


def _joined(places: Sequence[ParameterGroup]) -> Iterator[ParameterGroup]:
    """Neighbours that are treated alike, as one."""
    kept: ParameterGroup | None = None
    for place in places:
        if kept is not None and (kept.rate, kept.decay) == (place.rate, place.decay):
            kept = ParameterGroup(kept.begin, place.end, kept.rate, kept.decay)
            continue
        if kept is not None:
            yield kept
        kept = place
    if kept is not None:
        yield kept


def _numbers(given: int | Sequence[int]) -> tuple[int, ...]:
    numbers = tuple(given) if isinstance(given, Sequence | np.ndarray | range | set) else (given,)
    for number in numbers:
        if not is_integer(number):
            raise ConfigurationError(f"Layers expected their numbers, such as [0, 1], got {given!r}.")
    return tuple(int(number) for number in numbers)


def _in_network(net: Network, number: int) -> int:
    if not -len(net) <= number < len(net):
        raise ConfigurationError(f"The network has layers 0 to {len(net) - 1}; got {number}.")
    return number % len(net)
