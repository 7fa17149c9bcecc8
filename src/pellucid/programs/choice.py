"""Choose the program that runs a network, by its layers and the shape of its inputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pellucid.errors import ConfigurationError
from pellucid.layers.dense import Dense
from pellucid.layers.flatten import Flatten
from pellucid.layers.layer import Layer, Shape, Vector
from pellucid.programs.images import LevelRange
from pellucid.programs.interface import Program


def program_for(
    layers: Sequence[Layer], input_shape: Shape, parameters: Vector, level_range: LevelRange | None = None
) -> Program[Any]:
    """The program of a network.

    Parameters
    ----------
    layers : sequence of Layer
        First layer first; each is attached to ``parameters``.
    input_shape : tuple
        (None, D) for sequences, otherwise the shape of one image.
    parameters : ndarray (parameter_count,)
    level_range : (float, float), optional
        The levels of an image that mean 0 and 1.

    Raises
    ------
    ConfigurationError
        For layers or options that do not fit such inputs.
    """
    if input_shape[0] is None:
        from pellucid.programs.sequences import SequencesProgram

        if level_range is not None:
            raise ConfigurationError("A network of sequences takes frames as they are: omit level_range.")
        return SequencesProgram(layers, input_shape, parameters)
    if {type(layer) for layer in layers} in ({Dense}, {Dense, Flatten}):
        from pellucid.programs.dense import DenseProgram

        return DenseProgram(layers, input_shape, parameters, level_range)
    from pellucid.programs.planes import PlanesProgram

    return PlanesProgram(layers, input_shape, parameters, level_range)
