"""Read: run a drawing, an example or a picture through the network, and show every step."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np

from pellucid.data.drawings.centring import fit
from pellucid.data.paper import paper_level, squared
from pellucid.data.preparation import Preparation
from pellucid.inspect.voting import votes_of
from pellucid.network.prediction import Reading
from pellucid.programs.traces import LayerTrace, Trace
from pellucid.studio import events, requests
from pellucid.studio.edited_network import centring_of
from pellucid.studio.frames import Payload
from pellucid.studio.pad import SIDE, Pad
from pellucid.studio.parts import Centring, CentringStep, Example, Part
from pellucid.studio.refusal import RefusedError
from pellucid.studio.session_state import Pixels, SessionState

MAX_PICTURE_PIXELS = 24_000_000
"""Most pixels of an uploaded picture."""


class ReadRoom:
    """The picture at the inputs, wherever it comes from, and what the network reads."""

    def __init__(self, state: SessionState) -> None:
        self._state = state
        self._pad = Pad()
        self._picture: Pixels | None = None
        self._source: Literal["pad", "picture", "example", "pixels"] = "pad"
        self._example: Example | None = None
        self._data, self._data_name = state.data, state.data_name
        self._preparation = state.edited.preparation
        self._centring, self._pictures = centring_of(self._preparation), False

    def pen(self, request: requests.Pen) -> None:
        """Draw."""
        self._pad.draw(request.stroke, request.points, request.width, request.erase)
        if self._source == "pad":
            self.read(request.id)
        else:
            self._show_pad(request.id)

    def undo(self, request: requests.UndoStroke) -> None:
        """Undo the last stroke."""
        self._pad.undo()
        self._show_pad(request.id)

    def redo(self, request: requests.RedoStroke) -> None:
        """Redo the last stroke that was undone."""
        self._pad.redo()
        self._show_pad(request.id)

    def clear(self, request: requests.ClearDrawing) -> None:
        """Clear the pad."""
        self._pad.clear()
        self._show_pad(request.id)

    def set_drawing(self, request: requests.SetDrawing) -> None:
        """Replace the drawing."""
        self._pad.replace(request.strokes)
        self._show_pad(request.id)

    def open_example(self, request: requests.OpenExample) -> None:
        """Read an image of the data set."""
        self.show_example(request.part, request.index, request.id)

    def show_example(self, part: Part, index: int, request: int = 0) -> None:
        """Read an image of the data set; for other rooms too."""
        data = self._state.part(part)
        if index >= len(data):
            raise RefusedError("bad_value", f"Expected an image from 0 to {len(data) - 1}, got {index}.")
        self._source, self._example = "example", Example(part, index)
        self._take_example(part, index)
        self._show(request)

    def _take_example(self, part: Part, index: int) -> None:
        state = self._state
        self._data, self._data_name = state.data, state.data_name
        self._picture = state.raw_ink(part, index)
        state.pixels = state.unit(part, np.array([index]))[0]
        state.label = int(state.part(part).labels[index])

    def open_pixels(self, request: requests.OpenPixels) -> None:
        """Read pixels without centring."""
        self._source = "pixels"
        self._picture = None
        self._example = self._state.label = None
        self._state.pixels = np.array(request.pixels, np.float32).reshape(self._state.pixels.shape)
        self._show(request.id)

    def open_picture(self, content: bytes) -> None:
        """Read a picture file: the largest digit in it."""
        from pellucid.data.drawings import read_picture  # slow to import

        grey = read_picture(content, max_pixels=MAX_PICTURE_PIXELS)
        raw = self._state.catalog.is_raw(self._state.data_name)
        self._picture = self._own_ink(grey) if raw else _largest_digit(grey)
        self._source, self._example, self._state.label = "picture", None, None
        self._show(0)

    def _own_ink(self, grey: Pixels) -> Pixels:
        """The ink of a whole picture, as of those that the network was trained on; its own edges are its paper."""
        dark = paper_level(grey) > float(grey.mean())
        square = squared(grey)
        return replace(self._state.edited.preparation, dark_ink=dark).ink(square)

    def set_centring(self, request: requests.SetCentring) -> None:
        """Choose the steps of the centring."""
        self._centring, self._pictures = request.centring or self._centring, request.pictures
        self.read(request.id)

    def network_changed(self, request: int) -> None:
        """Read with another network: where its training prepared pictures in another way, prepare them so here."""
        data, preparation = self._state.data, self._state.edited.preparation
        moved = preparation != self._preparation
        if moved:
            self._preparation, self._centring = preparation, centring_of(preparation)
        if self._example is not None and self._data is not data:
            if self._state.data_name != self._data_name:
                self._source, self._example, self._state.label = "pad", None, None
                moved = True
            else:
                self._take_example(self._example.part, self._example.index)
        if moved:
            self.send_drawing(request)
        self.read(request)

    def votes(self, request: requests.AskVotes) -> None:
        """Send the votes for one neuron."""
        state, payload = self._state, Payload()
        found = votes_of(state.edited.effective, state.trace(), request.layer, request.neuron)
        inputs, weights, terms = (payload.put(part) for part in (found.inputs, found.weights, found.terms))
        state.send(
            events.Votes(
                request.id, state.edited.version, found.layer, found.neuron, inputs, weights, terms,
                found.ranking.tolist(), found.bias, found.sum, found.positive, found.negative, found.slope,
                found.activation, str(found),
            ),
            payload,
        )  # fmt: skip

    def browse(self, request: requests.BrowseExamples) -> None:
        """Send a page of the data set."""
        state, payload = self._state, Payload()
        data, outputs = state.part(request.part), state.outputs(request.part)
        guesses = outputs.argmax(axis=1)
        fits = np.ones(len(data), bool)
        if request.label is not None:
            fits &= data.labels == request.label
        if request.reading is not None:
            fits &= guesses == request.reading
        if request.wrong:
            fits &= guesses != data.labels
        found = np.flatnonzero(fits)
        chosen = found[request.begin : request.begin + request.count]
        state.send(
            events.Examples(
                request.id, request.part, request.begin, len(found), chosen.tolist(), data.labels[chosen].tolist(),
                guesses[chosen].tolist(), payload.put(outputs[chosen].max(axis=1)),
                payload.put(state.unit(request.part, chosen)),
            ),
            payload,
        )  # fmt: skip

    def send_drawing(self, request: int) -> None:
        """Send the drawing, or what is read in its place."""
        strokes = self._pad.strokes if self._source == "pad" else []
        pad = self._pad
        self._state.send(
            events.Drawing(
                request, self._source, strokes, pad.can_undo, pad.can_redo, self._example, self._state.label,
                self._centring, self._pictures,
            )
        )  # fmt: skip

    def read(self, request: int) -> None:
        """Centre the picture, run the network on it, and send the result."""
        state, payload = self._state, Payload()
        steps = self._centre(payload)
        trace = state.trace()
        outputs = trace.outputs
        reading = Reading(outputs if np.isfinite(outputs).all() else np.nan_to_num(outputs), state.edited.net.classes)
        state.send(
            events.Reading(
                request, state.edited.version, payload.put(state.pixels), layer_readings(trace, payload),
                reading.order.tolist(), _words(reading, trace) if state.pixels.any() else "", steps,
            ),
            payload,
        )  # fmt: skip

    def _show_pad(self, request: int) -> None:
        self._source = "pad"
        self._example = self._state.label = self._picture = None
        self._show(request)

    def _show(self, request: int) -> None:
        self.send_drawing(request)
        self.read(request)

    def _centre(self, payload: Payload) -> list[CentringStep]:
        """Centre a drawing or a picture; return the steps, where they are wanted."""
        ink = self._pad.ink if self._source == "pad" else self._picture
        if ink is None:
            return []
        steps = preparation_with(self._centring).steps(ink)
        self._state.pixels = steps[-1].picture
        if not self._pictures:
            return []
        return [
            CentringStep(step.name, step.caption, step.done, payload.put(step.picture), step.box, step.centre)  # type: ignore[arg-type]
            for step in steps
        ]


def preparation_with(how: Centring) -> Preparation:
    """Return the preparation of ink with the steps that the page has chosen."""
    return Preparation(False, how.thicken, how.scale, how.smooth, how.mass)


def _largest_digit(grey: Pixels) -> Pixels:
    """Return the ink of the largest digit of a picture; it fills four fifths of the pad's side."""
    from pellucid.data.drawings import find_digits  # slow to import

    digits = find_digits(grey)
    if not digits:
        raise RefusedError(
            "bad_value", "Found no digit in this picture: use one whose strokes stand out from the paper."
        )
    largest = max(digits, key=lambda digit: digit.steps["cut out"].size)
    ink = fit(largest.steps["cut out"], SIDE * 4 // 5)
    return np.pad(ink, (SIDE - ink.shape[0]) // 2 + 1)[:SIDE, :SIDE]


def _words(reading: Reading, trace: Trace[LayerTrace]) -> str:
    if not np.isfinite(trace.outputs).all():
        return "The weighted sums are too large: the outputs are not numbers."
    return str(reading)


def layer_readings(trace: Trace[LayerTrace], payload: Payload) -> list[events.LayerReading]:
    """The sums and activations of every layer, in the form that the page receives."""
    return [events.LayerReading(payload.put(layer.sums), payload.put(layer.activations)) for layer in trace.layers]
