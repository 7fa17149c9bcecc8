"""Checkpoints: a network file that also holds the optimiser's moments and where training stands."""

from __future__ import annotations

import dataclasses
import json
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from pellucid.errors import ConfigurationError, DataError, FileFormatError, PellucidError
from pellucid.network.files import describe, network_of, network_tensors, read_tensors, write_tensors
from pellucid.training.optimizers import optimizer_from

if TYPE_CHECKING:
    from pellucid.data import Dataset, Sequences
    from pellucid.training.trainer import Trainer

T = TypeVar("T", bound="Trainer")


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
    """The trainer that a checkpoint describes; ``function`` augments its sequences, if any does."""
    from pellucid.training.state import State

    place = Path(path)
    tensors, metadata = read_tensors(place)
    net = network_of(place, tensors, metadata)
    try:
        training = json.loads(metadata["training"])
        augment = _augment(training["augment"], function)
        trainer = kind(
            net,
            data,
            loss=training["loss"],
            optimizer=optimizer_from(training["optimizer"]),
            batch_size=training["batch_size"],
            seed=training["seed"],
            augment=augment,
            threads=threads,
            clip=training.get("clip"),
        )
        if training["data"] != trainer.data_digest:
            raise DataError(
                f"{place} was made with other data ({training['images']} images): go on with those, or start anew."
            )
        trainer.state = State(**training["state"])
        trainer.best = tensors.get("best")
        for i, vector in enumerate(trainer.moments):
            if len(vector):
                vector[...] = _moment(place, tensors[f"moments.{i}"], len(vector))
    except (DataError, ConfigurationError):
        raise
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError, PellucidError) as error:
        raise FileFormatError(f"{place} is no checkpoint, or is damaged ({error!r}): is it a network file?") from error
    return trainer


def _augment(configuration: dict[str, Any] | None, function: Any) -> Any:
    """What the checkpoint's trainer varied its data with."""
    if configuration is None or "function" not in configuration:
        if function is not None:
            raise ConfigurationError("The checkpoint was made without a function to augment with: leave it away.")
        from pellucid.training.augmentation import Augment

        return None if configuration is None else Augment.from_configuration(configuration)
    from pellucid.training.sequence_augmentation import described

    if function is None or described(function) != configuration:
        raise ConfigurationError(
            f"The checkpoint was made with augment={configuration['function']}: give the same one to Trainer.resume."
        )
    return function


def _moment(place: Path, tensor: NDArray[Any], count: int) -> NDArray[np.float32]:
    if tensor.dtype != np.float32 or tensor.shape != (count,) or not np.isfinite(tensor).all():
        raise FileFormatError(
            f"{place}: a moment expected {count} finite float32 values, got {tensor.dtype} {tensor.shape}."
        )
    return tensor
