"""What a course trains: the interface to the network, its data and what the page sees of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from pellucid.network.network import Network
from pellucid.studio.protocol.parts import LearnPlan
from pellucid.studio.rooms.learn.run import Run
from pellucid.studio.rooms.learn.run_view import RunView
from pellucid.studio.state.session_state import Evaluation
from pellucid.training.trainer import Trainer


class Trainee(ABC):
    """A network that learns, and its data.

    Attributes
    ----------
    view : RunView
        Sends its training to the page.
    counted_epochs : int
        So many epochs are all evaluated, for lessons; later ones as often as it takes little of the training's time.
    """

    view: RunView
    counted_epochs: ClassVar[int]

    @property
    @abstractmethod
    def net(self) -> Network:
        """The network; training changes its parameters."""

    @property
    @abstractmethod
    def name(self) -> str:
        """The name under which what it becomes is kept."""

    @property
    @abstractmethod
    def data_name(self) -> str:
        """The name of its data set."""

    @property
    @abstractmethod
    def held_out(self) -> int:
        """Number of held-out examples."""

    @abstractmethod
    def examples(self, plan: LearnPlan) -> int:
        """Number of examples to train on."""

    @abstractmethod
    def trainer(self, plan: LearnPlan) -> Trainer:
        """Make a trainer of the network by a plan."""

    @abstractmethod
    def evaluation(self) -> Evaluation:
        """Loss and accuracy on the held-out examples, as the network is now."""

    @abstractmethod
    def begin(self, request: int) -> None:
        """Training begins."""

    @abstractmethod
    def changed(self) -> None:
        """Steps were taken, or taken back."""

    @abstractmethod
    def rewound(self, request: int) -> None:
        """Training has gone to another step."""

    @abstractmethod
    def epoch_tested(self, run: Run, epoch: int, accuracy: float, *, diverged: bool = False) -> None:
        """An epoch, counted from 1, was evaluated, or training ``diverged`` in it: record what lessons want to know."""

    @abstractmethod
    def rested(self, run: Run, request: int, *, quick: bool) -> None:
        """Training has come to rest: send everything about it, but what takes long only if not ``quick``."""

    @abstractmethod
    def network_bytes(self) -> bytes:
        """The network as the content of a file."""
