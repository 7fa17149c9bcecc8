"""Checkpoints: a network file that also holds the optimiser's moments and where training stands."""

from __future__ import annotations

import dataclasses
import json
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

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
from pellucid.system.fields import Field, FieldError, Integer, Maybe, Number, Table, Text, check
from pellucid.training.optimizers import optimizer_from
from pellucid.training.sequence_augmentation import described
from pellucid.training.state import STATE_FIELDS, State, check_state

if TYPE_CHECKING:
    from pellucid.data import Dataset, Sequences
    from pellucid.training.trainer import Trainer

T = TypeVar("T", bound="Trainer")

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
_TRAINING_OPTIONS: dict[str, Field] = {"clip": Maybe(Number(5e-324))}
"""What the fields under "training" may be; `STATE_FIELDS` has those of the state."""


def save_checkpoint(trainer: Trainer, path: str | PathLike[str]) -> None:
    """Write everything that resuming needs, whole or not at all."""
    tensors = network_tensors(trainer.net)
    tensors |= {f"moments.{i}": vector for i, vector in enumerate(trainer.moments) if len(vector)}
    if trainer.best is not None:
        tensors["best"] = trainer.best
    training = {
        "loss": trainer.loss,
        "optimizer": trainer.optimizer.configuration(),
        "batch_size": trainer.batch_size,
        "seed": trainer.seed,
        "augment": trainer.augment_configuration,
        "clip": trainer.clip,
        "state": dataclasses.asdict(trainer.state),
        "images": trainer.examples,
        "data": trainer.data_digest,
    }
    write_tensors(path, tensors, {"pellucid": describe(trainer.net), "training": json.dumps(training)})


def load_checkpoint(
    kind: type[T], path: str | PathLike[str], data: Dataset | Sequences, threads: int | None, function: Any = None
) -> T:
    """The trainer that a checkpoint describes; ``function`` augments its sequences, if any does.

    Raises
    ------
    FileFormatError
        Naming the field that is missing, unknown or wrong, or does not agree with others.
    DataError
        If the data are not those it was made with.
    ConfigurationError
        If ``threads`` or ``function`` do not fit.
    """
    place = Path(path)
    tensors, metadata = read_tensors(place)
    try:
        training = _checked_training(metadata)
        net = network_of(place, tensors, metadata)
        options = _options(net, training)
    except FileFormatError:
        raise
    except (FieldError, ConfigurationError, ShapeError) as error:
        raise FileFormatError(f"{place} is no checkpoint, or is damaged: {error}.") from error
    augment = _augment(training["augment"], function)
    try:
        trainer = kind(net, data, **options, augment=augment, threads=threads)
    except ShapeError as error:
        raise DataError(f"{place} was made with other data: {error}") from error
    if (training["images"], training["data"]) != (trainer.examples, trainer.data_digest):
        raise DataError(
            f"{place} was made with other data ({training['images']} images): go on with those, or start anew."
        )
    try:
        _restore(trainer, training["state"], tensors)
    except (FieldError, ShapeError, DataError) as error:
        raise FileFormatError(f"{place} is no checkpoint, or is damaged: {error}.") from error
    return trainer


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


def _options(net: Network, training: dict[str, Any]) -> dict[str, Any]:
    """What a trainer is made with, as far as a file says it.

    Raises
    ------
    FieldError, ConfigurationError, ShapeError
        Naming what is wrong, or does not agree with the network.
    """
    sequences, clip, augment = net.program.takes_sequences, training.get("clip"), training["augment"]
    net.program.loss_code(training["loss"])
    if clip is not None and not sequences:
        raise FieldError(f"clip expected nothing for a network of images, got {clip}")
    if augment is not None and sequences != ("function" in augment):
        raise FieldError("augment expected a function's name for sequences, and only for them")
    if augment is not None and sequences and not Text().takes(augment["function"]):
        raise FieldError("augment.function expected a name")
    if augment is not None and not sequences:
        from pellucid.training.augmentation import Augment  # which takes Numba along

        Augment.from_configuration(augment)
    optimizer = optimizer_from(training["optimizer"])
    return {"optimizer": optimizer, "clip": clip} | {name: training[name] for name in ("loss", "batch_size", "seed")}


def _restore(trainer: Trainer, state: dict[str, Any], tensors: Tensors) -> None:
    """Put state, moments and best parameters in place.

    Raises
    ------
    FieldError, ShapeError, DataError
        Naming what does not agree with the data, the network or the optimiser.
    """
    check_state(state, trainer.examples, trainer.batch_size)
    count = trainer.net.parameter_count
    moments = {f"moments.{i}": vector for i, vector in enumerate(trainer.moments) if len(vector)}
    held = {name for name in tensors if not name.startswith("layers.")}
    if held - {"best"} != set(moments):
        wanted, came = (", ".join(sorted(names)) or "none" for names in (moments, held - {"best"}))
        raise FieldError(f"moments expected {wanted}, as {trainer.optimizer.kind} has them; got {came}")
    vectors = {name: _checked_tensor(name, tensors[name], count) for name in held}
    if "moments.1" in vectors and vectors["moments.1"].min(initial=0.0) < 0:
        raise FieldError("moments.1 expected squares of at least 0, got smaller ones")
    for name, vector in moments.items():
        vector[...] = vectors[name]
    trainer.state, trainer.best = State(**state), vectors.get("best")


def _checked_tensor(name: str, tensor: NDArray[Any], count: int) -> NDArray[np.float32]:
    if tensor.dtype != np.float32:
        raise FieldError(f"{name} expected float32, got {tensor.dtype}")
    return checked_vector(name, tensor, count)


def _augment(configuration: dict[str, Any] | None, function: Any) -> Any:
    """What the checkpoint's trainer varied its data with."""
    if configuration is None or "function" not in configuration:
        if function is not None:
            raise ConfigurationError("The checkpoint was made without a function to augment with: leave it away.")
        from pellucid.training.augmentation import Augment

        return None if configuration is None else Augment.from_configuration(configuration)
    if function is None or described(function) != configuration:
        raise ConfigurationError(
            f"The checkpoint was made with augment={configuration['function']}: give the same one to Trainer.resume."
        )
    return function
