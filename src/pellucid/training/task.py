"""The interface between the trainer and its data, images or sequences."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from pellucid.network.network import Network
from pellucid.programs.interface import Stepper, StepperOptions, UpdateRule

Evaluation = Callable[[], tuple[float, float]]
"""Returns the mean loss and the accuracy on data, with the network's parameters at the time of the call."""


@dataclass(frozen=True)
class TaskOptions:
    """Options of training; see `pellucid.training.trainer.Trainer`."""

    rule: UpdateRule
    loss: str
    batch_size: int
    seed: int
    augment: Any = None
    clip: float | None = None
    threads: int | None = None

    def stepper(self, *, batch_size: int | None = None) -> StepperOptions:
        """The options of the stepper."""
        size = self.batch_size if batch_size is None else batch_size
        return StepperOptions(self.rule, self.loss, size, self.seed, self.clip, self.threads)


class Task(ABC):
    """The data of a network's training, and the stepper that trains on them.

    Attributes
    ----------
    examples : int
        Examples in an epoch.
    stepper : Stepper
        Takes the steps; it holds the optimiser's moments.
    """

    takes_sequences: ClassVar[bool]
    """Whether the task is for networks of sequences."""

    examples: int
    stepper: Stepper

    @abstractmethod
    def __init__(self, net: Network, data: Any, options: TaskOptions) -> None:
        """Convert data for a network, and make its stepper.

        Raises
        ------
        ShapeError, DataError, ConfigurationError
            If network, data and options do not fit each other.
        """

    @abstractmethod
    def batches(self, epoch: int, begin: int, past: int) -> tuple[Any, int]:
        """The mini-batches of the steps ``begin`` to ``past``, and the number of steps that precede them there."""

    @abstractmethod
    def evaluation(self, data: Any) -> Evaluation:
        """An evaluation on other data; raises if they do not fit the network."""

    @abstractmethod
    def digest(self) -> str:
        """A digest of the data, which tells at resuming whether they are those of the checkpoint."""

    @abstractmethod
    def augment_configuration(self) -> dict[str, Any] | None:
        """The augmentation's configuration, as saved in files."""
