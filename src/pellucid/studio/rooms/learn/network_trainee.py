"""The session's network as what Learn trains: on pictures or rows, beside all other rooms."""

from __future__ import annotations

import zlib

import msgspec
import numpy as np

from pellucid.lessons.deeds import EpochTested
from pellucid.network.files import network_bytes
from pellucid.network.network import Network
from pellucid.studio.protocol.parts import LayerInfo, LearnPlan
from pellucid.studio.rooms.learn.network_view import NetworkView
from pellucid.studio.rooms.learn.run import Run
from pellucid.studio.rooms.learn.trainee import Trainee
from pellucid.studio.rooms.turn import TurnRoom
from pellucid.studio.state.optimizer_plans import with_rate
from pellucid.studio.state.plans import NEW, planned_trainer
from pellucid.studio.state.session_state import Evaluation, SessionState
from pellucid.training.trainer import Trainer


class NetworkTrainee(Trainee):
    """The network that the other rooms show."""

    view: NetworkView
    counted_epochs = 100

    def __init__(self, state: SessionState, turn: TurnRoom) -> None:
        self._state, self._turn = state, turn
        self.view = NetworkView(state)

    @property
    def net(self) -> Network:
        """See `Trainee`."""
        return self._state.edited.net

    @property
    def name(self) -> str:
        """See `Trainee`."""
        edited = self._state.edited
        if edited.name != NEW:
            return f"{edited.name}, trained further"[:200]
        return f"{_shape_text(edited.layers())} on {self._state.data_name}"[:200]

    @property
    def data_name(self) -> str:
        """See `Trainee`."""
        return self._state.data_name

    @property
    def held_out(self) -> int:
        """See `Trainee`."""
        return len(self._state.data.test)

    def examples(self, plan: LearnPlan) -> int:
        """See `Trainee`."""
        return len(self._state.data.train)

    def trainer(self, plan: LearnPlan) -> Trainer:
        """See `Trainee`."""
        return planned_trainer(plan, self.net, self._state.data.train)

    def evaluation(self) -> Evaluation:
        """See `Trainee`."""
        return self._state.evaluation()

    def begin(self, request: int) -> None:
        """Switch all neurons on; what was changed by hand can no longer be undone."""
        state, edited = self._state, self._state.edited
        switched = bool(edited.factors)
        edited.factors.clear()
        self._turn.clear_history()
        self._turn.drop_grey_levels(request)
        if switched:
            edited.mark_changed()
            state.send_parameters(request)
        self._turn.send_changes(request, np.zeros(0, np.int64))

    def changed(self) -> None:
        """See `Trainee`."""
        self._state.edited.mark_changed()

    def rewound(self, request: int) -> None:
        """See `Trainee`."""
        self._turn.clear_history()
        self._state.edited.factors.clear()
        self._turn.drop_grey_levels(request)
        self._state.edited.mark_changed()

    def epoch_tested(self, run: Run, epoch: int, accuracy: float, *, diverged: bool = False) -> None:
        """Record for lessons what a new network reads after an epoch, trained by one plan from its first step on."""
        state, timeline = self._state, run.timeline
        if epoch > self.counted_epochs or not timeline.is_undisturbed or state.edited.factors:
            return
        if np.array_equal(timeline.first_parameters, state.edited.initial):
            plan = zlib.crc32(msgspec.json.encode(with_rate(run.plan, 1.0)))
            rate = run.plan.optimizer.learning_rate
            state.activity.note_beside(EpochTested(state.edited.version, plan, rate, epoch, accuracy, diverged))

    def rested(self, run: Run, request: int, *, quick: bool) -> None:
        """See `Trainee`."""
        state = self._state
        state.edited.mark_trained()
        self.view.send_picture(run, request)
        self._turn.send_changes(request, np.zeros(0, np.int64))
        state.send_parameters(request)
        if not quick:
            state.baseline = state.evaluation().accuracy
            state.send_evaluation(request)
            self.view.send_health(run)
            self.view.send_examination(run, request)

    def network_bytes(self) -> bytes:
        """See `Trainee`."""
        return network_bytes(self.net)


def _shape_text(layers: list[LayerInfo]) -> str:
    """The inputs and the units of the layers with weights, as the page writes them: "784-6c-16c-120-84-10"."""
    marks = {"dense": "", "conv2d": "c"}
    units = [f"{layer.output_shape[0]}{marks[layer.kind]}" for layer in layers if layer.kind in marks]
    return "-".join([str(layers[0].inputs), *units])
