"""A network of spoken digits as what Learn trains."""

from __future__ import annotations

from typing import Any

from pellucid.layers.recurrent import Recurrent
from pellucid.network.files import network_bytes
from pellucid.network.network import Network
from pellucid.programs.sequence_batches import SequenceBatch
from pellucid.programs.sequence_targets import Targets
from pellucid.speech.features import BANDS, HOP, RATE, STACK
from pellucid.studio.protocol import speech as messages
from pellucid.studio.protocol.parts import LearnPlan
from pellucid.studio.protocol.refusal import RefusedError
from pellucid.studio.rooms.learn.run import Run
from pellucid.studio.rooms.learn.speech_subject import SpeechSubject
from pellucid.studio.rooms.learn.speech_view import SpeechView
from pellucid.studio.rooms.learn.trainee import Trainee
from pellucid.studio.rooms.learn.watched import Watched
from pellucid.studio.state.activity import SpeechTrained, UtteranceWatched
from pellucid.studio.state.embedded_voices import voice_names
from pellucid.studio.state.recurrent_layers import listen_layers
from pellucid.studio.state.session_state import Evaluation, SessionState, finite
from pellucid.studio.state.spoken_plans import spoken_trainer
from pellucid.training.trainer import Trainer


class SpeechTrainee(Trainee):
    """A network of spoken digits.

    Attributes
    ----------
    subject : SpeechSubject
    """

    view: SpeechView
    counted_epochs = 0

    def __init__(self, state: SessionState, subject: SpeechSubject) -> None:
        self._state, self.subject = state, subject
        self.view = SpeechView(state, subject)
        self._version = 0
        self._evaluated: Evaluation | None = None

    @property
    def net(self) -> Network:
        """See `Trainee`."""
        return self.subject.net

    @property
    def name(self) -> str:
        """See `Trainee`."""
        return self.subject.kept_name

    @property
    def data_name(self) -> str:
        """See `Trainee`."""
        return self.subject.plan.data

    @property
    def held_out(self) -> int:
        """See `Trainee`."""
        return len(self.subject.utterances.test)

    def examples(self, plan: LearnPlan) -> int:
        """See `Trainee`."""
        return len(self.subject.utterances.train)

    def trainer(self, plan: LearnPlan) -> Trainer:
        """See `Trainee`."""
        return spoken_trainer(plan, self.net, self.subject.utterances)

    def evaluation(self) -> Evaluation:
        """See `Trainee`; the accuracy is the share of utterances without any error."""
        if self._evaluated is None or self._evaluated.version != self._version:
            test, program = self.subject.utterances.test, self.net.program
            batch: Any = SequenceBatch(test.flat, test.starts, "list")
            loss, accuracy = program.evaluate(batch, Targets.of(test), self.subject.plan.loss)
            self._evaluated = Evaluation(self._version, loss, finite(accuracy))
        return self._evaluated

    def begin(self, request: int) -> None:
        """See `Trainee`."""

    def changed(self) -> None:
        """See `Trainee`."""
        self._version += 1

    def rewound(self, request: int) -> None:
        """See `Trainee`."""
        self.changed()

    def epoch_tested(self, run: Run, epoch: int, accuracy: float, *, diverged: bool = False) -> None:
        """See `Trainee`; no lesson asks for it."""

    def rested(self, run: Run, request: int, *, quick: bool) -> None:
        """See `Trainee`."""
        self.view.send_picture(run, request)
        if quick:
            return
        self.view.send_health(run)
        self.view.send_examination(run, request)
        deed = SpeechTrained(
            self._state.edited.version, self.data_name, self.subject.plan.loss, run.trainer.step,
            self.evaluation().accuracy,
        )  # fmt: skip
        self._state.activity.note(deed)

    def network_bytes(self) -> bytes:
        """See `Trainee`."""
        return network_bytes(self.subject.hearing())

    def info(self) -> messages.SpeechInfo:
        """Describe the network for the page."""
        subject, net = self.subject, self.net
        return messages.SpeechInfo(
            subject.title, listen_layers(net), list(net.classes), subject.spells, net.parameter_count, voice_names(),
            HOP, STACK * HOP, BANDS, RATE,
        )  # fmt: skip

    def watch(self, run: Run, request: messages.WatchUtterance) -> None:
        """Watch another utterance."""
        subject = self.subject
        before = subject.watched
        subject.watched = Watched.of(request.voice, request.digits, spells=subject.spells)
        subject.watched.layer, subject.watched.unit = before.layer, before.unit
        self.view.send_watched(request.id)
        self.view.send_picture(run, request.id)
        self.view.send_health(run)
        deed = UtteranceWatched(self._state.edited.version, request.voice, tuple(request.digits))
        self._state.activity.note(deed)

    def watch_unit(self, run: Run, request: messages.WatchUnit) -> None:
        """Watch another unit."""
        layers, watched = self.net.layers, self.subject.watched
        layer = layers[request.layer] if request.layer < len(layers) else None
        units = layer.out_features if isinstance(layer, Recurrent) else 0
        if request.unit >= units:
            raise RefusedError(
                "bad_value", f"Expected a unit of a recurrent layer, got unit {request.unit} of layer {request.layer}."
            )
        watched.layer, watched.unit = request.layer, request.unit
        self.view.send_picture(run, request.id)
