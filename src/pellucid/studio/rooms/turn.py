"""Turn: change any knob, neuron or layer, undo and redo, and see what happens to the accuracy."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pellucid.inspect.ablation import ablate, noisy
from pellucid.inspect.checks import unit_count
from pellucid.inspect.knobs import Knobs
from pellucid.inspect.names import INPUTS, knob_name, layer_name, neuron_name
from pellucid.studio.protocol import events, requests
from pellucid.studio.protocol.frames import Payload
from pellucid.studio.protocol.parts import Change
from pellucid.studio.protocol.refusal import RefusedError
from pellucid.studio.state.edit_history import Edit, EditHistory, Factors, Indices, Vector, put
from pellucid.studio.state.edited_network import Place
from pellucid.studio.state.session_state import SessionState, finite

MAX_SWEPT = 40_000_000_000
"""Most multiply-adds of a sweep: larger networks are evaluated on fewer images, so that nobody waits for them."""

_FEW = 64
"""A change of more knobs than this is sent as the whole vector."""


class TurnRoom:
    """Changes to the session's network.

    Parameters
    ----------
    state : SessionState
    on_change : function
        Called after each change with the number of the request, and whether a knob or a factor was changed.
    evaluate : function
        Called likewise, after everything else: sends loss and accuracy.
    """

    def __init__(
        self, state: SessionState, on_change: Callable[[int, bool], None], evaluate: Callable[[int], None]
    ) -> None:
        self._state, self._on_change, self._evaluate = state, on_change, evaluate
        self._history = EditHistory()
        self.clear_history()

    def clear_history(self) -> None:
        """Forget all changes: the network is another one, or has been trained."""
        self._history.clear()
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
        begun = self._history.open(gesture)
        if begun is not None and begun.knobs is not None:
            indices, values = self._extended(begun, begun.knobs, indices, values)
        before = self._state.edited.net.parameters[indices].copy()
        edit = self._edit("knobs", "", indices, before, values, gesture=gesture)
        self._describe(edit)
        self._apply(edit, request.id)

    def scale_neuron(self, request: requests.ScaleNeuron) -> None:
        """Multiply a neuron's activation; 0 switches it off."""
        size = self._width(request.layer)
        if request.neuron >= size:
            raise RefusedError("bad_value", f"Expected a neuron from 0 to {size - 1}, got {request.neuron}.")
        name = neuron_name(self._state.edited.net, request.layer, request.neuron)
        places = [(request.layer, request.neuron)]
        self._scale("neuron", name, places, request.factor, request.gesture, request.id)

    def scale_layer(self, request: requests.ScaleLayer) -> None:
        """Multiply all activations of a layer; 0 switches it off."""
        places = [(request.layer, neuron) for neuron in range(self._width(request.layer))]
        name = layer_name(self._state.edited.net, request.layer)
        self._scale("layer", name, places, request.factor, request.gesture, request.id)

    def set_grey_levels(self, request: requests.SetGreyLevels) -> None:
        """Round the pixels that the network reads; None leaves them as they are."""
        state, levels = self._state, request.levels
        if levels is not None:
            state.check_grey()
        text = "pixels as they are" if levels is None else f"pixels rounded to {levels} grey levels"
        no_knobs, no_values = np.zeros(0, np.int64), np.zeros(0, np.float32)
        edit = self._edit("grey", text, no_knobs, no_values, no_values, gesture=("grey", request.gesture))
        edit.grey_after = levels
        self._apply(edit, request.id)

    def drop_grey_levels(self, request: int) -> None:
        """Read pixels as they are: training uses them so."""
        if self._state.edited.grey_levels is not None:
            self._state.edited.grey_levels = None
            self._send(request, np.zeros(0, np.int64))

    def add_noise(self, request: requests.AddNoise) -> None:
        """Add noise to weights and biases."""
        net = self._state.edited.net
        gesture = ("noise", request.gesture, request.layer)
        begun = self._history.open(gesture)
        if begun is not None:  # within a gesture, new noise replaces the noise before
            put(self._state.edited, None, begun.before, begun.factors_before)
        before = net.parameters.copy()
        after = noisy(net, request.spread, layer=request.layer, seed=request.seed).parameters
        where = "all layers" if request.layer is None else layer_name(net, request.layer)
        text = f"noise of {request.spread:g} on {where}"
        self._apply(self._edit("noise", text, None, before, after, gesture=gesture, noise=request.spread), request.id)

    def undo(self, request: requests.UndoTurn) -> None:
        """Undo the last change."""
        self._go_to(self._history.position - 1, request.id)

    def redo(self, request: requests.RedoTurn) -> None:
        """Redo the last change that was undone."""
        self._go_to(self._history.position + 1, request.id)

    def go_to(self, request: requests.GoToChange) -> None:
        """Undo or redo until so many changes are in effect."""
        self._go_to(request.position, request.id)

    def reset_knobs(self, request: requests.ResetKnobs) -> None:
        """Reset all knobs."""
        edited = self._state.edited
        after, text = {
            "trained": (edited.trained, "all knobs as trained"),
            "initial": (edited.initial, f"all knobs as drawn from seed {edited.net.seed}"),
            "opened": (edited.opened, f"{edited.name} as opened"),
        }[request.to]
        edit = self._edit("reset", text, None, edited.net.parameters.copy(), after.copy(), factors={})
        edit.grey_after = None
        self._apply(edit, request.id)

    def step(self, text: str, after: Vector, request: int) -> None:
        """Apply a training step of another room."""
        before = self._state.edited.net.parameters.copy()
        self._apply(self._edit("step", text, None, before, after), request)

    def find(self, request: requests.FindKnobs) -> None:
        """Find knobs by name."""
        edited, found = self._state.edited, self._knobs.find(request.query)
        knobs = [
            events.KnobInfo(
                knob.index, str(knob), knob.layer, knob.neuron, knob.input, float(edited.net.parameters[knob.index]),
                float(edited.trained[knob.index]), float(edited.initial[knob.index]),
            )
            for knob in (self._knobs[int(index)] for index in found[: request.count])
        ]  # fmt: skip
        self._state.send(events.Knobs(request.id, len(found), knobs))

    def sweep(self, request: requests.SweepKnob) -> None:
        """Evaluate the network for many values of one knob."""
        state, payload = self._state, Payload()
        index = self._knobs[request.knob].index
        values = np.linspace(request.low, request.high, request.count, dtype=np.float64).astype(np.float32)
        twin, factor = state.edited.effective.copy(), self._factor_of(index)
        test, evaluations = state.test, []
        images = min(len(test), max(1, MAX_SWEPT // (request.count * twin.program.cost.products)))
        for value in values:
            twin.parameters[index] = value * factor
            evaluations.append(state.evaluate(twin, test=test[:images]))
        losses, accuracies = np.array(evaluations).T
        state.send(
            events.Swept(
                request.id, state.edited.version, index, payload.put(values), payload.put(accuracies),
                payload.put(np.nan_to_num(losses, nan=np.inf)), images,
            ),
            payload,
        )  # fmt: skip

    def send_changes(self, request: int, knobs: Indices | None = None) -> None:
        """Send the list of changes with the knobs that changed; None stands for all of them."""
        state, history = self._state, self._history
        indices = values = None
        if knobs is not None and len(knobs) <= _FEW and not state.edited.factors:
            indices, values = knobs.tolist(), [finite(float(value)) for value in state.edited.net.parameters[knobs]]
        state.send(
            events.Turned(
                request, state.edited.version, indices, values, [edit.change for edit in history.edits],
                history.position, state.edited.factor_list(), history.noise, state.edited.grey_levels,
            )
        )  # fmt: skip

    def _extended(self, begun: Edit, earlier: Indices, indices: Indices, values: Vector) -> tuple[Indices, Vector]:
        """Extend a gesture, perhaps to more knobs; return all of its knobs so far and their new values."""
        parameters = self._state.edited.net.parameters
        union = np.union1d(earlier, indices)
        before, after = parameters[union].copy(), parameters[union].copy()
        before[np.searchsorted(union, earlier)] = begun.before
        after[np.searchsorted(union, indices)] = values
        begun.knobs, begun.before = union, before
        return union, after

    def _factor_of(self, knob: int) -> np.float32:
        """The product of the factors by which switched and scaled neurons multiply a knob."""
        ones = self._state.edited.net.copy()
        ones.parameters[...] = 1.0
        return np.float32(ablate(ones, self._state.edited.factors).parameters[knob])

    def _width(self, layer: int) -> int:
        """The number of neurons or channels of a layer, or of inputs for layer -1."""
        net = self._state.edited.net
        if layer >= len(net.layers):
            raise RefusedError("bad_value", f"Expected a layer from {INPUTS} to {len(net.layers) - 1}, got {layer}.")
        return unit_count(net, layer)

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
        """Make an edit that starts from the present factors and grey levels, and keeps the latter."""
        now, grey = dict(self._state.edited.factors), self._state.edited.grey_levels
        change = Change(0, kind, text)  # type: ignore[arg-type]
        return Edit(change, knobs, before, after, now, now if factors is None else factors, gesture, noise, grey, grey)

    def _describe(self, edit: Edit) -> None:
        """Fill in the text of an edit of knobs; for a single knob also its name and values."""
        if len(edit.before) > 1 or edit.knobs is None:
            edit.change.text = f"{len(edit.before):,} knobs"
            return
        knob, old, new = self._knobs[int(edit.knobs[0])], float(edit.before[0]), float(edit.after[0])
        edit.change.text = f"{knob_name(self._state.edited.net, knob)}: {old:.4g} to {new:.4g}"
        edit.change.knob, edit.change.before, edit.change.after = knob.index, old, new

    def _scale(self, kind: str, name: str, places: list[Place], factor: float, gesture: int, request: int) -> None:
        factors = dict(self._state.edited.factors)
        for place in places:
            factors.pop(place, None)
            if factor != 1.0:
                factors[place] = factor
        ablate(self._state.edited.net, factors)  # refuses what cannot be scaled, before anything is changed
        no_knobs, no_values = np.zeros(0, np.int64), np.zeros(0, np.float32)
        key, text = (kind, gesture, places[0]), f"{name} {_times(factor)}"
        edit = self._edit(kind, text, no_knobs, no_values, no_values, factors=factors, gesture=key)
        self._apply(edit, request)

    def _apply(self, edit: Edit, request: int) -> None:
        """Apply an edit and send it; it replaces the last edit of the same gesture."""
        begun = self._history.open(edit.gesture)
        put(self._state.edited, edit.knobs, edit.after, edit.factors_after)
        self._state.edited.grey_levels = edit.grey_after
        edit.change.id = self._history.next_id()
        if begun is not None:
            edit.change.id, edit.before, edit.factors_before = begun.change.id, begun.before, begun.factors_before
            edit.grey_before = begun.grey_before
            if edit.change.kind == "knobs":
                self._describe(edit)
            self._history.position -= 1
        self._history.add(edit)
        self._send(request, edit.knobs if edit.factors_before == edit.factors_after else None)

    def _go_to(self, position: int, request: int) -> None:
        knobs: Indices | None = np.zeros(0, np.int64)
        for edit in self._history.go_to(position, self._state.edited):
            everything = edit.knobs is None or edit.factors_before != edit.factors_after
            knobs = None if everything or knobs is None or edit.knobs is None else np.union1d(knobs, edit.knobs)
        self._send(request, knobs)

    def _send(self, request: int, knobs: Indices | None) -> None:
        """Send a change of these knobs, or of all of them, and everything that depends on it."""
        edited = self._state.edited
        edited.mark_changed()
        with self._state.outbox.gathering():
            self.send_changes(request, knobs)
            if knobs is None or len(knobs) > _FEW or edited.factors:
                self._state.send_parameters(request)
            self._on_change(request, knobs is None or len(knobs) > 0)
        self._evaluate(request)


def _times(factor: float) -> str:
    return {0.0: "switched off", 1.0: "switched on"}.get(factor, f"times {factor:g}")
