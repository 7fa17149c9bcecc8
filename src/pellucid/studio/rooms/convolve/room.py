"""Convolve: the present picture in every feature map, each place of them, and the same picture shifted or shuffled."""

from __future__ import annotations

import functools
import math

import numpy as np

from pellucid import models
from pellucid.data.dataset import Dataset
from pellucid.inspect.checks import checked_index, has_maps, output_shape
from pellucid.inspect.receptive_fields import receptive_field
from pellucid.inspect.voting import votes_of
from pellucid.layers.conv2d import Conv2d
from pellucid.layers.pool2d import AvgPool2d, MaxPool2d
from pellucid.lessons.deeds import NetworksRetrained, ShiftScored
from pellucid.network.network import Network
from pellucid.programs.traces import LayerTrace, Trace
from pellucid.studio.protocol import convolve as messages
from pellucid.studio.protocol.frames import Payload
from pellucid.studio.protocol.refusal import RefusedError, failure
from pellucid.studio.rooms.convolve.moved_pixels import Move, pixel_order
from pellucid.studio.rooms.convolve.shuffled_training import EPOCHS, MOST_IMAGES, PLANNED, RECIPE, ShuffledTraining
from pellucid.studio.rooms.look_for.looked_at import shipped
from pellucid.studio.rooms.read.room import layer_readings, order_of, words_of
from pellucid.studio.state.activity import CellStudied, MapsMoved
from pellucid.studio.state.edited_network import EditedNetwork
from pellucid.studio.state.session_state import Inputs, SessionState, finite

TWIN = models.DEFAULT
"""The dense network that stands beside a convolutional one."""

MAX_SCORED = 5_000_000_000
"""Most multiply-adds for the accuracy on moved pictures."""


class ConvolveRoom:
    """A convolutional network, the session's or a shipped one, and a dense one beside it."""

    def __init__(self, state: SessionState) -> None:
        self._state = state
        self._shown: messages.ShowMaps | None = None
        self._told: object = None
        self._training = ShuffledTraining(state.catalog.slots)

    def show(self, request: messages.ShowMaps) -> None:
        """Show maps from now on."""
        edited = self._network(request.subject)
        self._shown = request
        if self._told is not edited:
            self._introduce(edited, request)
        self.read(request.id)

    def hide(self, request: messages.HideMaps) -> None:
        """Show no maps any more."""
        self.forget()

    def forget(self) -> None:
        """Wait for a page to say what it shows: a page that has just connected knows nothing."""
        self._shown = self._told = None

    def read(self, request: int) -> None:
        """Send the maps of the present picture, if the room is open and shows a convolutional network."""
        shown, state = self._shown, self._state
        if shown is None:
            return
        if not self._can_show(shown.subject):
            self._shown = self._told = None
            return
        edited, move, payload = self._network(shown.subject), _move(shown), Payload()
        if self._told is not edited:
            self._introduce(edited, shown)
        trace = self._trace(edited, move)
        twin = self._twin_reading(move, payload)
        fresh = shown.subject is None and not move.moves
        words = words_of(trace, edited) if state.has_ink else ""
        state.send(
            messages.Maps(
                request, self._version(shown.subject), shown.subject, move.right, move.down, move.shuffle,
                payload.put(self._picture(move)), [] if fresh else layer_readings(trace, payload),
                order_of(trace, edited), words, twin,
            ),
            payload,
        )  # fmt: skip
        if move.moves:
            outputs = trace.outputs
            state.activity.note(
                MapsMoved(
                    state.edited.version, shown.subject, move.right, move.down, move.shuffle, int(outputs.argmax())
                )
            )

    def scores(self, request: messages.AskShiftScores) -> None:
        """Send the accuracy of both networks on moved pictures."""
        state, move = self._state, _move(request)
        count, own, others = self._accuracies(self._network(request.subject), self._twin(), move)
        state.send(
            messages.ShiftScores(
                request.id, self._version(request.subject), request.subject, move.right, move.down, move.shuffle, count,
                own, others,
            )
        )  # fmt: skip
        state.activity.note(
            ShiftScored(state.edited.version, request.subject, move.right, move.down, move.shuffle, own, others)
        )

    def retrain(self, request: messages.RetrainShuffled) -> None:
        """Train new networks on shuffled pictures and on pictures as they are."""
        state = self._state
        self._network(self._subject())
        data = state.data
        images, tests = min(MOST_IMAGES, len(data.train)), len(data.test)

        def report(done: list[messages.RetrainedNetwork]) -> None:
            if len(done) == len(PLANNED):
                order = tuple(pixel_order(request.shuffle, math.prod(data.train.shape[-2:])).tolist())
                state.activity.note_beside(
                    NetworksRetrained(state.edited.version, order, *(each.accuracy for each in done))
                )
            state.send(
                messages.Retrained(
                    request.id, request.shuffle, done, len(PLANNED), EPOCHS, images, tests, RECIPE
                )
            )  # fmt: skip

        report([])
        self._training.begin(data, request.shuffle, report, lambda error: state.send(failure(error, request.id)))

    def cell(self, request: messages.StudyCell) -> None:
        """Send the computation of one place of a map."""
        if self._shown is None:
            raise RefusedError("out_of_order", "Expected the room Convolve to be open: enter it first.")
        state, subject, payload = self._state, self._shown.subject, Payload()
        edited, move = self._network(subject), _move(self._shown)
        net, layer = edited.effective, checked_index(request.layer, len(edited.net.layers), "layer")
        if not has_maps(net, layer):
            raise RefusedError("bad_value", f"Expected a layer with feature maps, got layers[{layer}]: choose another.")
        channels, height, width = output_shape(net, layer)
        place = (
            checked_index(request.channel, channels, "channel"),
            checked_index(request.row, height, "row"),
            checked_index(request.column, width, "column"),
        )
        trace = self._trace(edited, move)
        inputs, weights, bias = _computation(net, trace, layer, place)
        seen = trace[layer]
        added = float((inputs.astype(np.float64) * weights).sum() + bias)
        field = list(receptive_field(net, layer, place[1], place[2]))
        state.send(
            messages.Cell(
                request.id, layer, *place, payload.put(inputs), payload.put(weights), bias,
                finite(float(seen.sums[place])), finite(added), finite(float(seen.activations[place])), field,
            ),
            payload,
        )  # fmt: skip
        state.activity.note(CellStudied(state.edited.version, subject, layer, *place))

    def close(self) -> None:
        """Stop training."""
        self._training.stop()

    def _introduce(self, edited: EditedNetwork, request: messages.ShowMaps) -> None:
        """Tell the page about the networks, unless it knows them."""
        state, payload, twin = self._state, Payload(), self._twin()
        self._told = edited
        knobs = None if request.subject is None else payload.put(edited.net.parameters)
        layers = [] if twin is None else [each.inputs for each in twin.layers()] + [twin.net.output_shape[0]]
        state.send(
            messages.ConvolveSubject(
                request.id, request.subject, self._others(), edited.info(state.form), _trained_on(edited), knobs,
                None if twin is None else twin.name, layers, "" if twin is None else _trained_on(twin),
            ),
            payload,
        )  # fmt: skip

    @property
    def is_suited(self) -> bool:
        """Whether there is a convolutional network for the present data: the session's own, or a shipped one."""
        return self._can_show(self._subject())

    @property
    def networks(self) -> tuple[EditedNetwork, EditedNetwork | None]:
        """The convolutional network that the room shows first, and the dense one beside it, where it is suited."""
        return self._network(self._subject()), self._twin()

    def accuracies(self, move: Move) -> tuple[int, float, float | None]:
        """How many held-out pictures are read, and the shares that both networks read correctly, all moved alike."""
        return self._accuracies(*self.networks, move)

    def _accuracies(
        self, edited: EditedNetwork, twin: EditedNetwork | None, move: Move
    ) -> tuple[int, float, float | None]:
        test = self._state.data.test
        count = min(len(test), max(1, MAX_SCORED // edited.net.program.cost.products))
        own, others = (self._accuracy(each, test[:count], move) for each in (edited, twin))
        return count, own or 0.0, others

    def _subject(self) -> str | None:
        """The network that the room shows first: the session's own (None), or a shipped convolutional one."""
        others = self._others()
        return None if self._state.edited.is_convolutional or not others else others[0]

    def _others(self) -> list[str]:
        """Shipped convolutional networks for the present pictures and classes."""
        own = self._state.edited.net
        return [name for name in self._state.catalog.networks if _fits(name, own) and _shipped(name).is_convolutional]

    def _can_show(self, subject: str | None) -> bool:
        edited = self._state.edited
        if self._state.form.columns is not None or edited.predicts_values:
            return False
        return edited.is_convolutional if subject is None else subject in self._others()

    def _network(self, subject: str | None) -> EditedNetwork:
        """The network that is shown."""
        if not self._can_show(subject):
            known = ", ".join(self._others()) or "none for these data"
            raise RefusedError(
                "unavailable",
                f"Expected a convolutional network: the present one, where it is one, or a shipped one ({known}), got "
                f"{'the present one' if subject is None else repr(subject[:100])}.",
            )
        return self._state.edited if subject is None else _shipped(subject)

    def _version(self, subject: str | None) -> int:
        return self._state.edited.version if subject is None else 0

    def _twin(self) -> EditedNetwork | None:
        """The dense network, where it takes the present pictures."""
        return _shipped(TWIN) if _fits(TWIN, self._state.edited.net) else None

    def _paper(self) -> float:
        return 1.0 if self._state.form.dark_ink else 0.0

    def _picture(self, move: Move) -> Inputs:
        return move.apply(self._state.inputs, self._paper())

    def _trace(self, edited: EditedNetwork, move: Move) -> Trace[LayerTrace]:
        if edited is self._state.edited and not move.moves:
            return self._state.trace()
        trace: Trace[LayerTrace] = edited.effective.trace(self._state.levels(edited.net, self._picture(move)))
        return trace

    def _twin_reading(self, move: Move, payload: Payload) -> messages.TwinReading | None:
        twin = self._twin()
        if twin is None:
            return None
        trace = self._trace(twin, move)
        words = words_of(trace, twin) if self._state.has_ink else ""
        return messages.TwinReading(payload.put(trace.outputs), order_of(trace, twin), words)

    def _accuracy(self, edited: EditedNetwork | None, test: Dataset, move: Move) -> float | None:
        """The share of held-out pictures that a network reads correctly, all moved alike."""
        if edited is None:
            return None
        state = self._state
        pictures = move.apply(state.unit("test", np.arange(len(test))), self._paper())
        outputs = edited.effective(state.levels(edited.net, pictures))
        return float((np.nan_to_num(outputs).argmax(axis=1) == test.labels).mean())


def _computation(
    net: Network, trace: Trace[LayerTrace], layer: int, place: tuple[int, int, int]
) -> tuple[Inputs, Inputs, float]:
    """What lies under a filter or a pooling window (C, height, width), its weights, and the bias."""
    found, (channel, row, column) = net.layers[layer], place
    if isinstance(found, Conv2d):
        votes, shape = votes_of(net, trace, layer, channel, (row, column)), found.weight.shape[1:]
        return votes.inputs.reshape(shape), votes.weights.reshape(shape), votes.bias
    if not isinstance(found, MaxPool2d | AvgPool2d):
        raise RefusedError(
            "bad_value", f"Expected a convolution or pooling, got layers[{layer}], which is {found.kind}."
        )
    (down, across), (step_y, step_x) = found.geometry
    planes = trace[layer].inputs.reshape((1, *found.input_shape)[-3:])
    window = planes[channel, row * step_y : row * step_y + down, column * step_x : column * step_x + across]
    weights = np.full(window.shape, 1 / window.size, np.float32)
    if isinstance(found, MaxPool2d):
        weights[...] = 0.0
        weights[np.unravel_index(int(window.argmax()), window.shape)] = 1.0
    return window[None], weights[None], 0.0


def _move(request: messages.Changed) -> Move:
    return Move(request.right, request.down, request.shuffle)


def _fits(name: str, own: Network) -> bool:
    """Whether a shipped network takes the same pictures and has the same classes."""
    net = shipped(name)
    return net is not None and net.classes == own.classes and math.prod(net.input_shape) == math.prod(own.input_shape)


@functools.cache
def _shipped(name: str) -> EditedNetwork:
    return EditedNetwork.load(name)


def _trained_on(edited: EditedNetwork) -> str:
    """What a network was trained on, as its record says."""
    record = edited.net.record
    data = str(record.get("data", ""))[:200]
    return f"{data}, pixels in place" if data else ""
