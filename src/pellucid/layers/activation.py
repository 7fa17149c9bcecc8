"""Activation functions by name, each with its code in the engine and its default initialiser."""

from __future__ import annotations

from dataclasses import dataclass

from pellucid.engine.programs import table
from pellucid.errors import ConfigurationError


@dataclass(frozen=True)
class Activation:
    """An activation function: name, code in the program table, equation, and default initialiser of weights."""

    name: str
    code: int
    equation: str
    initialization: str


ACTIVATIONS = {
    activation.name: activation
    for activation in (
        Activation("identity", table.IDENTITY, "z", "glorot_uniform"),
        Activation("sigmoid", table.SIGMOID, "1 / (1 + e^-z)", "glorot_uniform"),
        Activation("relu", table.RELU, "max(0, z)", "he_normal"),
        Activation("tanh", table.TANH, "tanh z", "glorot_uniform"),
        Activation("softmax", table.SOFTMAX, "e^z / sum e^z", "glorot_uniform"),
    )
}


def activation(name: str) -> Activation:
    """The activation of that name.

    Raises
    ------
    ConfigurationError
        If there is none; the message lists the known names.
    """
    if not isinstance(name, str) or name not in ACTIVATIONS:
        raise ConfigurationError(f"activation expected one of {', '.join(ACTIVATIONS)}; got {name!r}.")
    return ACTIVATIONS[name]
