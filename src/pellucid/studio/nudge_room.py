"""Nudge: backpropagation of one picture, stage by stage, checked on the spot; the mean over a mini-batch; the step."""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

from pellucid.inspect.ablation import ablate
from pellucid.inspect.backward import Backpropagation, backpropagate, check_activation, check_input, check_parameter
from pellucid.inspect.captions import stages
from pellucid.network.network import Network
from pellucid.studio import events, requests
from pellucid.studio.frames import Payload
from pellucid.studio.refusal import RefusedError
from pellucid.studio.session_state import SessionState, finite
from pellucid.studio.turn_room import TurnRoom

Vector = NDArray[np.float32]


class _Batch(msgspec.Struct):
    """A mini-batch whose gradient was asked for."""

    version: int
    images: Vector
    labels: NDArray[np.int64]
    loss: str
    cost: float
    gradient: Vector


class NudgeRoom:
    """What examples want of the session's network."""

    def __init__(self, state: SessionState, turn: TurnRoom) -> None:
        self._state, self._turn = state, turn
        self._told: tuple[int, Backpropagation, Vector] | None = None
        self._batch: _Batch | None = None

    def nudges(self, request: requests.AskNudges) -> None:
        """Backpropagation of the present picture."""
        state = self._state
        label = state.label if request.label is None else request.label
        if label is None:
            raise RefusedError("bad_value", "Nobody knows what this drawing is meant to be: choose the digit it is.")
        net = state.edited.effective
        # A copy: what is told and checked stays true while knobs are turned.
        levels = state.levels(net, state.pixels)
        told = backpropagate(net.copy(), levels, label, request.loss or state.edited.loss)
        self._told = state.edited.version, told, levels
        self._tell(request.id, told)

    def batch(self, request: requests.AskBatchNudges) -> None:
        """The gradient averaged over a mini-batch."""
        state, payload = self._state, Payload()
        data, indices = state.part(request.part), np.array(request.indices, np.int64)
        if indices.max() >= len(data):
            raise RefusedError("bad_value", f"Expected images up to {len(data) - 1}, got {indices.max()}.")
        net, loss = state.edited.effective, request.loss or state.edited.loss
        if request.knob is not None and request.knob >= net.parameter_count:
            raise RefusedError("bad_value", f"Expected a knob up to {net.parameter_count - 1}, got {request.knob}.")
        images, labels = state.levels(net, state.unit(request.part, indices)), data.labels[indices]
        whole = net.gradient(images, labels, loss)
        costs, norms, wishes = _one_by_one(net, images, labels, loss, request.knob)
        self._batch = _Batch(state.edited.version, images, labels, loss, whole.loss, whole.parameters)
        state.tell(
            events.BatchNudges(
                request.id, state.edited.version, finite(whole.loss), payload.put(costs), labels.tolist(),
                payload.put(whole.parameters), None if request.knob is None else payload.put(wishes),
                payload.put(norms), _length(whole.parameters),
            ),
            payload,
        )  # fmt: skip

    def check(self, request: requests.CheckNudge) -> None:
        """A derivative beside its difference quotient."""
        if self._told is None:
            raise RefusedError("out_of_order", "There is nothing to check yet: ask for the nudges of a picture first.")
        _, told, _ = self._told
        if request.kind == "parameter":
            found = check_parameter(told, request.knob)
        elif request.kind == "activation":
            found = check_activation(told, request.layer, request.neuron)
        else:
            found = check_input(told, request.neuron)
        self._state.tell(
            events.Checked(
                request.id, request.kind, found.name, found.value, finite(found.derivative), finite(found.difference),
                found.h, finite(found.above), finite(found.below), finite(found.relative_error), found.agrees,
            )
        )  # fmt: skip

    def step(self, request: requests.TakeStep) -> None:
        """Do what the example or the mini-batch asks for."""
        state, edited = self._state, self._state.edited
        images, labels, loss, cost, gradient = self._asked(request.of)
        scaled = gradient
        if edited.factors:
            # A knob on its way to a scaled neuron counts as much as that neuron does.
            ones = edited.net.copy()
            ones.parameters[...] = 1.0
            scaled = gradient * ablate(ones, edited.factors).parameters
        rate, length = request.learning_rate, _length(scaled)
        after = (edited.net.parameters - np.float32(rate) * scaled).astype(np.float32)
        if not np.isfinite(after).all():
            raise RefusedError("diverged", "With this rate the parameters would be no numbers: try a smaller one.")
        what = "this picture" if request.of == "example" else f"{len(labels)} pictures"
        self._turn.step(f"a step for {what}, rate {rate:g}", after, request.id)
        now = edited.effective.gradient(images, labels, loss).loss
        predicted = cost - rate * length * length
        state.tell(
            events.Stepped(
                request.id, edited.version, finite(cost), finite(now), finite(predicted), rate, finite(length)
            )
        )  # fmt: skip

    def _asked(self, of: str) -> tuple[Vector, NDArray[np.int64], str, float, Vector]:
        """Images, labels, loss, cost and gradient of what the step is for, of the network as it is."""
        version = self._state.edited.version
        if of == "batch" and self._batch is not None and self._batch.version == version:
            batch = self._batch
            return batch.images, batch.labels, batch.loss, batch.cost, batch.gradient
        if of == "example" and self._told is not None and self._told[0] == version:
            _, told, levels = self._told
            return levels[None], np.array([told.label]), told.loss, told.cost, told.gradient
        raise RefusedError("out_of_order", "The nudges are not of the network as it is now: ask for them again first.")

    def _tell(self, request: int, told: Backpropagation) -> None:
        payload = Payload()
        put = payload.put
        layers = [
            events.NudgeLayer(
                put(layer.inputs), put(layer.weights), put(layer.sums), put(layer.activations),
                put(layer.by_activations), put(layer.slopes), put(layer.by_sums), put(layer.by_weights),
                put(layer.by_biases), put(layer.by_inputs),
            )
            for layer in told.layers
        ]  # fmt: skip
        story = [events.NudgeStage(stage.kind, stage.layer, stage.title, stage.caption) for stage in stages(told)]  # type: ignore[arg-type]
        self._state.tell(
            events.Nudges(
                request, self._state.edited.version, told.label, told.loss, finite(told.cost), put(told.targets),  # type: ignore[arg-type]
                put(told.costs), put(told.wishes), layers, story, finite(told.norm),
            ),
            payload,
        )  # fmt: skip


def _one_by_one(
    net: Network, images: Vector, labels: NDArray[np.int64], loss: str, knob: int | None
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Cost, length of the gradient, and wish for a knob, of each image, all (n,)."""
    found = np.zeros((3, len(images)))
    for index, image in enumerate(images):
        own = net.gradient(image, labels[index : index + 1], loss)
        wish = 0.0 if knob is None else -float(own.parameters[knob])
        found[:, index] = own.loss, _length(own.parameters), wish
    return found[0], found[1], found[2]


def _length(vector: Vector) -> float:
    return float(np.linalg.norm(vector.astype(np.float64)))
