"""Recipes: everything that determines a training except its data, as a small value that can be sent anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from pellucid.errors import ConfigurationError
from pellucid.layers.layer import Layer
from pellucid.network.configuration import checked_layer
from pellucid.network.network import Network
from pellucid.system.arguments import as_integer
from pellucid.training.function_loss import LossFunction
from pellucid.training.groups import Group
from pellucid.training.optimizers import Optimizer
from pellucid.training.state import MOST_EPOCHS
from pellucid.training.trainer import Trainer
from pellucid.training.weights import ClassWeight

if TYPE_CHECKING:
    from pellucid.data import Dataset, Sequences, Stream


@dataclass(frozen=True)
class Recipe:
    """How a network is made and trained. The same recipe with the same data gives the same bits, wherever it runs.

    A recipe is plain data without parameters: it pickles to some hundred bytes. ``dataclasses.replace`` makes another
    one with other values.

    Parameters
    ----------
    layers : sequence of Layer
        First layer first. Parameters of layers that belong to a network are left behind.
    epochs : int
        Epochs to train.
    seed : int
        Draws the initial parameters, the order of examples and the augmentation.
    input_shape : tuple of int, optional
        By default that of the data.
    patience : int, optional
        As in `Trainer.run`; needs validation data.
    optimizer, loss, batch_size, augment, clip, class_weight, label_smoothing, groups, frozen
        As for `Trainer`.

    Raises
    ------
    ConfigurationError
        If there are no layers, or numbers are out of range. Options that do not suit the data are found in training.

    Examples
    --------
    >>> import pickle
    >>> import pellucid as pl
    >>> digits = pl.data.load("digits")
    >>> recipe = pl.Recipe([pl.Dense(16, "sigmoid"), pl.Dense(10, "softmax")], epochs=1, optimizer=pl.SGD(1.0), seed=3)
    >>> len(pickle.dumps(recipe)) < 1000
    True
    >>> trainer = recipe.trainer(digits.train)
    >>> trainer.net
    <Network 784-16-10: 12,730 parameters>
    """

    layers: Sequence[Layer]
    epochs: int = 10
    seed: int = 0
    optimizer: Optimizer | str | None = None
    batch_size: int = 32
    loss: str | LossFunction | None = None
    input_shape: Sequence[int] | None = None
    patience: int | None = None
    augment: Any = None
    clip: float | None = None
    class_weight: ClassWeight | None = None
    label_smoothing: float = 0.0
    groups: Sequence[Group] = ()
    frozen: int | Sequence[int] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.layers, list | tuple) or not self.layers:
            raise ConfigurationError(f"Recipe expected a list of layers such as [pl.Dense(16)], got {self.layers!r}.")
        object.__setattr__(self, "layers", tuple(checked_layer(layer) for layer in self.layers))
        as_integer("epochs", self.epochs, 0, MOST_EPOCHS)
        as_integer("seed", self.seed, 0)
        if self.patience is not None:
            as_integer("patience", self.patience, 1)

    def network(self, input_shape: Sequence[int | None]) -> Network:
        """The untrained network, for inputs of this shape if the recipe names none."""
        shape = input_shape if self.input_shape is None else self.input_shape
        return Network(self.layers, input_shape=cast("Sequence[int]", shape), seed=self.seed)

    def trainer(self, data: Dataset | Sequences | Stream, *, threads: int | None = None) -> Trainer:
        """A trainer of a new network on these data.

        Raises
        ------
        ShapeError, DataError, ConfigurationError
            If network, data and options do not fit each other.
        """
        return Trainer(
            self.network(data.shape),
            data,
            loss=self.loss,
            optimizer=self.optimizer,
            batch_size=self.batch_size,
            seed=self.seed,
            augment=self.augment,
            threads=threads,
            clip=self.clip,
            class_weight=self.class_weight,
            label_smoothing=self.label_smoothing,
            groups=self.groups,
            frozen=self.frozen,
        )


def checked_recipe(recipe: Any) -> Recipe:
    """The recipe; raises for anything else."""
    if not isinstance(recipe, Recipe):
        raise ConfigurationError(f"Expected a Recipe such as pl.Recipe([pl.Dense(10)]), got {type(recipe).__name__}.")
    return recipe
