"""Learn: training of the session's network, or of one for spoken digits."""

from __future__ import annotations

from pellucid.data.columns import record_of
from pellucid.network.network import Network
from pellucid.studio.protocol import requests
from pellucid.studio.protocol import speech as messages
from pellucid.studio.protocol.parts import KeptRun, LearnPlan
from pellucid.studio.protocol.refusal import RefusedError
from pellucid.studio.rooms.learn.course import Course
from pellucid.studio.rooms.learn.network_trainee import NetworkTrainee
from pellucid.studio.rooms.learn.run import Run
from pellucid.studio.rooms.learn.speech_subject import SpeechSubject
from pellucid.studio.rooms.learn.speech_trainee import SpeechTrainee
from pellucid.studio.rooms.learn.watched import Watched
from pellucid.studio.rooms.turn import TurnRoom
from pellucid.studio.state.class_rules import locked
from pellucid.studio.state.edited_network import EditedNetwork
from pellucid.studio.state.embedded_voices import voice_names
from pellucid.studio.state.plans import (
    NEW,
    has_layers,
    network_loss,
    plan_of,
    planned_network,
    planned_trainer,
    preparation_of,
    record_preparation,
)
from pellucid.studio.state.priority_lock import PriorityLock
from pellucid.studio.state.session_state import SessionState
from pellucid.studio.state.spoken_plans import first_spoken_plan, makes, spoken_layers, spoken_network, spoken_plan_of
from pellucid.studio.state.spoken_sets import SPOKEN

_FIRST_DIGITS = [3, 7]


class LearnRoom:
    """Two courses, one of them in sight: that of the network which all rooms show, and that of spoken digits.

    Parameters
    ----------
    state : SessionState
    turn : TurnRoom
    lock : PriorityLock
        The session's: callers hold it.
    given : (Network, str), optional
        A network of sequences that the studio was started with, and its name.

    Attributes
    ----------
    course : Course
        The one in sight.
    """

    def __init__(
        self, state: SessionState, turn: TurnRoom, lock: PriorityLock, given: tuple[Network, str] | None = None
    ) -> None:
        self._state, self._lock = state, lock
        self._network = NetworkTrainee(state, turn)
        self._of_network = Course(state, self._network, self._present_plan(), lock)
        self._speech: SpeechTrainee | None = None
        self._of_speech: Course | None = None
        self._next: Run | None = None
        self.course = self._of_network
        if given is not None and spoken_plan_of(given[0], SPOKEN) is not None:
            self.use_speech(given[0].copy(), given[1])  # training leaves the one in Listen as it is

    # The network of all rooms.

    def _present_plan(self) -> LearnPlan:
        state = self._state
        return plan_of(state.edited, state.data_name, state.catalog.first_plan(state.data_name))

    def reset(self, kept: KeptRun | None = None) -> None:
        """Start again with another network of the session, which may be a ``kept`` one."""
        plan = self._present_plan()
        if kept is not None and kept.plan.data == self._state.data_name:
            plan = kept.plan
        self._of_network.reset(plan, None if kept is None else kept.id)
        self._see_network()

    def set_up(self, request: requests.SetUp) -> EditedNetwork:
        """Return the network of a plan: a new one, or the present one for a new run. `adopt_run` must follow."""
        state, plan = self._state, request.plan
        state.check_data(plan.data)
        catalog = state.catalog
        raw = catalog.is_raw(plan.data)
        data = catalog.data(plan.data, preparation_of(plan), catalog.columns(plan.data, plan.standardize))
        version = state.edited.version + 1
        if request.keep_network:
            if not has_layers(state.edited.net, plan):
                raise RefusedError(
                    "bad_value", "The plan has other layers than the network: make a new network instead."
                )
            if not catalog.suits(plan.data, state.edited, named=True):
                raise RefusedError(
                    "bad_value",
                    "The data set has other inputs or classes than the network: make a new network instead.",
                )
            net, name, opened = state.edited.net, state.edited.name, state.edited.opened
        else:
            net, name, opened = planned_network(plan, data.train), NEW, None
        run = Run(planned_trainer(plan, net, data.train), plan, state.clock)
        self._of_network.stop()
        record_preparation(net, plan, raw)
        net.record |= record_of(data.train)
        edited = EditedNetwork(net, name, network_loss(plan), version, opened)
        state.use_data(plan.data, edited)
        self._next = run
        return edited

    def adopt_run(self) -> None:
        """Train the network of `set_up`, which the session now uses."""
        if self._next is not None:
            self._of_network.adopt(self._next)
            self._next = None
        self._see_network()

    def plane(self, request: requests.AskLossPlane) -> None:
        """Send the loss around the path of training."""
        if self.is_of_speech:
            raise RefusedError("unavailable", "The loss plane is computed for networks of pictures or rows only.")
        self._network.view.send_plane(self.course.run(), request)

    def moment(self, step: int) -> EditedNetwork:
        """Return a copy of the session's network after so many mini-batches; training stays where it is."""
        run, edited = self._of_network.run(), self._state.edited
        timeline = run.timeline
        if not timeline.first_step <= step <= timeline.last_step:
            raise RefusedError(
                "bad_value",
                f"Expected a moment of this training, from {timeline.first_step} to {timeline.last_step}, got {step}.",
            )
        net = edited.net.copy()
        net.parameters[...] = run.parameters_at(step)
        after = f"{step:,} mini-batch" + ("" if step == 1 else "es")
        return EditedNetwork(net, f"{edited.name[:150]} after {after}", edited.loss)

    def knobs_turned(self) -> None:
        """Note that parameters of the session's network were changed by hand."""
        self._of_network.knobs_turned()

    @property
    def has_trained(self) -> bool:
        """Whether the session's network has been trained here."""
        return self._of_network.has_trained

    # Spoken digits.

    @property
    def is_of_speech(self) -> bool:
        """Whether the course in sight is that of spoken digits."""
        return self.course is self._of_speech

    def choose_subject(self, request: messages.ChooseSubject) -> None:
        """Show one of the courses; the other pauses, and keeps its run."""
        if request.subject == "speech" and self._of_speech is None:
            self.course.rest(request.id)
            self._begin_speech(first_spoken_plan(SPOKEN))
        course = self._of_speech if request.subject == "speech" else self._of_network
        if course is not None and course is not self.course:
            self.course.rest(request.id)
            self.course = course
        self._send_course(request.id)

    def set_up_speech(self, request: requests.SetUp) -> None:
        """Make the network of a plan for spoken digits, or train the present one by it."""
        plan, names = request.plan, self._state.catalog.spoken.names
        if self._state.rules is not None and plan.data != SPOKEN:
            raise locked(f"the data stay {SPOKEN!r} and cannot be changed to {plan.data[:100]!r}")
        if plan.data not in names:
            raise RefusedError(
                "unavailable", f"Expected recordings on this machine ({', '.join(names)}), got {plan.data!r}."
            )
        spoken_layers(plan)
        present = self._speech.subject if request.keep_network and self._speech is not None else None
        if request.keep_network and (present is None or not makes(plan, present.net)):
            raise RefusedError("bad_value", "The plan has other layers than the network: make a new network instead.")
        self.course.rest(request.id)
        if present is None:
            self._begin_speech(plan)
        else:
            self._begin_speech(plan, present.net, present.title)
        self._show_speech(request.id)

    def use_speech(self, net: Network, name: str, kept: KeptRun | None = None, request: int = 0) -> None:
        """Train a network of spoken digits further, which may be a ``kept`` one.

        Raises
        ------
        RefusedError
            If no plan has its layers.
        """
        plan = spoken_plan_of(net, SPOKEN)
        if plan is None:
            raise RefusedError(
                "bad_value",
                "Expected recurrent layers, then a dense layer of sounds or digits: Learn cannot train this network.",
            )
        if kept is not None and kept.plan.data in self._state.catalog.spoken.names and makes(kept.plan, net):
            plan = kept.plan
        self.course.rest(request)
        self._begin_speech(plan, net, name, kept)
        self._show_speech(request)

    def _begin_speech(
        self, plan: LearnPlan, net: Network | None = None, name: str = NEW, kept: KeptRun | None = None
    ) -> None:
        """Begin a course of spoken digits in place of the last."""
        made = spoken_network(plan) if net is None else net
        utterances = self._state.catalog.spoken.get(plan.data).for_loss(plan.loss)
        voice, digits = voice_names()[0], _FIRST_DIGITS
        if self._speech is not None:
            voice, digits = self._speech.subject.watched.voice, self._speech.subject.watched.digits
        watched = Watched.of(voice, digits, spells=plan.loss == "ctc")
        watched.unit_of(made)
        self._speech = SpeechTrainee(self._state, SpeechSubject(plan, made, name, utterances, watched))
        before, self._of_speech = self._of_speech, Course(self._state, self._speech, plan, self._lock)
        if kept is not None:
            self._of_speech.reset(plan, kept.id)
        self._of_speech.next_picture()  # what the page asked for before is still to come
        if before is not None:
            self._of_speech.pace = before.pace

    def _show_speech(self, request: int) -> None:
        if self._of_speech is not None:
            self.course = self._of_speech
        self._send_course(request)

    def watch_utterance(self, request: messages.WatchUtterance) -> None:
        """Watch another utterance."""
        self._trained_speech.watch(self._speech_run(), request)

    def watch_unit(self, request: messages.WatchUnit) -> None:
        """Watch another unit."""
        self._trained_speech.watch_unit(self._speech_run(), request)

    def trained_speech(self) -> tuple[Network, str]:
        """Return a copy of the network of spoken digits as it is now, with what Listen needs, and its name."""
        subject = self._trained_speech.subject
        step = self._speech_run().trainer.step
        return subject.hearing(), subject.kept_name if step else subject.title

    def speech_bytes(self) -> bytes:
        """Return the network of spoken digits as the content of a file."""
        return self._trained_speech.network_bytes()

    @property
    def _trained_speech(self) -> SpeechTrainee:
        if self._speech is None:
            raise RefusedError("out_of_order", "Expected a network of spoken digits, got none: choose speech in Learn.")
        return self._speech

    def _speech_run(self) -> Run:
        if self._of_speech is None:
            raise RefusedError("out_of_order", "Expected a network of spoken digits, got none: choose speech in Learn.")
        return self._of_speech.run()

    # Both.

    def _see_network(self) -> None:
        if self.is_of_speech:
            self.course.rest(0)
        self.course = self._of_network

    @property
    def step_taken(self) -> int | None:
        """Mini-batches of the present network's training here; None before any."""
        return self._of_network.run().trainer.step if self.has_trained else None

    def next_picture(self, request: requests.NextPicture | None = None) -> None:
        """Note that the page is ready for another picture, of either course; may be called from any thread."""
        for course in (self._of_network, self._of_speech):
            if course is not None:
                course.next_picture()

    @property
    def busy(self) -> bool:
        """Whether training is running."""
        return self.course.busy

    @property
    def trains_network(self) -> bool:
        """Whether the session's network is being trained, and not one of speech."""
        return self._of_network.busy

    def close(self) -> None:
        """Stop training, and keep what was trained."""
        self.course.close()

    def forget(self, identity: str) -> None:
        """A kept run was deleted: what follows of it is kept anew."""
        for course in (self._of_network, self._of_speech):
            if course is not None:
                course.keeper.forget(identity)

    def send_subject(self, request: int) -> None:
        """Send what is trained, and for speech what is watched."""
        speech = self._speech if self.is_of_speech else None
        info = None if speech is None else speech.info()
        self._state.send(messages.LearnSubject(request, "network" if speech is None else "speech", info))
        if speech is not None:
            speech.view.send_watched(request)

    def _send_course(self, request: int) -> None:
        self.send_subject(request)
        self.course.send_status(request)
        self.course.send_curves(request)
        self.send_findings(request)

    def send_findings(self, request: int = 0) -> None:
        """Send what the page shows of the course in sight, beside its curves."""
        if self.is_of_speech and self._speech is not None:
            self._speech.view.send_picture(self._speech_run(), request)
        self.course.send_findings()
