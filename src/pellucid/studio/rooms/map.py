"""Map: held-out images at every layer, seen along two axes, with their true neighbours."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pellucid.data.dataset import TrainTest
from pellucid.inspect.checks import checked_index
from pellucid.inspect.maps_of_layers import (
    NEIGHBOURS,
    LayerMap,
    Matrix,
    layer_maps,
    layer_values,
    nearest,
    neighbours_kept,
    squared_norms,
)
from pellucid.inspect.names import layer_name
from pellucid.network.network import Network
from pellucid.programs.images import LevelRange
from pellucid.studio.protocol import map as messages
from pellucid.studio.protocol.frames import Payload
from pellucid.studio.protocol.refusal import RefusedError
from pellucid.studio.state.activity import LassoDrawn, MapSeen, NeighboursSeen
from pellucid.studio.state.priority_lock import PriorityLock
from pellucid.studio.state.session_state import Inputs, SessionState, finite

MAX_VALUES = 30_000_000
"""Most numbers of all layers together that a map holds: networks with large feature maps show fewer images."""

LARGEST = 1e15
"""Values from which on squared distances leave float32."""

QUERIES = 500
"""Images whose neighbours are compared."""

SHOWN = 24
"""Misread images of a lasso that are shown."""


@dataclass(frozen=True, eq=False)
class _Chosen:
    """The images of a map, which stay the same while the network learns.

    Attributes
    ----------
    indices : ndarray (N,)
    given : ndarray (N, ...)
        The images as the network takes them.
    levels : (float, float) or None
        The levels that mean 0 and 1 in them.
    pixels : ndarray (N, D)
        Levels from 0 to 1.
    map : LayerMap
        Of the pixels.
    grey : int or None
        The grey levels to which the pixels are rounded.
    """

    data: TrainTest
    indices: NDArray[np.intp]
    given: Inputs
    levels: LevelRange | None
    pixels: Matrix
    map: LayerMap
    grey: int | None

    def are(self, data: TrainTest, indices: NDArray[np.intp], net: Network) -> bool:
        """Whether they are these images of the data, as that network takes them."""
        alike = (self.given.shape[1:], self.levels) == (net.input_shape, net.level_range)
        return alike and self.data is data and np.array_equal(self.indices, indices)


@dataclass(frozen=True, eq=False)
class _Shown:
    """The map that the page shows, with a copy of the network as it was."""

    chosen: _Chosen
    version: int
    net: Network
    readings: NDArray[np.intp]
    values: list[Matrix]
    maps: list[LayerMap]

    @functools.cached_property
    def sizes(self) -> list[Matrix]:
        """The squared norms of the values of each layer, (N,)."""
        return [squared_norms(each) for each in self.values]


class MapRoom:
    """The map of the session's network.

    The same network, images and seed have the same map, whatever was shown before: each layer is turned towards the one
    before it, and to nothing else.

    Parameters
    ----------
    state : SessionState
    lock : PriorityLock
        The session's: callers hold it, and it is released while a map is computed.
    step : callable
        Mini-batches of the network's training here; None before any.
    """

    def __init__(self, state: SessionState, lock: PriorityLock, step: Callable[[], int | None]) -> None:
        self._state, self._lock, self._step = state, lock, step
        self._shown: _Shown | None = None
        self._kept: tuple[TrainTest, bytes, float] | None = None

    def map(self, request: messages.AskMap) -> None:
        """Send the images at every layer."""
        state, payload, begin = self._state, Payload(), time.thread_time()
        edited, version, step, net = state.edited, state.edited.version, self._step(), self._mappable()
        chosen = self._chosen(request, net)
        with self._lock.released():
            shown = _shown(chosen, version, net)
            kept = [None if request.brief else self._neighbours_kept(shown, at) for at in range(len(shown.maps))]
        if state.edited is not edited:
            raise RefusedError(
                "out_of_order", "Another network was opened while the map was computed: ask for its map."
            )
        self._shown = shown
        columns = [
            messages.MapColumn(
                self._name(shown.net, each.layer), len(each.mean), finite(each.variance), share,
                payload.put(np.nan_to_num(each.points)),
            )
            for each, share in zip(shown.maps, kept, strict=True)
        ]  # fmt: skip
        indices = chosen.indices
        labels = chosen.data.test.labels[indices]
        state.send(
            messages.Map(
                request.id, version, step, request.seed, len(chosen.data.test), min(QUERIES, len(labels)),
                payload.put(indices), payload.put(labels), payload.put(shown.readings), columns,
                time.thread_time() - begin,
            ),
            payload,
        )  # fmt: skip
        if not request.brief:
            state.activity.note(MapSeen(version, len(labels), request.seed))

    def own(self, request: messages.AskMapOwn) -> None:
        """Send where the present picture lies."""
        shown, payload = self._present(), Payload()
        values = self._own_values(shown)
        points = np.stack([each.place(row) for each, row in zip(shown.maps, values, strict=True)])
        self._state.send(messages.MapOwn(request.id, shown.version, payload.put(np.nan_to_num(points))), payload)

    def neighbours(self, request: messages.AskNeighbours) -> None:
        """Send the nearest images in a layer's space."""
        shown, payload = self._present(), Payload()
        column = checked_index(request.column, len(shown.maps), "column")
        values, position = shown.values[column], request.position
        if position is None:
            query, own = self._own_values(shown)[column], self._state.inputs.reshape(1, -1)
        else:
            at = checked_index(position, len(values), "position")
            query, own = values[at], self._pixels(shown, np.array([at]))
        with self._lock.released():
            found, distances = nearest(values, query, request.count + (position is not None), sizes=shown.sizes[column])
            others = found != (-1 if position is None else position)
            found, distances = found[others][: request.count], distances[others][: request.count]
        pixels = np.concatenate([own, self._pixels(shown, found)])
        self._state.send(
            messages.Neighbours(
                request.id, shown.version, column, position, found.tolist(), payload.put(distances),
                payload.put(pixels),
            ),
            payload,
        )  # fmt: skip
        self._state.activity.note(NeighboursSeen(shown.version, column, position is None))

    def lasso(self, request: messages.AskLasso) -> None:
        """Send what lies in a lasso: classes, and the misread images."""
        shown, payload = self._present(), Payload()
        column = checked_index(request.column, len(shown.maps), "column")
        for position in request.positions:
            checked_index(position, len(shown.chosen.indices), "position")
        inside = np.unique(np.array(request.positions, np.intp))
        test = self._state.data.test
        labels = test.labels[shown.chosen.indices[inside]]
        wrong = inside[shown.readings[inside] != labels]
        first = wrong[:SHOWN]
        self._state.send(
            messages.Lasso(
                request.id, shown.version, column, len(inside),
                np.bincount(labels, minlength=len(test.classes)).tolist(), len(wrong), first.tolist(),
                payload.put(self._pixels(shown, first)),
            ),
            payload,
        )  # fmt: skip
        self._state.activity.note(LassoDrawn(shown.version, column, len(inside), len(wrong)))

    def _mappable(self) -> Network:
        """A copy of the network as it is now."""
        state = self._state
        if state.form.columns is not None or state.edited.predicts_values:
            raise RefusedError(
                "bad_value", "Expected a network that reads images by class, got another: open one for its map."
            )
        return state.edited.effective.copy()

    def _chosen(self, request: messages.AskMap, net: Network) -> _Chosen:
        """Held-out images as the network takes them; those of the map that is shown, where they are the same."""
        state, test = self._state, self._state.data.test
        count = min(request.count, len(test), max(20, MAX_VALUES // _width(net)))
        if count <= NEIGHBOURS:
            raise RefusedError("bad_value", f"A map needs more than {NEIGHBOURS} held-out images: use other data.")
        indices = np.sort(np.random.default_rng(request.seed).permutation(len(test))[:count])
        grey, shown = state.edited.grey_levels, self._shown
        if shown is not None and shown.chosen.grey == grey and shown.chosen.are(state.data, indices, net):
            return shown.chosen
        pixels = state.flat("test", indices)
        given = state.levels(net, pixels.reshape(len(pixels), *state.form.shape))
        return _Chosen(state.data, indices, given, net.level_range, pixels, layer_maps([pixels])[0], grey)

    def _neighbours_kept(self, shown: _Shown, at: int) -> float:
        """The share of true neighbours on the map of a layer; that of the pixels is computed once."""
        key, data = shown.chosen.indices.tobytes() + repr(shown.chosen.grey).encode(), shown.chosen.data
        if at == 0 and self._kept is not None and self._kept[0] is data and self._kept[1] == key:
            return self._kept[2]
        found = neighbours_kept(shown.values[at], shown.maps[at].points, queries=QUERIES)
        if at == 0:
            self._kept = data, key, found
        return found

    def _present(self) -> _Shown:
        """The map that the page shows."""
        shown = self._shown
        if shown is None or shown.chosen.data is not self._state.data or shown.net.input_shape != self._net.input_shape:
            raise RefusedError("out_of_order", "There is no map of these data and this network yet: ask for it first.")
        return shown

    @property
    def _net(self) -> Network:
        return self._state.edited.effective

    def _own_values(self, shown: _Shown) -> list[Matrix]:
        """The present picture at every layer of the network that the map belongs to."""
        own = self._state.levels(shown.net, self._state.inputs)[None]
        return [each[0] for each in _measurable(layer_values(shown.net, own))]

    def _pixels(self, shown: _Shown, positions: NDArray[np.intp]) -> Matrix:
        found: Matrix = shown.chosen.pixels[positions]
        return found

    def _name(self, net: Network, layer: int) -> str:
        return "pixels" if layer < 0 else layer_name(net, layer)


def _shown(chosen: _Chosen, version: int, net: Network) -> _Shown:
    """The map of a network, which nobody changes meanwhile."""
    values = _measurable(layer_values(net, chosen.given, inputs=chosen.pixels))
    return _Shown(chosen, version, net, values[-1].argmax(axis=1), values, layer_maps(values, first=chosen.map))


def _measurable(values: list[Matrix]) -> list[Matrix]:
    """Refuse values whose distances cannot be computed."""
    if any(np.abs(each).max() > LARGEST for each in values):
        raise RefusedError(
            "bad_value",
            "Values of this network are too large for a map: undo changes of weights until they are below 1e15.",
        )
    return values


def _width(net: Network) -> int:
    """Numbers of one example at all layers together."""
    sizes = [int(np.prod(layer.output_shape(layer.input_shape))) for layer in net.layers]
    return int(np.prod(net.input_shape)) + sum(sizes)
