"""Checkpoints: a network file that also holds the optimiser's moments and where training stands."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.errors import ConfigurationError, DataError, FileFormatError, ShapeError
from pellucid.network.configuration import checked_vector
from pellucid.network.files import (
    Tensors,
    describe,
    network_of,
    network_tensors,
    read_json,
    read_tensors,
    write_tensors,
)
from pellucid.network.network import Network
from pellucid.system.arguments import as_path
from pellucid.system.fields import Field, FieldError, Integer, Maybe, Number, Several, Table, Text, check
from pellucid.training.function_loss import LossFunction, is_function, name_of
from pellucid.training.groups import group_from
from pellucid.training.optimizers import Optimizer, optimizer_from
from pellucid.training.schedules import SCHEDULES
from pellucid.training.sequence_augmentation import described
from pellucid.training.state import STATE_FIELDS, State, check_state

_LARGEST = 3.4e38
"""About the largest float32."""

CHECKPOINT_OPTIONS = (
    "loss", "optimizer", "batch_size", "seed", "clip", "class_weight", "label_smoothing", "groups", "frozen"
)  # fmt: skip
"""The arguments of a trainer that a checkpoint keeps."""

_TRAINING: dict[str, Field] = {
    "loss": Text(),
    "optimizer": Table(),
    "batch_size": Integer(1),
    "seed": Integer(0, None),
    "augment": Maybe(Table()),
    "state": Table(),
    "images": Integer(1),
    "data": Text(),
}
_TRAINING_OPTIONS: dict[str, Field] = {
    "clip": Maybe(Number(5e-324)),
    "class_weight": Maybe(Several(Number(0.0, _LARGEST), 1, 1 << 16)),
    "label_smoothing": Number(0.0, 1.0),
    "groups": Several(Table(), 0, 1 << 16),
    "frozen": Several(Integer(0), 0, 1 << 16),
}
"""What the fields under "training" may be; `STATE_FIELDS` has those of the state."""


@dataclass(frozen=True)
class Checkpoint:
    """Training as it stands, as plain data.

    Attributes
    ----------
    net : Network
    options : dict
        Those of `CHECKPOINT_OPTIONS`.
    augment : dict, optional
        The configuration of its augmentation.
    state : State
    moments : sequence of ndarray
        The optimiser's vectors (parameter_count,), of length 0 where it needs none.
    best : ndarray, optional
        The best parameters so far.
    examples, digest : int, str
        How many examples an epoch has, and what tells these data from others.
    """

    net: Network
    options: dict[str, Any]
    augment: dict[str, Any] | None
    state: State
    moments: Sequence[NDArray[np.float32]]
    best: NDArray[np.float32] | None
    examples: int
    digest: str

    def augmentation(self, function: Any = None) -> Any:
        """What the data were varied with; a function that augments sequences is in no file and has to be given.

        Raises
        ------
        ConfigurationError
            If the function is another, or if there is none to give.
        """
        if self.augment is None or "function" not in self.augment:
            if function is not None:
                raise ConfigurationError("The checkpoint was made without a function to augment with: leave it away.")
            return None if self.augment is None else _augment_from(self.augment)
        if function is None or described(function) != self.augment:
            raise ConfigurationError(
                f"The checkpoint was made with augment={self.augment['function']}: give the same one to Trainer.resume."
            )
        return function

    def loss(self, function: LossFunction | None = None) -> str | LossFunction:
        """The loss; a function is in no file and has to be given.

        Raises
        ------
        ConfigurationError
            If the function is another, or if there is none to give.
        """
        name: str = self.options["loss"]
        if function is None and not is_function(name):
            return name
        if function is None or name_of(function) != name:
            raise ConfigurationError(f"The checkpoint was made with loss={name}: give the same one to Trainer.resume.")
        return function


def write_checkpoint(path: str | PathLike[str], checkpoint: Checkpoint) -> None:
    """Write everything that resuming needs, whole or not at all."""
    tensors = network_tensors(checkpoint.net)
    tensors |= {f"moments.{i}": vector for i, vector in enumerate(checkpoint.moments) if len(vector)}
    if checkpoint.best is not None:
        tensors["best"] = checkpoint.best
    training = checkpoint.options | {
        "optimizer": checkpoint.options["optimizer"].configuration(),
        "groups": [group.configuration() for group in checkpoint.options["groups"]],
        "frozen": list(checkpoint.options["frozen"]),
        "augment": checkpoint.augment,
        "state": dataclasses.asdict(checkpoint.state),
        "images": checkpoint.examples,
        "data": checkpoint.digest,
    }
    write_tensors(path, tensors, {"pellucid": describe(checkpoint.net), "training": json.dumps(training)})


def read_checkpoint(path: str | PathLike[str], optimizer: Optimizer | None = None) -> Checkpoint:
    """The checkpoint in a file, with ``optimizer`` in the place of that of the file, if given.

    Raises
    ------
    FileFormatError
        Naming the field that is missing, unknown or wrong, or does not agree with others.
    """
    place = as_path("resume", path)
    tensors, metadata = read_tensors(place)
    try:
        training = _checked_training(metadata)
        net = network_of(place, tensors, metadata)
        options = _options(net, training, optimizer)
        check_state(training["state"], training["images"], training["batch_size"])
        moments, best = _vectors(tensors, net.parameter_count, options["optimizer"])
    except FileFormatError:
        raise
    except (FieldError, ConfigurationError, ShapeError, DataError) as error:
        raise FileFormatError(f"{place} is no checkpoint, or is damaged: {error}.") from error
    state = State(**training["state"])
    return Checkpoint(net, options, training["augment"], state, moments, best, training["images"], training["data"])


def _checked_training(metadata: dict[str, str]) -> dict[str, Any]:
    """What a file says of the training.

    Raises
    ------
    FieldError
        Naming what is missing, unknown or wrong.
    """
    training: dict[str, Any] = read_json(metadata, "training")
    check(_TRAINING, training, optional=_TRAINING_OPTIONS)
    check(STATE_FIELDS, training["state"], of="state")
    return training


def _options(net: Network, training: dict[str, Any], optimizer: Optimizer | None) -> dict[str, Any]:
    """What a trainer is made with, as far as a file says it.

    Raises
    ------
    FieldError, ConfigurationError, ShapeError
        Naming what is wrong, or does not agree with the network.
    """
    sequences, clip, augment = net.program.takes_sequences, training.get("clip"), training["augment"]
    if not is_function(training["loss"]):
        net.program.loss_code(training["loss"])
    extra = {name: training[name] for name in ("class_weight", "label_smoothing", "frozen") if training.get(name)}
    if training.get("groups"):
        extra["groups"] = [group_from(group) for group in training["groups"]]
    for name in extra:
        if sequences and name not in ("groups", "frozen"):
            raise FieldError(f"{name} expected nothing for a network of sequences")
    if clip is not None and not sequences:
        raise FieldError(f"clip expected nothing for a network of images, got {clip}")
    if augment is not None and sequences != ("function" in augment):
        raise FieldError("augment expected a function's name for sequences, and only for them")
    if augment is not None and sequences and not Text().takes(augment["function"]):
        raise FieldError("augment.function expected a name")
    if augment is not None and not sequences:
        _augment_from(augment)
    optimizer = _optimizer(training["optimizer"]) if optimizer is None else optimizer
    return (
        {"optimizer": optimizer, "clip": clip}
        | extra
        | {name: training[name] for name in ("loss", "batch_size", "seed")}
    )


def _optimizer(described: dict[str, Any]) -> Optimizer:
    rate = described.get("learning_rate")
    kind = rate.get("kind") if isinstance(rate, dict) else None
    if isinstance(kind, str) and kind not in SCHEDULES:
        raise FieldError(
            f"its schedule {kind!r} is none of Pellucid's; if it is one of your own, pass the optimizer with it to "
            "Trainer.resume"
        )
    return optimizer_from(described)


def _vectors(
    tensors: Tensors, count: int, optimizer: Optimizer
) -> tuple[list[NDArray[np.float32]], NDArray[np.float32] | None]:
    """The optimiser's moments, two of them, and the best parameters, where there are any.

    Raises
    ------
    FieldError, ShapeError, DataError
        Naming what does not agree with the network or the optimiser.
    """
    wanted = {f"moments.{i}" for i in range(optimizer.moments)}
    held = {name for name in tensors if not name.startswith("layers.")}
    if held - {"best"} != wanted:
        names = (", ".join(sorted(some)) or "none" for some in (wanted, held - {"best"}))
        raise FieldError(f"moments expected {next(names)}, as {optimizer.kind} has them; got {next(names)}")
    vectors = {name: _checked_tensor(name, tensors[name], count) for name in held}
    if "moments.1" in vectors and vectors["moments.1"].min(initial=0.0) < 0:
        raise FieldError("moments.1 expected squares of at least 0, got smaller ones")
    nothing = np.zeros(0, np.float32)
    return [vectors.get(f"moments.{i}", nothing) for i in range(2)], vectors.get("best")


def _checked_tensor(name: str, tensor: NDArray[Any], count: int) -> NDArray[np.float32]:
    if tensor.dtype != np.float32:
        raise FieldError(f"{name} expected float32, got {tensor.dtype}")
    return checked_vector(name, tensor, count)


def _augment_from(configuration: dict[str, Any]) -> Any:
    from pellucid.training.augmentation import Augment  # which takes Numba along

    return Augment.from_configuration(configuration)
