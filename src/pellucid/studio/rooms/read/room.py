"""Read: run a drawing, an example, a picture or a row of features through the network, and show every step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pellucid.data.drawings.segments import draw_line
from pellucid.inspect.voting import votes_of
from pellucid.network.prediction import Reading, values_in_words
from pellucid.programs.traces import LayerTrace, Trace
from pellucid.studio.protocol import events, requests
from pellucid.studio.protocol.frames import Payload
from pellucid.studio.protocol.parts import Example, Part, Stroke
from pellucid.studio.protocol.refusal import RefusedError
from pellucid.studio.rooms.read.drawing_input import DrawingInput
from pellucid.studio.rooms.read.pad import Ink, Pad
from pellucid.studio.rooms.read.row_input import set_features, typical_row
from pellucid.studio.state.edited_network import EditedNetwork
from pellucid.studio.state.session_state import SessionState

Source = Literal["pad", "picture", "example", "pixels", "row"]


class Drawn(NamedTuple):
    """Ink (H, W), and the way from it to the inputs."""

    ink: Ink
    prepare: Callable[[Ink], Ink]


class ReadRoom:
    """What is at the inputs, wherever it comes from, and what the network reads; ``on_read`` is called after it."""

    def __init__(self, state: SessionState, on_read: Callable[[int], None]) -> None:
        self._state, self._on_read = state, on_read
        self._drawing = DrawingInput(state)
        self._source: Source = "pad"
        self._example: Example | None = None
        self._data, self._data_name, self._form = state.data, state.data_name, state.form
        self._clear()

    def _clear(self) -> None:
        """Show nothing: an empty pad, or a typical row."""
        state = self._state
        self._example = state.label = state.targets = self._drawing.picture = None
        if state.form.columns is None:
            self._source = "pad"
            state.given = state.form.inputs_of(np.zeros(state.form.grid, np.float32))
        else:
            self._source, state.given = "row", typical_row(state)

    def pen(self, request: requests.Pen) -> None:
        """Draw."""
        self._pad().draw(request.stroke, request.points, request.width, request.erase)
        if self._source == "pad":
            self.read(request.id)
        else:
            self._show_pad(request.id)

    def undo(self, request: requests.UndoStroke) -> None:
        """Undo the last stroke."""
        self._pad().undo()
        self._show_pad(request.id)

    def redo(self, request: requests.RedoStroke) -> None:
        """Redo the last stroke that was undone."""
        self._pad().redo()
        self._show_pad(request.id)

    def clear(self, request: requests.ClearDrawing) -> None:
        """Clear the pad."""
        self._pad().clear()
        self._show_pad(request.id)

    def set_drawing(self, request: requests.SetDrawing) -> None:
        """Replace the drawing."""
        self._pad().replace(request.strokes)
        self._show_pad(request.id)

    def _pad(self) -> Pad:
        self._check_drawn()
        return self._drawing.pad

    def _check_drawn(self) -> None:
        """Refuse drawings and pictures for a network that takes rows."""
        if self._state.form.columns is not None:
            raise RefusedError(
                "bad_value", "Expected the features of a row, which this network takes, got a drawing: set its values."
            )

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
        self.show(request)

    def _take_example(self, part: Part, index: int) -> None:
        state, data = self._state, self._state.part(part)
        self._data, self._data_name, self._form = state.data, state.data_name, state.form
        self._drawing.take_example(part, index)
        state.given = state.originals(part, np.array([index]))[0]
        state.label = int(data.labels[index]) if data.has_classes else None
        state.targets = None if data.has_classes else data.targets[index]

    def open_pixels(self, request: requests.OpenPixels) -> None:
        """Read pixels without centring."""
        self._check_drawn()
        state = self._state
        if len(request.pixels) != state.form.size:
            raise RefusedError("bad_value", f"Expected {state.form.size:,} pixels, got {len(request.pixels):,}.")
        self._leave_example("pixels")
        state.given = np.array(request.pixels, np.float32).reshape(state.form.shape)
        self.show(request.id)

    def set_features(self, request: requests.SetFeatures) -> None:
        """Change values of the row."""
        self._state.given = set_features(self._state, request.features, request.values)
        self._leave_example("row")
        self.show(request.id)

    def _leave_example(self, source: Source) -> None:
        """Something of one's own takes the place of an example, a drawing or a picture."""
        self._source = source
        self._example = self._state.label = self._state.targets = self._drawing.picture = None

    def open_picture(self, content: bytes) -> None:
        """Read a picture file: the largest digit in it."""
        self._check_drawn()
        self._drawing.open_picture(content)
        picture = self._drawing.picture
        self._leave_example("picture")
        self._drawing.picture = picture
        self.show(0)

    def set_centring(self, request: requests.SetCentring) -> None:
        """Choose the steps of the centring."""
        drawing = self._drawing
        drawing.centring, drawing.sends_pictures = request.centring or drawing.centring, request.pictures
        self.read(request.id)

    def network_changed(self, request: int) -> None:
        """Read with another network: where its training prepared the data in another way, prepare them so here."""
        state = self._state
        moved = self._drawing.refit() if state.form.columns is None else False
        others = state.data_name != self._data_name and (self._example is not None or self._source == "row")
        if state.form.shape != self._form.shape or others:
            self._clear()
            moved = True
        elif self._data is not state.data:
            moved = moved or state.form.columns is not None
            self._prepare_again()
        self._data, self._data_name, self._form = state.data, state.data_name, state.form
        (self.show if moved else self.read)(request)

    def _prepare_again(self) -> None:
        """Prepare the example, or the row, as the present network takes it."""
        if self._example is not None:
            self._take_example(self._example.part, self._example.index)
        elif self._form.columns is not None and self._state.form.columns is not None:
            row = self._form.columns.restore(self._state.inputs)
            self._state.given = self._state.form.columns.prepare(row)

    def ink(self) -> Drawn:
        """Return the ink at the inputs, and how it becomes the pixels that are read; for other rooms too.

        Raises
        ------
        RefusedError
            For a row, for nothing drawn, and for pictures whose channels differ.
        """
        ink, prepare = self._drawn()
        return Drawn(ink, lambda changed: self._state.with_grey(prepare(changed)))

    def _drawn(self) -> Drawn:
        """Return the ink, and how it becomes pixels before these are rounded to the grey levels."""
        self._check_drawn()
        state, drawing = self._state, self._drawing
        if not state.has_ink:
            raise RefusedError("out_of_order", "There is nothing drawn yet: draw something first, or open an image.")
        ink = drawing.pad.ink if self._source == "pad" else drawing.picture
        if ink is not None:
            return Drawn(ink.copy(), drawing.prepare)
        plane = state.given.reshape(-1, *state.form.grid)
        if (plane != plane[:1]).any():
            raise RefusedError("bad_value", "Expected a picture without colours: draw, or open a grey one.")
        return Drawn(1 - plane[0] if state.form.dark_ink else plane[0].copy(), state.form.inputs_of)

    @property
    def own_strokes(self) -> list[list[float]]:
        """The strokes of the pad that add ink; none while something else is read."""
        if self._source != "pad":
            return []
        return [list(stroke.points) for stroke in self._drawing.pad.strokes if not stroke.erase]

    @property
    def test_example(self) -> int | None:
        """The held-out example that is read, by its index."""
        example = self._example
        return None if example is None or example.part != "test" else example.index

    def draw_over(self, strokes: Sequence[Stroke], request: int) -> None:
        """Draw strokes over what is at the inputs: the pad, a picture file, or the pixels of an example."""
        state, drawing = self._state, self._drawing
        if self._source == "pad":
            for stroke in strokes:
                drawing.pad.draw(len(drawing.pad.strokes), stroke.points, stroke.width, stroke.erase)
            self._show_pad(request)
            return
        changed, prepare = self._drawn()
        for stroke in strokes:
            draw_line(changed, stroke.points, stroke.width, stroke.erase)
        picture = None if drawing.picture is None else changed
        self._leave_example("pixels" if picture is None else "picture")
        drawing.picture = picture
        if picture is None:
            state.given = prepare(changed)
        self.show(request)

    def votes(self, request: requests.AskVotes) -> None:
        """Send the votes for one neuron."""
        state, payload = self._state, Payload()
        at = None if request.at is None else (request.at[0], request.at[1])
        found = votes_of(state.edited.effective, state.trace(), request.layer, request.neuron, at)
        inputs, weights, terms = (payload.put(part) for part in (found.inputs, found.weights, found.terms))
        state.send(
            events.Votes(
                request.id, state.edited.version, found.layer, found.neuron, inputs, weights, terms,
                found.ranking.tolist(), found.bias, found.sum, found.positive, found.negative, found.slope,
                found.activation, str(found), None if found.at is None else list(found.at),
            ),
            payload,
        )  # fmt: skip

    def browse(self, request: requests.BrowseExamples) -> None:
        """Send a page of the data set."""
        state, payload = self._state, Payload()
        data, outputs = state.part(request.part), state.outputs(request.part)
        found = self._fitting(request)
        chosen = found[request.begin : request.begin + request.count]
        labels = data.labels[chosen].tolist() if data.has_classes else []
        guesses = outputs[chosen].argmax(axis=1).tolist() if data.has_classes else []
        targets = None if data.has_classes else payload.put(data.targets[chosen])
        state.send(
            events.Examples(
                request.id, request.part, request.begin, len(found), chosen.tolist(), labels, guesses,
                payload.put(outputs[chosen].max(axis=1)), targets, payload.put(state.unit(request.part, chosen)),
            ),
            payload,
        )  # fmt: skip

    def _fitting(self, request: requests.BrowseExamples) -> NDArray[np.intp]:
        """The examples that a request asks for."""
        data = self._state.part(request.part)
        fits = np.ones(len(data), bool)
        if request.label is None and request.reading is None and not request.wrong:
            return np.flatnonzero(fits)
        if not data.has_classes:
            raise RefusedError("bad_value", "Expected data with classes to choose examples by them: ask for all.")
        guesses = self._state.outputs(request.part).argmax(axis=1)
        if request.label is not None:
            fits &= data.labels == request.label
        if request.reading is not None:
            fits &= guesses == request.reading
        if request.wrong:
            fits &= guesses != data.labels
        return np.flatnonzero(fits)

    def send_drawing(self, request: int) -> None:
        """Send the drawing, or what is read in its place."""
        drawing, state = self._drawing, self._state
        pad, targets = drawing.pad, state.targets
        state.send(
            events.Drawing(
                request, self._source, pad.strokes if self._source == "pad" else [], pad.can_undo, pad.can_redo,
                self._example, state.label, None if targets is None else targets.tolist(), drawing.centring,
                drawing.sends_pictures,
            )
        )  # fmt: skip

    def show(self, request: int) -> None:
        """Send the drawing, and what the network reads: one right after the other, since they belong together."""
        reading, payload = self._reading(request)
        with self._state.outbox.gathering():
            self.send_drawing(request)
            self._state.send(reading, payload)
            self._on_read(request)

    def read(self, request: int) -> None:
        """Centre the picture, run the network on it, and send the result."""
        reading, payload = self._reading(request)
        with self._state.outbox.gathering():
            self._state.send(reading, payload)
            self._on_read(request)

    def _reading(self, request: int) -> tuple[events.Reading, Payload]:
        state, payload = self._state, Payload()
        drawing, edited = self._drawing, state.edited
        steps = drawing.write_inputs(drawing.pad.ink if self._source == "pad" else drawing.picture, payload)
        trace, row = state.trace(), state.row
        event = events.Reading(
            request, edited.version, payload.put(state.inputs), None if row is None else payload.put(row),
            layer_readings(trace, payload), order_of(trace, edited), words_of(trace, edited) if state.has_ink else "",
            steps, drawing.count_digits(self._source), state.likeness(),
        )  # fmt: skip
        return event, payload

    def _show_pad(self, request: int) -> None:
        self._leave_example("pad")
        self.show(request)


def order_of(trace: Trace[LayerTrace], edited: EditedNetwork) -> list[int]:
    """The classes in decreasing order of their outputs; values in their own order."""
    outputs = np.nan_to_num(trace.outputs)
    order: list[int] = Reading(outputs, edited.net.classes).order.tolist()
    return list(range(len(outputs))) if edited.predicts_values else order


def words_of(trace: Trace[LayerTrace], edited: EditedNetwork) -> str:
    """What a network reads in words, also where the outputs are not numbers."""
    if not np.isfinite(trace.outputs).all():
        return "The weighted sums are too large: the outputs are not numbers."
    names = edited.net.classes
    return values_in_words(trace.outputs, names) if edited.predicts_values else str(Reading(trace.outputs, names))


def layer_readings(trace: Trace[LayerTrace], payload: Payload) -> list[events.LayerReading]:
    """The sums and activations of every layer, in the form that the page receives."""
    return [events.LayerReading(payload.put(layer.sums), payload.put(layer.activations)) for layer in trace.layers]
