"""Turn the training options into a network, an optimiser and a trainer."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pellucid.errors import ConfigurationError

if TYPE_CHECKING:
    from pellucid.data import Dataset
    from pellucid.data.preparation import Preparation
    from pellucid.network.network import Network
    from pellucid.training.optimizers import Optimizer
    from pellucid.training.schedules import Schedule
    from pellucid.training.trainer import Trainer

EPOCHS = 30
BATCH_SIZE = 32
DECAY = 1e-4
DATA = "digits"
SIDE = 28
"""Pixels along each side of a prepared picture."""
SPOKEN = ("spoken", "fsdd")
"""Data sets of spoken digits."""

CELLS = ("lstm", "gru", "rnn")
"""Networks for spoken digits, by the kind of their layers."""

_RATES = {"sgd": (1.0, 0.1), "momentum": (0.1, 0.02), "adam": (0.01, 0.003)}
"""Default learning rates for sigmoid layers and for other layers, by held-out accuracy on "digits"."""
_CONVOLUTIONS = {"sgd": 0.05, "momentum": 0.01, "adam": 0.002}
"""Default learning rates for the convolutional networks."""
_MOST_PARAMETERS = 1 << 28
_MOST_LAYERS = 100


@dataclass(frozen=True)
class Recipe:
    """The options of `pellucid train` that define a training; None stands for the default.

    Without options, this is a 784-16-16-10 sigmoid network, trained by plain gradient descent with a decaying rate.
    """

    network: str | None = None
    hidden: str | None = None
    activation: str | None = None
    output_activation: str | None = None
    loss: str | None = None
    optimizer: str | None = None
    learning_rate: float | None = None
    schedule: str | None = None
    batch_size: int | None = None
    augment: bool | None = None
    decay: float | None = None
    seed: int | None = None

    def given(self) -> list[str]:
        """Return the names of the given options, as they are typed."""
        return [f"--{name.replace('_', '-')}" for name, value in vars(self).items() if value is not None]

    def trainer(self, data: Dataset, threads: int | None = None) -> Trainer:
        """Return a new trainer."""
        from pellucid.training.trainer import Trainer

        if self.seed is not None and self.seed < 0:
            raise ConfigurationError(f"--seed expected a number of at least 0, got {self.seed}.")
        net = self._network(data)
        return Trainer(
            net,
            data,
            loss=self._loss(data),
            optimizer=self._optimizer(net, data),
            batch_size=BATCH_SIZE if self.batch_size is None else self.batch_size,
            seed=self.seed or 0,
            augment=_augmentation() if self.augment else None,
            threads=threads,
        )

    @property
    def preparation(self) -> Preparation | None:
        """How pictures were prepared for the network that is trained further, if its record tells."""
        from pellucid.data.preparation import Preparation

        net = self._further()
        return None if net is None else Preparation.of_record(net.record)

    @property
    def takes_prepared(self) -> bool:
        """Whether the network takes pictures of 28x28 pixels, as a new one does."""
        net = self._further()
        return net is None or math.prod(net.input_shape) == SIDE * SIDE

    def _further(self) -> Network | None:
        """Return the network that is trained further; None for a new one."""
        from pellucid.network.files import load

        new = self.network in (None, "mlp", *_architectures())
        return None if new else load(str(self.network))

    def _loss(self, data: Dataset) -> str:
        return self.loss or ("cross_entropy" if data.has_classes else "mean_squared")

    def _network(self, data: Dataset) -> Network:
        if self.network in _architectures():
            return self._convolutional_network(data, str(self.network))
        if self.network not in (None, "mlp"):
            return self._stored_network(str(self.network))
        from pellucid.layers import Dense
        from pellucid.network.network import Network

        hidden = hidden_sizes("16,16" if self.hidden is None else self.hidden)
        _check_size(data, hidden)
        usual = "sigmoid" if self._loss(data) == "squared" else "softmax"
        last = self.output_activation or (usual if data.has_classes else "identity")
        layers = [Dense(size, self.activation or "sigmoid") for size in hidden]
        return Network(
            [*layers, Dense(len(data.classes), last)],
            input_shape=data.shape,
            seed=self.seed or 0,
        )

    def _convolutional_network(self, data: Dataset, name: str) -> Network:
        from pellucid.network.network import Network

        self._check_fixed(name)
        return Network(
            _architectures()[name](len(data.classes)),
            input_shape=data.shape,
            seed=self.seed or 0,
        )

    def _check_fixed(self, source: str) -> None:
        fixed = [name for name in self.given() if name in ("--hidden", "--activation", "--output-activation")]
        if fixed:
            raise ConfigurationError(f"--network {source} already has its layers: leave out {' and '.join(fixed)}.")

    def _stored_network(self, source: str) -> Network:
        from pellucid.network.files import load

        self._check_fixed(source)
        net = load(source)
        # The record of the earlier training does not describe the new one.
        net.record = {"began_as": Path(source).name}
        return net

    def _optimizer(self, net: Network, data: Dataset) -> Optimizer:
        from pellucid.training.optimizers import OPTIMIZERS

        convolutional = net.layers[0].kind == "conv2d"
        name = self.optimizer or ("sgd" if data.has_classes and not convolutional else "adam")
        if name not in OPTIMIZERS:
            raise ConfigurationError(f"--optimizer expected one of {', '.join(OPTIMIZERS)}; got {name!r}.")
        first = net.layers[0].configuration().get("activation")
        usual = _CONVOLUTIONS[name] if convolutional else _RATES[name][0 if first == "sigmoid" else 1]
        rate = usual if self.learning_rate is None else self.learning_rate
        decay = DECAY if self.decay is None else self.decay
        return OPTIMIZERS[name](_schedule(self.schedule or "cosine", rate), decay=decay)


def _architectures() -> dict[str, Any]:
    from pellucid.models.architectures import ARCHITECTURES

    return dict(ARCHITECTURES)


def hidden_sizes(text: str) -> list[int]:
    """Parse the sizes of hidden layers from text such as "16,16"; "none" means no hidden layer.

    Examples
    --------
    >>> hidden_sizes("16,16"), hidden_sizes("none")
    ([16, 16], [])
    """
    if text.strip().lower() == "none":
        return []
    try:
        sizes = [int(part) for part in text.split(",")]
    except ValueError:
        sizes = [0]
    if min(sizes) < 1 or len(sizes) > _MOST_LAYERS:
        raise ConfigurationError(
            f"--hidden expected numbers of neurons such as 16,16, for at most "
            f'{_MOST_LAYERS} layers, or "none"; got {text[:60]!r}.'
        )
    return sizes


def _check_size(data: Dataset, hidden: list[int]) -> None:
    """Refuse a network too large for a file, before allocating memory for it."""
    count, inputs = 0, data.images[0].size
    for outputs in (*hidden, len(data.classes)):
        count, inputs = count + (inputs + 1) * outputs, outputs
    if count > _MOST_PARAMETERS:
        raise ConfigurationError(
            f"--hidden {','.join(map(str, hidden))} makes {count:,} parameters; at most "
            f"{_MOST_PARAMETERS:,} are possible."
        )


def _schedule(name: str, rate: float) -> Schedule:
    from pellucid.training.schedules import Constant, Cosine, Step, WarmUp

    kinds: dict[str, Any] = {
        "cosine": Cosine,
        "constant": Constant,
        "step": Step,
        "warm-up": lambda rate: WarmUp(rate, then=Cosine(rate)),
    }
    if name not in kinds:
        raise ConfigurationError(f"--schedule expected one of {', '.join(kinds)}; got {name!r}.")
    schedule: Schedule = kinds[name](rate)
    return schedule


def _augmentation() -> Any:
    from pellucid.training.augmentation import Augment

    return Augment.standard()
