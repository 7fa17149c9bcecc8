"""Nudge: backpropagation of one picture, stage by stage, with checks; the mean over a mini-batch; and the step."""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

from pellucid.inspect.ablation import ablate
from pellucid.inspect.backward import Backpropagation, backpropagate, check_activation, check_input, check_parameter
from pellucid.inspect.captions import stages
from pellucid.inspect.knobs import Knobs
from pellucid.inspect.names import knob_name
from pellucid.lessons.deeds import DerivativeChecked, StepTaken
from pellucid.network.network import Network
from pellucid.studio.protocol import events, requests
from pellucid.studio.protocol.frames import Payload
from pellucid.studio.protocol.refusal import RefusedError
from pellucid.studio.rooms.turn import TurnRoom
from pellucid.studio.state.session_state import SessionState, finite

Vector = NDArray[np.float32]
Targets = NDArray[np.int64] | NDArray[np.float32]
"""Classes (n,), or values (n, K)."""


class _Batch(msgspec.Struct):
    """A mini-batch and its gradient."""

    version: int
    images: Vector
    targets: Targets
    loss: str
    cost: float
    gradient: Vector


class NudgeRoom:
    """How examples would change the session's network."""

    def __init__(self, state: SessionState, turn: TurnRoom) -> None:
        self._state, self._turn = state, turn
        self._latest: tuple[int, Backpropagation, Vector] | None = None
        self._batch: _Batch | None = None

    def nudges(self, request: requests.AskNudges) -> None:
        """Backpropagate the present picture."""
        state = self._state
        net, target = state.edited.effective, self._target(request)
        # A copy, so that the numbers and their checks stay valid while knobs are turned.
        levels = state.levels(net, state.inputs)
        result = backpropagate(net.copy(), levels, target, request.loss or state.edited.loss)
        self._latest = state.edited.version, result, levels
        self._send(request.id, result)

    def _target(self, request: requests.AskNudges) -> int | Vector:
        """The target class, or the target values, of what is read."""
        state = self._state
        if not state.edited.predicts_values:
            if request.values is not None:
                raise RefusedError("bad_value", "Expected a target class for this network, got values.")
            label = state.label if request.label is None else request.label
            if label is None:
                raise RefusedError("bad_value", "This drawing has no label: choose a target.")
            return label
        values = state.targets if request.values is None else np.array(request.values, np.float32)
        if values is None or request.label is not None or values.shape != state.edited.net.output_shape:
            raise RefusedError("bad_value", "Expected a target value for each output: type them.")
        return values

    def batch(self, request: requests.AskBatchNudges) -> None:
        """Average the gradient over a mini-batch."""
        state, payload = self._state, Payload()
        data, indices = state.part(request.part), np.array(request.indices, np.int64)
        if indices.max() >= len(data):
            raise RefusedError("bad_value", f"Expected images up to {len(data) - 1}, got {indices.max()}.")
        net, loss = state.edited.effective, request.loss or state.edited.loss
        if request.knob is not None and request.knob >= net.parameter_count:
            raise RefusedError("bad_value", f"Expected a knob up to {net.parameter_count - 1}, got {request.knob}.")
        images, targets = state.levels(net, state.unit(request.part, indices)), data.targets[indices]
        mean = net.gradient(images, targets, loss)
        costs, norms, wishes = _each(net, images, targets, loss, request.knob)
        self._batch = _Batch(state.edited.version, images, targets, loss, mean.loss, mean.parameters)
        state.send(
            events.BatchNudges(
                request.id, state.edited.version, finite(mean.loss), payload.put(costs),
                targets.tolist() if data.has_classes else [], None if data.has_classes else payload.put(targets),
                payload.put(mean.parameters), None if request.knob is None else payload.put(wishes),
                payload.put(norms), _norm(mean.parameters),
            ),
            payload,
        )  # fmt: skip

    def check(self, request: requests.CheckNudge) -> None:
        """Check a derivative by a difference quotient."""
        if self._latest is None:
            raise RefusedError("out_of_order", "There is no backpropagation to check yet: run it for a picture first.")
        version, result, _ = self._latest
        if request.kind == "parameter":
            found = check_parameter(result, request.knob)
            name = knob_name(result.net, Knobs(result.net)[request.knob])
            self._state.activity.note(
                DerivativeChecked(
                    version, request.knob, result.label, result.loss, found.derivative, found.difference,
                    found.agrees,
                )
            )  # fmt: skip
        elif request.kind == "activation":
            found = check_activation(result, request.layer, request.neuron)
            name = found.name
        else:
            found = check_input(result, request.neuron)
            name = found.name
        self._state.send(
            events.Checked(
                request.id, request.kind, name, found.value, finite(found.derivative), finite(found.difference),
                found.h, finite(found.above), finite(found.below), finite(found.relative_error), found.agrees,
            )
        )  # fmt: skip

    def step(self, request: requests.TakeStep) -> None:
        """Take the step that the example or the mini-batch asks for."""
        state, edited = self._state, self._state.edited
        images, targets, loss, cost, gradient = self._latest_gradient(request.of)
        scaled = gradient
        if edited.factors:
            # The gradient by a knob that a factor multiplies is multiplied by that factor.
            ones = edited.net.copy()
            ones.parameters[...] = 1.0
            scaled = gradient * ablate(ones, edited.factors).parameters
        rate, norm = request.learning_rate, _norm(scaled)
        after = (edited.net.parameters - np.float32(rate) * scaled).astype(np.float32)
        if not np.isfinite(after).all():
            raise RefusedError("diverged", "At this learning rate the parameters would overflow: choose a smaller one.")
        one = "picture" if state.form.columns is None else "row"
        pictures = f"1 {one}" if len(images) == 1 else f"{len(images)} {one}s"
        what = f"this {one}" if request.of == "example" else pictures
        accuracy = state.evaluation().accuracy
        changed = int((after != edited.net.parameters).sum())
        self._turn.step(f"a step for {what}, rate {rate:g}", after, request.id)
        now = edited.effective.gradient(images, targets, loss).loss
        predicted = cost - rate * norm * norm
        label = int(targets[0]) if request.of == "example" and state.data.test.has_classes else None
        state.activity.note(StepTaken(edited.version, request.of, label, rate, changed, finite(cost), finite(now)))
        state.send(
            events.Stepped(
                request.id, edited.version, finite(cost), finite(now), accuracy, state.evaluation().accuracy,
                finite(predicted), rate, finite(norm),
            )
        )  # fmt: skip

    def _latest_gradient(self, of: str) -> tuple[Vector, Targets, str, float, Vector]:
        """Images, targets, loss, cost and gradient to take a step for; they must be of the present network."""
        version = self._state.edited.version
        if of == "batch" and self._batch is not None and self._batch.version == version:
            batch = self._batch
            return batch.images, batch.targets, batch.loss, batch.cost, batch.gradient
        if of == "example" and self._latest is not None and self._latest[0] == version:
            _, result, levels = self._latest
            targets = result.targets[None] if result.label is None else np.array([result.label])
            return levels[None], targets, result.loss, result.cost, result.gradient
        raise RefusedError("out_of_order", "The network has changed since its gradient was computed: compute it again.")

    def _send(self, request: int, result: Backpropagation) -> None:
        payload = Payload()
        put = payload.put
        layers = [
            events.NudgeLayer(
                put(layer.inputs), put(layer.weights), put(layer.sums), put(layer.activations),
                put(layer.by_activations), put(layer.slopes), put(layer.by_sums), put(layer.by_weights),
                put(layer.by_biases), put(layer.by_inputs),
            )
            for layer in result.layers
        ]  # fmt: skip
        story = [events.NudgeStage(each.kind, each.layer, each.title, each.caption) for each in stages(result)]  # type: ignore[arg-type]
        self._state.send(
            events.Nudges(
                request, self._state.edited.version, result.label, result.loss, finite(result.cost),  # type: ignore[arg-type]
                put(result.targets), put(result.costs), put(result.wishes), layers, story, finite(result.norm),
            ),
            payload,
        )  # fmt: skip


def _each(
    net: Network, images: Vector, targets: Targets, loss: str, knob: int | None
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """The cost, the norm of the gradient and the wish for a knob, of each image; all (n,)."""
    found = np.zeros((3, len(images)))
    for index, image in enumerate(images):
        own = net.gradient(image[None], targets[index : index + 1], loss)
        wish = 0.0 if knob is None else -float(own.parameters[knob])
        found[:, index] = own.loss, _norm(own.parameters), wish
    return found[0], found[1], found[2]


def _norm(vector: Vector) -> float:
    return float(np.linalg.norm(vector.astype(np.float64)))
