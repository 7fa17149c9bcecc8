"""The interface between the trainer and its data, images or sequences."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from pellucid.network.network import Network
from pellucid.programs.interface import Stepper, StepperOptions
from pellucid.programs.parameter_groups import ParameterGroup
from pellucid.programs.update_rule import UpdateRule

Evaluation = Callable[[], tuple[float, float]]
"""Returns the mean loss and the accuracy on data, with the network's parameters at the time of the call."""


@dataclass(frozen=True)
class TaskOptions:
    """Options of training; see `pellucid.training.trainer.Trainer`."""

    rule: UpdateRule
    loss: str | None
    batch_size: int
    seed: int
    augment: Any = None
    clip: float | None = None
    threads: int | None = None
    class_weight: Any = None
    smoothing: float = 0.0
    function: Callable[..., Any] | None = None
    groups: tuple[ParameterGroup, ...] = ()
    frozen: tuple[int, ...] = ()

    def stepper(self, loss: str, *, weighted: bool = False, most: int | None = None) -> StepperOptions:
        """The options of the stepper for a loss, with at most ``most`` examples in a mini-batch."""
        size = self.batch_size if most is None else min(self.batch_size, most)
        return StepperOptions(self.rule, loss, size, self.seed, self.clip, self.threads, weighted, self.groups)


class Task(ABC):
    """The data of a network's training, and the stepper that trains on them.

    Attributes
    ----------
    examples : int
        Examples in an epoch.
    loss : str
        The name of the loss.
    measures_accuracy : bool
        Whether outputs are correct or not; otherwise accuracies are NaN.
    spans_epochs : bool
        Whether `batches` may go beyond the end of an epoch.
    stepper : Stepper
        Takes the steps; it holds the optimiser's moments.
    """

    takes_sequences: ClassVar[bool]
    """Whether the task is for networks of sequences."""

    examples: int
    loss: str
    measures_accuracy: bool = True
    spans_epochs: bool = False
    stepper: Stepper

    @abstractmethod
    def __init__(self, net: Network, data: Any, options: TaskOptions) -> None:
        """Convert data for a network, and make its stepper.

        Raises
        ------
        ShapeError, DataError, ConfigurationError
            If network, data and options do not fit each other.
        """

    def reach(self, epoch: int, begin: int, past: int) -> int:
        """Have the mini-batch of step ``begin`` ready; return ``past``, or how far the steps ready with it go."""
        return past

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
