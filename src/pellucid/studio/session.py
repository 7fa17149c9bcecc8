"""A session: the state behind one browser tab. Requests go to its rooms; their events go to the tab."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from pellucid.lessons.given_course import GivenCourse
from pellucid.lessons.log import LessonLog
from pellucid.network.files import network_bytes, network_of, parse_parts
from pellucid.network.network import Network
from pellucid.studio.protocol import convolve as convolve_messages
from pellucid.studio.protocol import courses as course_messages
from pellucid.studio.protocol import events, requests
from pellucid.studio.protocol import lessons as lesson_messages
from pellucid.studio.protocol import listen as listen_messages
from pellucid.studio.protocol import look_for as look_for_messages
from pellucid.studio.protocol import map as map_messages
from pellucid.studio.protocol import none as none_messages
from pellucid.studio.protocol import race as race_messages
from pellucid.studio.protocol import speech as speech_messages
from pellucid.studio.protocol import why as why_messages
from pellucid.studio.protocol.messages import AnyRequest
from pellucid.studio.protocol.parts import ClassInfo
from pellucid.studio.protocol.refusal import Refused, RefusedError, failure
from pellucid.studio.rooms.convolve.room import ConvolveRoom
from pellucid.studio.rooms.learn.course import Course
from pellucid.studio.rooms.learn.room import LearnRoom
from pellucid.studio.rooms.lessons.course_room import CourseRoom
from pellucid.studio.rooms.lessons.late_following import LateFollowing
from pellucid.studio.rooms.lessons.learner import Learner
from pellucid.studio.rooms.lessons.room import LessonRoom
from pellucid.studio.rooms.lessons.view import LessonViews
from pellucid.studio.rooms.listen.given_network import sequence_network
from pellucid.studio.rooms.listen.recordings import read_recording
from pellucid.studio.rooms.listen.room import ListenRoom
from pellucid.studio.rooms.look_for.room import LookForRoom
from pellucid.studio.rooms.map import MapRoom
from pellucid.studio.rooms.none.room import NoneRoom
from pellucid.studio.rooms.nudge import NudgeRoom
from pellucid.studio.rooms.race.room import RaceRoom
from pellucid.studio.rooms.read.comparison import Comparison
from pellucid.studio.rooms.read.room import ReadRoom
from pellucid.studio.rooms.turn import TurnRoom
from pellucid.studio.rooms.why import WhyRoom
from pellucid.studio.sharing.offline_page import page_of
from pellucid.studio.state.class_rules import ClassRules, check_allowed, is_input, locked
from pellucid.studio.state.clock import Clock
from pellucid.studio.state.dataset_catalog import DatasetCatalog
from pellucid.studio.state.edited_network import EditedNetwork
from pellucid.studio.state.late_evaluation import LateEvaluation
from pellucid.studio.state.outbox import Reason
from pellucid.studio.state.plans import first_network
from pellucid.studio.state.priority_lock import PriorityLock
from pellucid.studio.state.session_state import SessionState
from pellucid.studio.state.spoken_plans import is_spoken, spoken_plan_of
from pellucid.studio.state.spoken_sets import SPOKEN
from pellucid.studio.state.uploads import Upload, Uploads
from pellucid.system.version import __version__

MAX_UPLOAD = 16 << 20
"""Most bytes of an uploaded picture or network."""

_OF_DRAWING = frozenset(
    kind.__struct_config__.tag
    for kind in (
        requests.Pen, requests.UndoStroke, requests.RedoStroke, requests.ClearDrawing, requests.SetDrawing,
        requests.OpenExample, requests.OpenPixels, requests.SetFeatures, requests.SetCentring,
    )
)  # fmt: skip


class Session:
    """The rooms over one session state. Its methods may be called from any thread; they wait for each other.

    Parameters
    ----------
    identity : str
        The key with which the page returns to it.
    catalog : DatasetCatalog
    model : str, optional
        The first network: the name of a shipped one, or a path; see
        `pellucid.studio.state.plans.first_network`. A network of sequences is heard in the room Listen and trained in
        Learn, and the others have their usual network.
    clock : Clock, optional
    rules : ClassRules, optional
        The rules of a class; the session then begins with the first held-out image.
    course : GivenCourse, optional
        The course that it begins with; in a class it is the only one.

    Attributes
    ----------
    used : float
        When a page last sent something.
    last_input : float or None
        When somebody last did something; None for nobody yet.
    ended : bool
        Whether its page asked for a new session.
    """

    def __init__(
        self,
        identity: str,
        catalog: DatasetCatalog,
        model: str | None,
        clock: Clock | None = None,
        rules: ClassRules | None = None,
        course: GivenCourse | None = None,
    ) -> None:
        self.identity, self._rules, self._given_course = identity, rules, course
        self.clock = clock or Clock()
        self.used = self.clock.now()
        self.last_input: float | None = None
        self.ended = False
        self._lock = PriorityLock()
        given = sequence_network(model)
        self._state = SessionState(catalog, first_network(catalog, None if given else model), self.clock, rules)
        self._comparison = Comparison(self._state)
        self._convolve = ConvolveRoom(self._state)
        self._read = ReadRoom(self._state, self._on_read)
        late = LateEvaluation(self._state, self._lock)
        self._turn = TurnRoom(self._state, on_change=self._on_change, evaluate=late.send)
        self._learn = LearnRoom(self._state, self._turn, self._lock, given)
        self._nudge = NudgeRoom(self._state, self._turn)
        self._look_for = LookForRoom(self._state)
        self._why = WhyRoom(self._state, self._read)
        self._race = RaceRoom(self._state)
        self._listen = ListenRoom(self._state, self._lock, given)
        self._none = NoneRoom(self._state)
        # The visitors of a class share a machine: each begins the lessons anew.
        log = catalog.lessons if rules is None else LessonLog()
        learner = Learner(log, course, fixed=rules is not None)
        views = LessonViews(self._state, self._read, self._listen, self._convolve)
        self._lessons = LessonRoom(self._state, learner, views, lambda: self._learn.trains_network)
        self._courses = CourseRoom(self._state, learner, views)
        beside = LateFollowing(self._lock, self._lessons.follow, lambda error: self._state.send(failure(error)))
        self._state.activity.on_beside = beside.begin
        self._map = MapRoom(self._state, self._lock, lambda: self._learn.step_taken)
        if rules is not None:
            self._read.show_example("test", 0)
        self._handlers: dict[type[Any], Callable[[Any], None]] = {
            requests.StartAgain: self._start_again,
            requests.ReportInput: self._note,
            requests.Pen: self._read.pen,
            requests.UndoStroke: self._read.undo,
            requests.RedoStroke: self._read.redo,
            requests.ClearDrawing: self._read.clear,
            requests.SetDrawing: self._read.set_drawing,
            requests.OpenExample: self._open_example,
            requests.OpenPixels: self._read.open_pixels,
            requests.SetFeatures: self._read.set_features,
            requests.SetCentring: self._read.set_centring,
            requests.AskVotes: self._read.votes,
            requests.BrowseExamples: self._read.browse,
            requests.LoadNetwork: self._load,
            requests.Compare: self._compare,
            requests.TurnKnobs: self._turn.turn,
            requests.FindKnobs: self._turn.find,
            requests.SweepKnob: self._turn.sweep,
            requests.ScaleNeuron: self._turn.scale_neuron,
            requests.ScaleLayer: self._turn.scale_layer,
            requests.SetGreyLevels: self._set_grey_levels,
            requests.AddNoise: self._turn.add_noise,
            requests.UndoTurn: self._turn.undo,
            requests.RedoTurn: self._turn.redo,
            requests.GoToChange: self._turn.go_to,
            requests.ResetKnobs: self._turn.reset_knobs,
            requests.SetUp: self._set_up,
            requests.OpenRun: self._open_run,
            requests.RenameRun: self._rename_run,
            requests.DeleteRun: self._delete_run,
            requests.FetchData: self._fetch_data,
            requests.Train: self._of_course(Course.train),
            requests.Pause: self._of_course(Course.pause),
            requests.StepBatches: self._of_course(Course.step),
            requests.RunToEpoch: self._of_course(Course.run_to_epoch),
            requests.SetPace: self._of_course(Course.set_pace),
            requests.SetRate: self._of_course(Course.set_rate),
            requests.GoToStep: self._of_course(Course.go_to),
            requests.AskCurves: self._of_course(Course.curves),
            requests.NextPicture: self._learn.next_picture,
            requests.AskExamined: self._of_course(Course.examined),
            requests.AskLossPlane: self._learn.plane,
            speech_messages.ChooseSubject: self._learn.choose_subject,
            speech_messages.WatchUtterance: self._learn.watch_utterance,
            speech_messages.WatchUnit: self._learn.watch_unit,
            speech_messages.HearTrained: self._hear_trained,
            requests.AskNudges: self._nudge.nudges,
            requests.AskBatchNudges: self._nudge.batch,
            requests.CheckNudge: self._nudge.check,
            requests.TakeStep: self._nudge.step,
            look_for_messages.AskSubject: self._look_for.subject,
            look_for_messages.AskNeuron: self._look_for.neuron,
            look_for_messages.AskMaximum: self._look_for.maximum,
            look_for_messages.AskExcitement: self._look_for.excitement,
            look_for_messages.AskPair: self._look_for.pair,
            look_for_messages.AnswerPair: self._look_for.answer,
            why_messages.AskMisreading: self._why.misreading,
            why_messages.AskRepair: self._why.repair,
            why_messages.ApplyRepair: self._why.apply,
            race_messages.SetUpRace: self._race.set_up,
            race_messages.AskRace: self._race.ask,
            race_messages.PredictRace: self._race.predict,
            race_messages.RunRace: self._race.run,
            race_messages.PauseRace: self._race.pause,
            race_messages.StepRace: self._race.step,
            race_messages.GoToRace: self._race.go_to,
            race_messages.SetRacePace: self._race.set_pace,
            race_messages.RunStarts: self._race.run_starts,
            race_messages.RunRates: self._race.run_rates,
            race_messages.CancelTrials: self._race.cancel,
            listen_messages.AskListening: self._listen.subject,
            listen_messages.ChooseHearer: self._listen.choose,
            listen_messages.HearVoice: self._listen.voice,
            listen_messages.StartMicrophone: self._listen.start,
            listen_messages.HearSamples: self._listen.samples,
            listen_messages.StopMicrophone: self._listen.stop,
            listen_messages.EditSounds: self._listen.edit,
            listen_messages.UndoSounds: self._listen.undo,
            listen_messages.SetHearing: self._listen.set_hearing,
            listen_messages.AskGates: self._listen.gates,
            convolve_messages.ShowMaps: self._convolve.show,
            convolve_messages.HideMaps: self._convolve.hide,
            convolve_messages.AskShiftScores: self._convolve.scores,
            convolve_messages.RetrainShuffled: self._convolve.retrain,
            convolve_messages.StudyCell: self._convolve.cell,
            none_messages.AskSureness: self._none.sureness,
            none_messages.AskOwnSureness: self._none.own,
            none_messages.JudgeThreshold: self._none.judge,
            lesson_messages.AskLessons: self._lessons.lessons,
            lesson_messages.OpenLesson: self._lessons.open,
            lesson_messages.LeaveLesson: self._lessons.leave,
            lesson_messages.RestartLesson: self._lessons.restart,
            lesson_messages.PredictOutcome: self._lessons.predict,
            lesson_messages.AnswerAgain: self._lessons.answer_again,
            lesson_messages.AskHint: self._lessons.hint,
            lesson_messages.AnswerTransfer: self._lessons.transfer,
            lesson_messages.AnswerRecall: self._lessons.recall,
            course_messages.OpenCourse: self._courses.open,
            course_messages.CloseCourse: self._courses.close,
            course_messages.MakeCourse: self._courses.make,
            course_messages.BeginTest: self._courses.begin_test,
            course_messages.AnswerTest: self._courses.answer_test,
            course_messages.AskTestAnswers: self._courses.test_answers,
            course_messages.MakeResult: self._courses.result,
            course_messages.AddResult: self._courses.add_result,
            course_messages.ClearResults: self._courses.clear_results,
            map_messages.AskMap: self._map.map,
            map_messages.AskMapOwn: self._map.own,
            map_messages.AskNeighbours: self._map.neighbours,
            map_messages.AskLasso: self._map.lasso,
        }
        self.outbox = self._state.outbox
        self.uploads = Uploads()

    def handle(self, request: AnyRequest) -> None:
        """Serve a request; an error is sent to the page, and leaves the session as it was."""
        with self._lock.high_priority():
            self._note(request)
            try:
                check_allowed(self._rules, request)
                handler = self._handlers.get(type(request))
                if handler is None:
                    raise RefusedError("unavailable", f"Unknown request {type(request).__name__}: reload the page.")
                self.uploads.note(request)
                handler(request)
                self._lessons.follow(request.id)
            except Exception as error:
                self._refuse(Refused(error, request.id, str(request.__struct_config__.tag)))
            else:
                self._state.send(events.Done(request.id))

    def refuse(self, refused: Refused) -> None:
        """Answer a message that could not be decoded."""
        with self._lock.high_priority():
            self._refuse(refused)

    def _refuse(self, refused: Refused) -> None:
        """Send the error. The page draws before it is answered, so it also receives the drawing as it is."""
        self._state.send(failure(refused.error, refused.request))
        if refused.tag in _OF_DRAWING:
            self._read.send_drawing(refused.request)
        self._state.send(events.Done(refused.request))

    def handled_at_once(self, request: AnyRequest) -> bool:
        """Serve a request that need not wait for training; return False for all others."""
        if not isinstance(request, requests.NextPicture | requests.ReportInput):
            return False
        self._note(request)
        if isinstance(request, requests.NextPicture):
            self._learn.next_picture()
        return True

    def _note(self, request: AnyRequest) -> None:
        self.used = self.clock.now()
        if is_input(request):
            self.last_input = self.used

    def is_due(self, now: float) -> bool:
        """Whether nobody has used a class session for so long that it has to start again."""
        seconds = None if self._rules is None else self._rules.reset_seconds
        return seconds is not None and self.last_input is not None and now - self.last_input > seconds

    def greet(self, resumed: bool) -> None:
        """Send everything that a page shows to one that has just connected."""
        with self._lock.high_priority():
            self.used = self.clock.now()
            self.uploads.connected()
            self._convolve.forget()
            self._listen.page_connected()
            state = self._state
            networks, data_sets = state.catalog.networks, state.catalog.data_sets
            course = None if self._given_course is None else self._given_course.title
            state.send(
                events.Welcome(
                    0, self.identity, resumed, __version__, networks, data_sets, MAX_UPLOAD, self._class_info(), course
                )
            )  # fmt: skip
            state.send_network(0)
            self._turn.send_changes(0, None)
            self._comparison.send(0)
            self._read.show(0)
            self._learn.course.keeper.send(0)
            state.send(events.DataSets(0, state.catalog.choices, None), key="dataSets")
            self._learn.send_subject(0)
            self._learn.course.send_status(0)
            state.send_evaluation(0)  # the page takes it for the end of what it needs to open a link
            self._learn.course.send_curves(0)
            self._learn.send_findings()

    def _class_info(self) -> ClassInfo | None:
        return None if self._rules is None else ClassInfo(self._rules.reset_seconds)

    def check_upload(self) -> None:
        """Refuse uploads in a class.

        Raises
        ------
        RefusedError
            With the reason.
        """
        if self._rules is not None:
            raise locked("no files can be opened")

    def open_picture(self, content: bytes, upload: Upload | None = None) -> None:
        """Read a picture file, unless its upload has become obsolete."""
        self.check_upload()
        with self._lock.high_priority():
            if upload is None or not self.uploads.is_obsolete(upload):
                self._read.open_picture(content)

    def _fetch_data(self, request: requests.FetchData) -> None:
        """Download a data set, and send its progress."""
        state = self._state

        def report(words: str | None) -> None:
            state.send(events.DataSets(request.id, state.catalog.choices, words), key="dataSets")

        state.catalog.fetch(request.name, report, lambda error: state.send(failure(error, request.id)))

    def _open_example(self, request: requests.OpenExample) -> None:
        """Read an image of the data set that a link means; change to that data set where it is on this machine."""
        state, name = self._state, request.data or self._state.data_name
        self._check_link(request, name)
        if name != state.data_name:
            state.use_data(name, state.edited)
            self._learn.reset()
            state.baseline = state.evaluation().accuracy
            state.send_network(request.id)
            self._comparison.network_changed(request.id)
            self._turn.send_changes(request.id)
            state.send_evaluation(request.id)
            self._send_course(request.id)
        self._read.open_example(request)

    def _check_link(self, request: requests.OpenExample, name: str) -> None:
        """Refuse a link to a picture that is not here, or that this network cannot read."""
        state, part = self._state, "test" if request.part == "test" else "training"
        picture = f"{part} image {request.index} of {name!r}"
        if name not in state.catalog.data_sets:
            raise RefusedError(
                "unavailable",
                f"This link shows {picture}, which is not on this machine: start the studio with that data (--data). "
                "The picture is not shown.",
            )
        if request.digest is not None and request.digest != state.catalog.digest(name):
            raise RefusedError(
                "unavailable",
                f"This link shows {picture} but {name!r} on this machine has other pictures: start the studio with "
                "the data that the link was made with. The picture is not shown.",
            )
        if name != state.data_name and not state.catalog.suits(name, state.edited, named=True):
            raise RefusedError(
                "bad_value",
                f"This link shows {picture}, whose inputs or classes are not those of the present network: open a "
                "network for that data first. The picture is not shown.",
            )
        if name != state.data_name and self._learn.has_trained:
            raise RefusedError(
                "out_of_order",
                f"This link shows {picture}, but the present network is trained on {state.data_name!r}: press New "
                "network with that data set first. The picture is not shown.",
            )

    def _load(self, request: requests.LoadNetwork) -> None:
        """Use a shipped network."""
        self._check_shipped(request.name)
        self._use_network(EditedNetwork.load(request.name, self._state.edited.version + 1), request.id)

    def _check_shipped(self, name: str) -> None:
        if name not in self._state.catalog.networks:
            known = ", ".join(self._state.catalog.networks)
            raise RefusedError("unavailable", f"Expected a shipped network ({known}), got {name!r}.")

    def _open_run(self, request: requests.OpenRun) -> None:
        """Use a network that was trained here and kept."""
        state = self._state
        run, content = state.catalog.runs.network(request.run)
        if is_spoken(run.plan):
            net = network_of(Path(run.name), *parse_parts(content, run.name))
            self._learn.use_speech(net, run.name, run, request.id)
            return
        edited = EditedNetwork.of_bytes(content, run.name, state.edited.version + 1)
        here = run.data in state.catalog.data_sets and self._rules is None
        if here and state.catalog.suits(run.data, edited, named=True):
            state.use_data(run.data, edited)
        self._use_network(edited, request.id, lambda: self._learn.reset(run))

    def _compare(self, request: requests.Compare) -> None:
        """Compare with another network, or with none any more."""
        given = [each for each in (request.network, request.run, request.step) if each is not None]
        if len(given) > 1:
            raise RefusedError("bad_value", f"Expected one network to compare with, got {len(given)}: choose one.")
        if request.network is not None:
            self._check_shipped(request.network)
            self._comparison.begin(EditedNetwork.load(request.network), "shipped", request.id)
        elif request.run is not None:
            run, content = self._state.catalog.runs.network(request.run)
            self._comparison.begin(EditedNetwork.of_bytes(content, run.name), "kept", request.id)
        elif request.step is not None:
            self._comparison.begin(self._learn.moment(request.step), "moment", request.id)
        else:
            self._comparison.end(request.id)

    def _rename_run(self, request: requests.RenameRun) -> None:
        """Give a kept network another name."""
        self._state.catalog.runs.rename(request.run, request.name)
        self._learn.course.keeper.send(request.id)

    def _delete_run(self, request: requests.DeleteRun) -> None:
        """Delete a kept network."""
        self._state.catalog.runs.delete(request.run)
        self._learn.forget(request.run)
        self._learn.course.keeper.send(request.id)
        self._learn.course.send_status(request.id)

    def _on_read(self, request: int) -> None:
        """Update what follows every reading."""
        self._comparison.send_reading(request)
        self._convolve.read(request)

    def _on_change(self, request: int, turned: bool) -> None:
        """Update the rooms after a change by hand; ``turned`` tells whether it changes the network."""
        if turned:
            self._learn.knobs_turned()
        self._read.read(request)

    def _set_grey_levels(self, request: requests.SetGreyLevels) -> None:
        """Round the pixels that the network reads, but not beside training, which uses them as they are."""
        if self._learn.busy:
            raise RefusedError(
                "out_of_order", "Training uses pixels as they are: pause it to read them with fewer grey levels."
            )
        self._turn.set_grey_levels(request)

    def _of_course(self, method: Callable[[Course, Any], None]) -> Callable[[Any], None]:
        """Return a handler for the course that Learn shows when the request comes."""
        return lambda request: method(self._learn.course, request)

    def _set_up(self, request: requests.SetUp) -> None:
        """Start a new training run."""
        if is_spoken(request.plan):
            self._learn.set_up_speech(request)
            return
        edited = self._learn.set_up(request)
        self._use_network(edited, request.id, self._learn.adopt_run)

    def _use_network(self, edited: EditedNetwork, request: int, adopt: Callable[[], None] | None = None) -> None:
        """Use another network; ``adopt`` makes a prepared training run its own."""
        self._state.use_network(edited)
        self._turn.clear_history()
        (adopt or self._learn.reset)()
        self._state.send_network(request)
        self._turn.send_changes(request)
        self._comparison.network_changed(request)
        self._read.network_changed(request)
        self._state.send_evaluation(request)
        self._send_course(request)

    def _send_course(self, request: int) -> None:
        """Send what Learn trains from now on: the session's network."""
        self._learn.send_subject(request)
        self._learn.course.send_status(request)
        self._learn.course.send_curves(request)

    def page_left(self) -> None:
        """Note that the page has disconnected; it may come back."""
        self.used = self.clock.now()

    def open_network(self, content: bytes, name: str, upload: Upload | None = None) -> None:
        """Use the network of an uploaded file, unless its upload has become obsolete."""
        self.check_upload()
        with self._lock.high_priority():
            if upload is not None and self.uploads.is_obsolete(upload):
                return
            net = network_of(Path(name), *parse_parts(content, name))
            if net.program.takes_sequences:
                self._open_sequences(net, name)
            else:
                self._use_network(EditedNetwork.of(net, name, self._state.edited.version + 1), 0)

    def _open_sequences(self, net: Network, name: str) -> None:
        """Hear with a network of sequences in Listen, and train it in Learn where a plan has its layers."""
        self._listen.take_network("given", net, name)
        self._listen.send_subject(0)
        if spoken_plan_of(net, SPOKEN) is not None:
            self._learn.use_speech(net.copy(), name)

    def _hear_trained(self, request: speech_messages.HearTrained) -> None:
        """Take the network of spoken digits that Learn trains into Listen."""
        self._listen.take_network("trained", *self._learn.trained_speech())
        self._listen.send_subject(request.id)

    def open_recording(self, content: bytes, name: str, slot: int, upload: Upload | None = None) -> None:
        """Hear an uploaded recording, unless its upload has become obsolete."""
        self.check_upload()
        samples, notes = read_recording(content, name)
        with self._lock.high_priority():
            if upload is None or not self.uploads.is_obsolete(upload):
                self._listen.open(slot, "file", name, samples, notes)

    def network_file(self) -> bytes:
        """Return the present network, with its switched neurons, as the content of a file."""
        with self._lock.high_priority():
            return network_bytes(self._state.edited.effective)

    def shared_page(self) -> bytes:
        """Return a page with the present network, and its switched neurons, as one HTML file.

        Of the data, it holds some of the embedded digits at most: nobody's own images leave with it.
        """
        with self._lock.high_priority():
            net, name = self._state.edited.effective.copy(), self._state.edited.name
        return page_of(net, name)

    def speech_file(self) -> bytes:
        """Return the network of spoken digits that Learn trains as the content of a file."""
        with self._lock.high_priority():
            return self._learn.speech_bytes()

    @property
    def training(self) -> bool:
        """Whether training is running, in Learn or in a race."""
        return self._learn.busy or self._race.busy

    def close(self, reason: Reason) -> None:
        """Stop everything, and keep what was trained; a connected page is told why."""
        with self._lock.high_priority():
            self._learn.close()
            self._race.close()
            self._listen.close()
            self._convolve.close()
        self.outbox.end(reason)

    def _start_again(self, request: requests.StartAgain) -> None:
        """End the session of a class: its page opens a new one."""
        if self._rules is None:
            raise RefusedError("unavailable", "Expected a studio started with --class: reload the page instead.")
        self._learn.close()
        self._race.close()
        self._listen.close()
        self.ended = True
        self.outbox.end("restarted")
