"""A session: what one tab of the browser has open. Requests go to the rooms, what they tell goes to the tab."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pellucid
from pellucid.network.files import network_bytes
from pellucid.studio import events, requests
from pellucid.studio.desk import Desk
from pellucid.studio.learn_room import LearnRoom
from pellucid.studio.messages import AnyRequest
from pellucid.studio.nudge_room import NudgeRoom
from pellucid.studio.outbox import Reason
from pellucid.studio.read_room import ReadRoom
from pellucid.studio.refusal import RefusedError, failure
from pellucid.studio.shelf import Shelf
from pellucid.studio.subject import Subject
from pellucid.studio.turn_room import TurnRoom
from pellucid.studio.turnstile import Turnstile

MAX_UPLOAD = 16 << 20
"""Bytes of an uploaded picture or network."""


class Session:
    """Rooms over one desk. Its methods may be called from any thread; they wait for each other.

    Parameters
    ----------
    identity : str
        What the page comes back with.
    shelf : Shelf
    model : str
        The network to begin with: the name of a shipped one, or a path.
    """

    def __init__(self, identity: str, shelf: Shelf, model: str) -> None:
        self.identity = identity
        self.used = time.monotonic()
        self._turnstile = Turnstile()
        self._desk = Desk(shelf, Subject.load(model))
        self._read = ReadRoom(self._desk)
        self._turn = TurnRoom(self._desk, after=self._turned)
        self._learn = LearnRoom(self._desk, self._turn, self._turnstile)
        self._nudge = NudgeRoom(self._desk, self._turn)
        self._handlers: dict[type[Any], Callable[[Any], None]] = {
            requests.Pen: self._read.pen,
            requests.UndoStroke: self._read.undo,
            requests.RedoStroke: self._read.redo,
            requests.ClearDrawing: self._read.clear,
            requests.SetDrawing: self._read.set_drawing,
            requests.OpenExample: self._read.open_example,
            requests.OpenPixels: self._read.open_pixels,
            requests.SetCentring: self._read.set_centring,
            requests.AskVotes: self._read.votes,
            requests.BrowseExamples: self._read.browse,
            requests.LoadNetwork: self._load,
            requests.TurnKnobs: self._turn.turn,
            requests.FindKnobs: self._turn.find,
            requests.SweepKnob: self._turn.sweep,
            requests.ScaleNeuron: self._turn.scale_neuron,
            requests.ScaleLayer: self._turn.scale_layer,
            requests.AddNoise: self._turn.add_noise,
            requests.UndoTurn: self._turn.undo,
            requests.RedoTurn: self._turn.redo,
            requests.GoToChange: self._turn.go_to,
            requests.ResetKnobs: self._turn.reset,
            requests.SetUp: self._set_up,
            requests.FetchData: self._fetch_data,
            requests.Train: self._learn.train,
            requests.Pause: self._learn.pause,
            requests.StepBatches: self._learn.step,
            requests.RunToEpoch: self._learn.run_to_epoch,
            requests.SetPace: self._learn.set_pace,
            requests.SetRate: self._learn.set_rate,
            requests.GoToStep: self._learn.go_to,
            requests.AskCurves: self._learn.curves,
            requests.NextPicture: self._learn.next_picture,
            requests.AskExamined: self._learn.examined,
            requests.AskLossPlane: self._learn.plane,
            requests.AskNudges: self._nudge.nudges,
            requests.AskBatchNudges: self._nudge.batch,
            requests.CheckNudge: self._nudge.check,
            requests.TakeStep: self._nudge.step,
        }
        self.outbox = self._desk.outbox

    def handle(self, request: AnyRequest) -> None:
        """Do what a request asks for; what goes wrong is told, and leaves the session as it was."""
        with self._turnstile.first():
            self.used = time.monotonic()
            try:
                handler = self._handlers.get(type(request))
                if handler is None:
                    raise RefusedError("unavailable", f"This studio cannot do {type(request).__name__} yet.")
                handler(request)
            except Exception as error:
                self._desk.tell(failure(error, request.id))

    def noted(self, request: AnyRequest) -> bool:
        """Take note of what can be done at once, without waiting for training; False where it cannot."""
        if not isinstance(request, requests.NextPicture):
            return False
        self.used = time.monotonic()
        self._learn.next_picture()
        return True

    def greet(self, resumed: bool) -> None:
        """Tell a page that has just come everything that it shows."""
        with self._turnstile.first():
            self.used = time.monotonic()
            desk = self._desk
            networks, data_sets = desk.shelf.networks, desk.shelf.data_sets
            desk.tell(
                events.Welcome(
                    0, self.identity, resumed, pellucid.__version__, networks, data_sets, MAX_UPLOAD
                )
            )  # fmt: skip
            desk.tell_network(0)
            self._turn.tell(0, None)
            self._read.tell(0)
            self._read.read(0)
            desk.tell_judged(0)
            desk.tell(events.DataSets(0, desk.shelf.choices, None), key="dataSets")
            self._learn.tell(0)
            self._learn.tell_curves(0)

    def open_picture(self, content: bytes) -> None:
        """Read a picture file."""
        with self._turnstile.first():
            self._read.open_picture(content)

    def _fetch_data(self, request: requests.FetchData) -> None:
        """Download a data set; the page is told how it goes."""
        desk = self._desk

        def tell(words: str | None) -> None:
            desk.tell(events.DataSets(request.id, desk.shelf.choices, words), key="dataSets")

        desk.shelf.fetch(request.name, tell, lambda error: desk.tell(failure(error, request.id)))

    def _load(self, request: requests.LoadNetwork) -> None:
        """Take up a shipped network."""
        if request.name not in self._desk.shelf.networks:
            known = ", ".join(self._desk.shelf.networks)
            raise RefusedError("unavailable", f"There is no shipped network {request.name!r}; there is {known}.")
        self._take_up(Subject.load(request.name, self._desk.subject.version + 1), request.id)

    def _turned(self, request: int) -> None:
        """A knob was turned."""
        self._learn.turned()
        self._read.read(request)

    def _set_up(self, request: requests.SetUp) -> None:
        """A new training run."""
        subject = self._learn.set_up(request)
        self._take_up(subject, request.id, self._learn.start_over)

    def _take_up(self, subject: Subject, request: int, begin: Callable[[], None] | None = None) -> None:
        """Look at another network; ``begin`` makes the training run of it, if there is one already."""
        self._desk.take_up(subject)
        self._turn.begin_anew()
        (begin or self._learn.begin_anew)()
        self._desk.tell_network(request)
        self._turn.tell(request)
        self._read.read(request)
        self._desk.tell_judged(request)
        self._learn.tell(request)
        self._learn.tell_curves(request)

    def left(self) -> None:
        """The page has gone, perhaps to come back."""
        self.used = time.monotonic()

    def open_network(self, content: bytes, name: str) -> None:
        """Take up the network of a file."""
        with self._turnstile.first():
            self._take_up(Subject.of_bytes(content, name, self._desk.subject.version + 1), 0)

    def network_file(self) -> bytes:
        """The network as it stands, as a file: with what is switched off put in."""
        with self._turnstile.first():
            return network_bytes(self._desk.subject.effective)

    @property
    def training(self) -> bool:
        """Whether training runs."""
        return self._learn.busy

    def close(self, reason: Reason) -> None:
        """Let go of everything; a page that is still there is told why."""
        self._learn.close()
        self.outbox.end(reason)
