"""The network of a session: its knobs, its switched neurons, and the states to which it can be reset."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from pellucid.data.preparation import Preparation
from pellucid.errors import ConfigurationError
from pellucid.inspect.ablation import ablate
from pellucid.layers.conv2d import Conv2d
from pellucid.layers.dense import Dense
from pellucid.layers.layer import Layer, features
from pellucid.layers.pool2d import AvgPool2d, MaxPool2d
from pellucid.models import shipped_path
from pellucid.network.files import network_of, parse_parts, read_parts
from pellucid.network.network import Network
from pellucid.network.prediction import VALUE_LOSSES, predicts_values
from pellucid.studio.protocol.parts import Centring, Factor, LayerInfo, Loss, NetworkInfo
from pellucid.studio.protocol.refusal import RefusedError
from pellucid.studio.state.input_form import InputForm, own_columns
from pellucid.studio.state.layer_plans import check_cost

_SHOWN = {"dense", "conv2d", "max_pool2d", "avg_pool2d", "flatten", "dropout"}

Vector = NDArray[np.float32]
Pairs = tuple[tuple[int, int], ...]
Place = tuple[int, int]
"""A layer (-1 for the inputs) and one of its neurons."""


class EditedNetwork:
    """A network that people change by hand and by training.

    Attributes
    ----------
    net : Network
        Its parameters are the knobs.
    preparation : Preparation
        How pictures were prepared for its training, as its record says; otherwise as in MNIST.
    columns : Columns or None
        The features that it was trained on, and their standardisation, if it was trained on a table.
    version : int
        Number of changes so far, counted across the networks of a session.
    trained : ndarray (parameter_count,)
        The knobs as loaded or last trained.
    opened : ndarray (parameter_count,)
        The knobs as the network came here: as loaded, or as its seed drew them; training does not change these.
    factors : dict of (layer, neuron) to float
        Multiply the activations of neurons on their way to the next layer.
    grey_levels : int or None
        The grey levels to which pixels are rounded on their way to the first layer; None for pixels as they are.
    """

    def __init__(self, net: Network, name: str, loss: Loss, version: int = 0, opened: Vector | None = None) -> None:
        check_suitable(net)
        self.net, self.name, self.loss = net, name, loss
        self.version = version
        self.preparation = Preparation.of_record(net.record) or Preparation()
        self.columns = own_columns(net)
        self.trained: Vector = net.parameters.copy()
        self.opened: Vector = self.trained if opened is None else opened
        self.factors: dict[Place, float] = {}
        self.grey_levels: int | None = None
        self._initial: Vector | None = None
        self._effective: Network | None = None
        self._effective_version = -1

    @classmethod
    def of(cls, net: Network, name: str, version: int = 0) -> EditedNetwork:
        """Take a network with the loss that suits its outputs."""
        check_suitable(net)
        return cls(net, name, default_loss(net), version)

    @classmethod
    def load(cls, source: str, version: int = 0) -> EditedNetwork:
        """Load a shipped network by name, or a file by path."""
        path = shipped_path(source)
        return cls.read(path, Path(source).name, version)

    @classmethod
    def read(cls, path: Path, name: str, version: int = 0) -> EditedNetwork:
        """Read a file."""
        net = network_of(path, *read_parts(path))
        return cls.of(net, name, version)

    @classmethod
    def of_bytes(cls, content: bytes, name: str, version: int = 0) -> EditedNetwork:
        """Read an uploaded file."""
        net = network_of(Path(name), *parse_parts(content, name))
        return cls.of(net, name, version)

    @property
    def initial(self) -> Vector:
        """The knobs as the network's seed drew them."""
        if self._initial is None:
            twin = self.net.copy()
            twin.reset()
            self._initial = twin.parameters
        return self._initial

    @property
    def effective(self) -> Network:
        """The network that computes: with its switched and scaled neurons."""
        if not self.factors:
            return self.net
        if self._effective_version != self.version:
            self._effective = ablate(self.net, self.factors, out=self._effective)
            self._effective_version = self.version
        return self._effective or self.net

    def has_seen(self, data: str) -> bool:
        """Whether the network was trained on that data set's held-out images, as far as its record tells.

        The embedded digits are part of MNIST's training images.
        """
        return data == "digits" and str(self.net.record.get("data", "")).startswith("mnist")

    def mark_changed(self) -> None:
        """Count a change."""
        self.version += 1

    def mark_trained(self) -> None:
        """Make the present knobs the ones to which they are reset."""
        self.trained = self.net.parameters.copy()

    @property
    def predicts_values(self) -> bool:
        """Whether its outputs are values to predict, and not one for each class."""
        return self.loss in VALUE_LOSSES

    def info(self, form: InputForm) -> NetworkInfo:
        """Describe the network, whose inputs have this form, for the page."""
        return NetworkInfo(
            self.name, list(self.net.input_shape), form.info(), "values" if self.predicts_values else "classes",
            list(self.net.classes), self.layers(), self.net.parameter_count, self.net.seed, self.loss,
            centring_of(self.preparation),
        )  # fmt: skip

    def layers(self) -> list[LayerInfo]:
        """Describe its layers for the page."""
        layers, begin = [], 0
        for layer in self.net.layers:
            layers.append(_layer_info(layer, begin))
            begin += layer.parameter_count(layer.input_shape)
        return layers

    @property
    def is_convolutional(self) -> bool:
        """Whether a layer of it is a convolution."""
        return any(isinstance(layer, Conv2d) for layer in self.net.layers)

    def factor_list(self) -> list[Factor]:
        """The factors, in the form that the page receives."""
        return [Factor(layer, neuron, value) for (layer, neuron), value in sorted(self.factors.items())]


def centring_of(preparation: Preparation) -> Centring:
    """Return the steps of a preparation, in the form that the page receives."""
    return Centring(preparation.thicken, preparation.scale, preparation.smooth, preparation.mass)


def _layer_info(layer: Layer, begin: int) -> LayerInfo:
    """Describe a layer whose parameters begin at an index of the flat vector."""
    given, made = layer.input_shape, layer.output_shape(layer.input_shape)
    activation = layer.activation if isinstance(layer, Dense | Conv2d) else "identity"
    weights = layer.parameter_count(given) - (made[0] if isinstance(layer, Dense | Conv2d) else 0)
    kernel: Pairs = ()
    if isinstance(layer, Conv2d):
        kernel = layer.geometry
    elif isinstance(layer, MaxPool2d | AvgPool2d):
        kernel = (*layer.geometry, (0, 0))
    sides = [list(pair) for pair in kernel] or [[], [], []]
    return LayerInfo(
        layer.kind, features(given), features(made), activation, layer.describe(), begin, begin + weights,  # type: ignore[arg-type]
        list(given), list(made), *sides,
    )  # fmt: skip


def check_suitable(net: Network) -> None:
    """Refuse networks that the studio cannot draw."""
    if net.program.takes_sequences:
        raise RefusedError(
            "bad_value",
            "Expected a network of images or rows, got one of sequences: it is trained in Learn and heard in Listen.",
        )
    kinds = {layer.kind for layer in net.layers}
    if not kinds <= _SHOWN:
        raise RefusedError(
            "bad_value",
            f"Expected a network of dense and convolutional layers, got {', '.join(sorted(kinds - _SHOWN))}: the "
            "studio cannot show other kinds yet.",
        )
    if not isinstance(net.layers[-1], Dense):
        raise RefusedError(
            "bad_value",
            f"Expected a network that ends with a dense layer, whose outputs it shows, got {net.layers[-1].kind}: add "
            "one.",
        )
    check_cost(net.layers, net.input_shape)


def default_loss(net: Network) -> Loss:
    """The loss that a network was trained with, where its record tells; otherwise the one that suits its outputs."""
    recorded, activation = net.record.get("loss"), net.layers[-1].configuration().get("activation")
    if predicts_values(net.record, activation):
        return cast(Loss, recorded) if recorded in VALUE_LOSSES else "mean_squared"
    fitting: list[Loss] = [name for name in ("cross_entropy", "squared") if _fits(net, name)]
    return recorded if recorded in fitting else fitting[0]


def _fits(net: Network, loss: str) -> bool:
    try:
        net.program.loss_code(loss)
    except ConfigurationError:
        return False
    return True
