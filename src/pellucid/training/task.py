"""What the trainer asks of its data: one interface, whether they are images or sequences."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from pellucid.network.network import Network
from pellucid.programs.interface import Stepper, StepperOptions, UpdateRule

Evaluation = Callable[[], tuple[float, float]]
"""Gives the mean loss and the share read right of data, as the network is when it is called."""


@dataclass(frozen=True)
class TaskOptions:
    """How a network is to be trained: see `pellucid.training.trainer.Trainer`."""

    rule: UpdateRule
    loss: str
    batch_size: int
    seed: int
    augment: Any = None
    clip: float | None = None
    threads: int | None = None

    def stepper(self, *, batch_size: int | None = None) -> StepperOptions:
        """What of it the stepper needs."""
        size = self.batch_size if batch_size is None else batch_size
        return StepperOptions(self.rule, self.loss, size, self.seed, self.clip, self.threads)


class Task(ABC):
    """Data that fit a network, and what takes its steps on them.

    Attributes
    ----------
    examples : int
        Examples in an epoch.
    stepper : Stepper
        Takes the steps; the optimiser's moments are there.
    """

    takes_sequences: ClassVar[bool]
    """Whether it is for networks of sequences."""

    examples: int
    stepper: Stepper

    @abstractmethod
    def __init__(self, net: Network, data: Any, options: TaskOptions) -> None:
        """Fit data to a network.

        Raises
        ------
        ShapeError, DataError, ConfigurationError
            If network, data and options do not fit each other.
        """

    @abstractmethod
    def batches(self, epoch: int, begin: int, past: int) -> tuple[Any, int]:
        """The mini-batches of the steps ``begin`` to ``past``, and how many steps precede the first one there."""

    @abstractmethod
    def evaluation(self, data: Any) -> Evaluation:
        """An evaluation on other data, refused where they do not fit."""

    @abstractmethod
    def digest(self) -> str:
        """Tells whether other data are these data, for resuming from a checkpoint."""

    @abstractmethod
    def augment_configuration(self) -> dict[str, Any] | None:
        """The augmentation's configuration, as it is saved in files."""
