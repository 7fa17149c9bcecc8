"""Turn: any knob, any neuron, any layer; undone and made again; and what it does to the accuracy."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pellucid.inspect.ablation import noisy
from pellucid.inspect.knobs import Knobs
from pellucid.inspect.names import INPUTS
from pellucid.studio import events, requests
from pellucid.studio.changes import Changes, Edit, Factors, Indices, Vector, put
from pellucid.studio.frames import Payload
from pellucid.studio.parts import Change
from pellucid.studio.refusal import RefusedError
from pellucid.studio.session_state import SessionState, finite

_FEW = 64
"""Knobs up to which a change is told knob by knob, and not as a whole vector."""


class TurnRoom:
    """Changes to the session's network.

    Parameters
    ----------
    state : SessionState
    after : function
        Called after each change with the number of the request: the drawing is to be read anew, and training to know.
    """

    def __init__(self, state: SessionState, after: Callable[[int], None]) -> None:
        self._state, self._after = state, after
        self._changes = Changes()
        self.begin_anew()

    def begin_anew(self) -> None:
        """The network is another, or has been trained: nothing is left to undo."""
        self._changes.forget()
        self._knobs = Knobs(self._state.edited.net)

    def turn(self, request: requests.TurnKnobs) -> None:
        """Set knobs."""
        if len(request.knobs) != len(request.values):
            given = f"{len(request.knobs)} knobs and {len(request.values)} values"
            raise RefusedError("bad_value", f"Expected one value for each knob, got {given}.")
        indices, values = np.array(request.knobs, np.int64), np.array(request.values, np.float32)
        if indices.max() >= len(self._knobs):
            raise RefusedError("bad_value", f"Expected knobs up to {len(self._knobs) - 1}, got {indices.max()}.")
        if len(np.unique(indices)) != len(indices):
            raise RefusedError("bad_value", "Expected each knob once, got one twice.")
        gesture = ("knobs", request.gesture)
        begun = self._changes.open(gesture)
        if begun is not None and begun.knobs is not None:
            indices, values = self._go_on(begun, begun.knobs, indices, values)
        before = self._state.edited.net.parameters[indices].copy()
        edit = self._edit("knobs", "", indices, before, values, gesture=gesture)
        self._describe(edit)
        self._make(edit, request.id)

    def scale_neuron(self, request: requests.ScaleNeuron) -> None:
        """Switch a neuron off, or scale it."""
        size = self._width(request.layer)
        if request.neuron >= size:
            raise RefusedError("bad_value", f"Expected a neuron from 0 to {size - 1}, got {request.neuron}.")
        text = f"{_what(request.layer, request.neuron)} {_times(request.factor)}"
        places = [(request.layer, request.neuron)]
        self._scale("neuron", text, places, request.factor, request.gesture, request.id)

    def scale_layer(self, request: requests.ScaleLayer) -> None:
        """Switch a layer off, or scale it."""
        places = [(request.layer, neuron) for neuron in range(self._width(request.layer))]
        text = f"{_what(request.layer)} {_times(request.factor)}"
        self._scale("layer", text, places, request.factor, request.gesture, request.id)

    def add_noise(self, request: requests.AddNoise) -> None:
        """Add noise to weights and biases."""
        net = self._state.edited.net
        gesture = ("noise", request.gesture, request.layer)
        begun = self._changes.open(gesture)
        if begun is not None:  # the noise of before goes before the new one comes
            put(self._state.edited, None, begun.before, begun.factors_before)
        before = net.parameters.copy()
        after = noisy(net, request.spread, layer=request.layer, seed=request.seed).parameters
        where = "all layers" if request.layer is None else f"layer {request.layer}"
        text = f"noise of {request.spread:g} on {where}"
        self._make(self._edit("noise", text, None, before, after, gesture=gesture, noise=request.spread), request.id)

    def undo(self, request: requests.UndoTurn) -> None:
        """Take back the last change."""
        self._go_to(self._changes.position - 1, request.id)

    def redo(self, request: requests.RedoTurn) -> None:
        """Make it again."""
        self._go_to(self._changes.position + 1, request.id)

    def go_to(self, request: requests.GoToChange) -> None:
        """Undo or make again until so many stand."""
        self._go_to(request.position, request.id)

    def reset(self, request: requests.ResetKnobs) -> None:
        """Set all knobs back."""
        edited = self._state.edited
        after = edited.trained if request.to == "trained" else edited.initial
        text = "all knobs as trained" if request.to == "trained" else f"all knobs as drawn from seed {edited.net.seed}"
        edit = self._edit("reset", text, None, edited.net.parameters.copy(), after.copy(), factors={})
        self._make(edit, request.id)

    def step(self, text: str, after: Vector, request: int) -> None:
        """A step that another room takes."""
        before = self._state.edited.net.parameters.copy()
        self._make(self._edit("step", text, None, before, after), request)

    def find(self, request: requests.FindKnobs) -> None:
        """Knobs by name."""
        edited, found = self._state.edited, self._knobs.find(request.query)
        knobs = [
            events.KnobInfo(
                knob.index, str(knob), knob.layer, knob.neuron, knob.input, float(edited.net.parameters[knob.index]),
                float(edited.trained[knob.index]), float(edited.initial[knob.index]),
            )
            for knob in (self._knobs[int(index)] for index in found[: request.count])
        ]  # fmt: skip
        self._state.tell(events.Knobs(request.id, len(found), knobs))

    def sweep(self, request: requests.SweepKnob) -> None:
        """Loss and accuracy for many values of one knob."""
        state, payload = self._state, Payload()
        name = self._knobs[request.knob]
        values = np.linspace(request.low, request.high, request.count, dtype=np.float64).astype(np.float32)
        edited = state.edited
        twin = edited.effective.copy()
        # What switched neurons do to this knob is a factor, told from what they do to 1.
        scale = self._scale_of(name.index)
        judged = []
        for value in values:
            twin.parameters[name.index] = value * scale
            judged.append(state.judge(twin))
        losses, accuracies = np.array(judged).T
        state.tell(
            events.Swept(
                request.id, edited.version, name.index, payload.put(values), payload.put(accuracies),
                payload.put(np.nan_to_num(losses, nan=np.inf)),
            ),
            payload,
        )  # fmt: skip

    def tell(self, request: int, knobs: Indices | None = None) -> None:
        """What was changed: those knobs, or, where None, all."""
        state, changes = self._state, self._changes
        indices = values = None
        if knobs is not None and len(knobs) <= _FEW and not state.edited.factors:
            indices, values = knobs.tolist(), [finite(float(value)) for value in state.edited.net.parameters[knobs]]
        state.tell(
            events.Turned(
                request, state.edited.version, indices, values, [edit.change for edit in changes.edits],
                changes.position, state.edited.factor_list(), changes.noise,
            )
        )  # fmt: skip

    def _go_on(self, begun: Edit, earlier: Indices, indices: Indices, values: Vector) -> tuple[Indices, Vector]:
        """A movement that goes on, perhaps to other knobs: all of them so far, and their values now."""
        parameters = self._state.edited.net.parameters
        union = np.union1d(earlier, indices)
        before, after = parameters[union].copy(), parameters[union].copy()
        before[np.searchsorted(union, earlier)] = begun.before
        after[np.searchsorted(union, indices)] = values
        begun.knobs, begun.before = union, before
        return union, after

    def _scale_of(self, knob: int) -> np.float32:
        """What the factors multiply a knob by."""
        edited = self._state.edited
        place, factor = self._knobs[knob], 1.0
        last = len(edited.net.layers) - 1
        if place.layer == last:
            factor *= edited.factors.get((last, place.neuron), 1.0)
        if place.input is not None:
            factor *= edited.factors.get((place.layer - 1, place.input), 1.0)
        return np.float32(factor)

    def _width(self, layer: int) -> int:
        """Neurons of a layer, or inputs for layer -1."""
        widths = [int(np.prod(self._state.edited.net.input_shape))]
        widths += [int(np.prod(each.output_shape(each.input_shape))) for each in self._state.edited.net.layers]
        if layer + 1 >= len(widths):
            raise RefusedError("bad_value", f"Expected a layer from {INPUTS} to {len(widths) - 2}, got {layer}.")
        return widths[layer + 1]

    def _edit(
        self,
        kind: str,
        text: str,
        knobs: Indices | None,
        before: Vector,
        after: Vector,
        *,
        factors: Factors | None = None,
        gesture: object = None,
        noise: float = 0.0,
    ) -> Edit:
        """An edit from how things are to how they shall be."""
        now = dict(self._state.edited.factors)
        change = Change(0, kind, text)  # type: ignore[arg-type]
        return Edit(change, knobs, before, after, now, now if factors is None else factors, gesture, noise)

    def _describe(self, edit: Edit) -> None:
        """Name the knobs of an edit, and where there is one, its values."""
        if len(edit.before) > 1 or edit.knobs is None:
            edit.change.text = f"{len(edit.before):,} knobs"
            return
        knob, old, new = self._knobs[int(edit.knobs[0])], float(edit.before[0]), float(edit.after[0])
        edit.change.text = f"{knob}: {old:.4g} to {new:.4g}"
        edit.change.knob, edit.change.before, edit.change.after = knob.index, old, new

    def _scale(
        self, kind: str, text: str, places: list[tuple[int, int]], factor: float, gesture: int, request: int
    ) -> None:
        factors = dict(self._state.edited.factors)
        for place in places:
            factors.pop(place, None)
            if factor != 1.0:
                factors[place] = factor
        none: Indices = np.zeros(0, np.int64)
        nothing = np.zeros(0, np.float32)
        key = (kind, gesture, places[0])
        self._make(self._edit(kind, text, none, nothing, nothing, factors=factors, gesture=key), request)

    def _make(self, edit: Edit, request: int) -> None:
        """Do what an edit says, and tell; an edit of the gesture that is under way takes its place."""
        begun = self._changes.open(edit.gesture)
        put(self._state.edited, edit.knobs, edit.after, edit.factors_after)
        edit.change.id = self._changes.number()
        if begun is not None:
            edit.change.id, edit.before, edit.factors_before = begun.change.id, begun.before, begun.factors_before
            if edit.change.kind == "knobs":
                self._describe(edit)
            self._changes.position -= 1
        self._changes.add(edit)
        self._changed(request, edit.knobs if edit.factors_before == edit.factors_after else None)

    def _go_to(self, position: int, request: int) -> None:
        concerned = self._changes.go_to(position, self._state.edited)
        told: Indices | None = np.zeros(0, np.int64)
        for edit in concerned:
            whole = edit.knobs is None or edit.factors_before != edit.factors_after
            told = None if whole or told is None or edit.knobs is None else np.union1d(told, edit.knobs)
        self._changed(request, told)

    def _changed(self, request: int, knobs: Indices | None) -> None:
        edited = self._state.edited
        edited.changed()
        self.tell(request, knobs)
        if knobs is None or len(knobs) > _FEW or edited.factors:
            self._state.tell_parameters(request)
        self._after(request)
        self._state.tell_judged(request)


def _what(layer: int, neuron: int | None = None) -> str:
    if layer == INPUTS:
        return "all inputs" if neuron is None else f"input {neuron}"
    return f"layer {layer}" if neuron is None else f"neuron {neuron} of layer {layer}"


def _times(factor: float) -> str:
    return {0.0: "off", 1.0: "on"}.get(factor, f"times {factor:g}")
