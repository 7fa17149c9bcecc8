"""A session: what one tab of the browser has open. Requests go to the rooms, what they tell goes to the tab."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from pellucid import __version__
from pellucid.network.files import network_bytes
from pellucid.studio import events, requests
from pellucid.studio.dataset_catalog import DatasetCatalog
from pellucid.studio.edited_network import EditedNetwork
from pellucid.studio.learn_room import LearnRoom
from pellucid.studio.messages import AnyRequest
from pellucid.studio.nudge_room import NudgeRoom
from pellucid.studio.outbox import Reason
from pellucid.studio.priority_lock import PriorityLock
from pellucid.studio.read_room import ReadRoom
from pellucid.studio.refusal import RefusedError, failure
from pellucid.studio.session_state import SessionState
from pellucid.studio.turn_room import TurnRoom

MAX_UPLOAD = 16 << 20
"""Bytes of an uploaded picture or network."""


class Session:
    """Rooms over one state. Its methods may be called from any thread; they wait for each other.

    Parameters
    ----------
    identity : str
        What the page comes back with.
    catalog : DatasetCatalog
    model : str
        The network to begin with: the name of a shipped one, or a path.
    """

    def __init__(self, identity: str, catalog: DatasetCatalog, model: str) -> None:
        self.identity = identity
        self.used = time.monotonic()
        self._lock = PriorityLock()
        self._state = SessionState(catalog, EditedNetwork.load(model))
        self._read = ReadRoom(self._state)
        self._turn = TurnRoom(self._state, after=self._turned)
        self._learn = LearnRoom(self._state, self._turn, self._lock)
        self._nudge = NudgeRoom(self._state, self._turn)
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
        self.outbox = self._state.outbox

    def handle(self, request: AnyRequest) -> None:
        """Do what a request asks for; what goes wrong is told, and leaves the session as it was."""
        with self._lock.high_priority():
            self.used = time.monotonic()
            try:
                handler = self._handlers.get(type(request))
                if handler is None:
                    raise RefusedError("unavailable", f"This studio cannot do {type(request).__name__} yet.")
                handler(request)
            except Exception as error:
                self._state.tell(failure(error, request.id))

    def noted(self, request: AnyRequest) -> bool:
        """Take note of what can be done at once, without waiting for training; False where it cannot."""
        if not isinstance(request, requests.NextPicture):
            return False
        self.used = time.monotonic()
        self._learn.next_picture()
        return True

    def greet(self, resumed: bool) -> None:
        """Tell a page that has just come everything that it shows."""
        with self._lock.high_priority():
            self.used = time.monotonic()
            state = self._state
            networks, data_sets = state.catalog.networks, state.catalog.data_sets
            state.tell(
                events.Welcome(
                    0, self.identity, resumed, __version__, networks, data_sets, MAX_UPLOAD
                )
            )  # fmt: skip
            state.tell_network(0)
            self._turn.tell(0, None)
            self._read.tell(0)
            self._read.read(0)
            state.tell_judged(0)
            state.tell(events.DataSets(0, state.catalog.choices, None), key="dataSets")
            self._learn.tell(0)
            self._learn.tell_curves(0)

    def open_picture(self, content: bytes) -> None:
        """Read a picture file."""
        with self._lock.high_priority():
            self._read.open_picture(content)

    def _fetch_data(self, request: requests.FetchData) -> None:
        """Download a data set; the page is told how it goes."""
        state = self._state

        def tell(words: str | None) -> None:
            state.tell(events.DataSets(request.id, state.catalog.choices, words), key="dataSets")

        state.catalog.fetch(request.name, tell, lambda error: state.tell(failure(error, request.id)))

    def _load(self, request: requests.LoadNetwork) -> None:
        """Take up a shipped network."""
        if request.name not in self._state.catalog.networks:
            known = ", ".join(self._state.catalog.networks)
            raise RefusedError("unavailable", f"There is no shipped network {request.name!r}; there is {known}.")
        self._take_up(EditedNetwork.load(request.name, self._state.edited.version + 1), request.id)

    def _turned(self, request: int) -> None:
        """A knob was turned."""
        self._learn.turned()
        self._read.read(request)

    def _set_up(self, request: requests.SetUp) -> None:
        """A new training run."""
        edited = self._learn.set_up(request)
        self._take_up(edited, request.id, self._learn.start_over)

    def _take_up(self, edited: EditedNetwork, request: int, begin: Callable[[], None] | None = None) -> None:
        """Look at another network; ``begin`` makes the training run of it, if there is one already."""
        self._state.take_up(edited)
        self._turn.begin_anew()
        (begin or self._learn.begin_anew)()
        self._state.tell_network(request)
        self._turn.tell(request)
        self._read.read(request)
        self._state.tell_judged(request)
        self._learn.tell(request)
        self._learn.tell_curves(request)

    def left(self) -> None:
        """The page has gone, perhaps to come back."""
        self.used = time.monotonic()

    def open_network(self, content: bytes, name: str) -> None:
        """Take up the network of a file."""
        with self._lock.high_priority():
            self._take_up(EditedNetwork.of_bytes(content, name, self._state.edited.version + 1), 0)

    def network_file(self) -> bytes:
        """The network as it stands, as a file: with what is switched off put in."""
        with self._lock.high_priority():
            return network_bytes(self._state.edited.effective)

    @property
    def training(self) -> bool:
        """Whether training runs."""
        return self._learn.busy

    def close(self, reason: Reason) -> None:
        """Let go of everything; a page that is still there is told why."""
        self._learn.close()
        self.outbox.end(reason)
