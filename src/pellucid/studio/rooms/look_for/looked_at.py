"""The networks whose neurons the room Look for shows, with their twins and their responses to the held-out images."""

from __future__ import annotations

import functools
import math
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from pellucid import models
from pellucid.errors import PellucidError
from pellucid.inspect.excitation import Responses, responses
from pellucid.inspect.maxima import Maximum, maximum
from pellucid.inspect.names import layer_name
from pellucid.inspect.probes import has_neurons, neuron_count
from pellucid.inspect.untrained import never_inked, untrained_twin
from pellucid.network.files import load
from pellucid.network.network import Network
from pellucid.studio.protocol.look_for import LookLayer
from pellucid.studio.protocol.refusal import RefusedError
from pellucid.studio.state.session_state import Inputs, SessionState

MAX_PRODUCTS = 10_000_000_000
"""Most multiply-adds of one scan: larger networks look through fewer images, so that nobody waits for them."""

FEWEST_IMAGES = 500
"""Images that every network looks through, where there are as many."""

MAX_KEPT = 12
"""Layers whose responses are kept."""

MAX_MAXIMA = 200
"""Neurons whose maxima are kept."""

STARTS = 4
"""Strongest images from which the ascent starts too."""

K = TypeVar("K")
V = TypeVar("V")

Key = tuple[str | None, int, bool, int]
"""Subject, version, whether it is the twin, and a layer."""


@dataclass(frozen=True, eq=False)
class LookedAt:
    """A network whose neurons are looked at.

    Attributes
    ----------
    subject : str or None
        The shipped network; None for the session's own.
    version : int
        Version of the session's network; 0 for a shipped one.
    twin : bool
        Whether it is the untrained twin.
    net : Network
    """

    subject: str | None
    version: int
    twin: bool
    net: Network

    def key(self, layer: int) -> Key:
        """What tells a layer of this network from all others; the twin never changes."""
        return self.subject, 0 if self.twin else self.version, self.twin, layer


class Gallery:
    """The networks to look at, and the held-out images that excite their neurons."""

    def __init__(self, state: SessionState) -> None:
        self._state = state
        self._of = state.edited, state.test
        self._found: OrderedDict[Key, Responses] = OrderedDict()
        self._maxima: OrderedDict[tuple[Key, int], Maximum] = OrderedDict()
        self._twin: Network | None = None
        self._never: NDArray[np.bool_] | None = None

    def _refresh(self) -> None:
        """Forget what belongs to another network, or to other data."""
        edited, test = self._state.edited, self._state.test
        if self._of[0] is not edited or self._of[1] is not test:
            self._of = edited, test
            self._found.clear()
            self._maxima.clear()
            self._twin = self._never = None

    @property
    def others(self) -> list[str]:
        """Shipped networks to look at beside the present one, such as a convolutional one beside a dense one."""
        state = self._state
        own = state.edited.net
        found = []
        for name in models.names():
            net = shipped(name)
            if net is None or net.classes != own.classes or not _is_other(name, net, state):
                continue
            if math.prod(net.input_shape) == math.prod(own.input_shape):
                found.append(name)
        return found

    def look_at(self, subject: str | None, twin: bool = False) -> LookedAt:
        """Return a network, as it is now.

        Raises
        ------
        RefusedError
            If it is not one of `others`, or takes rows of features or predicts values.
        """
        edited = self._state.edited
        if self._state.form.columns is not None or edited.predicts_values:
            raise RefusedError(
                "bad_value", "Expected a network that reads images by class, got another: open one to look for images."
            )
        self._refresh()
        if subject is None:
            return LookedAt(None, edited.version, twin, self._own_twin() if twin else edited.effective)
        net = shipped(subject) if subject in self.others else None
        if net is None:
            known = ", ".join(self.others) or "none for these data"
            raise RefusedError(
                "unavailable", f"Expected a shipped network to look at ({known}), got {subject[:100]!r}."
            )
        return LookedAt(subject, 0, twin, _shipped_twin(net) if twin else net)

    def _own_twin(self) -> Network:
        if self._twin is None:
            edited = self._state.edited
            self._twin = edited.net.copy()
            self._twin.parameters[...] = edited.initial
        return self._twin

    def layers(self, net: Network) -> list[LookLayer]:
        """Describe the layers with neurons or channels."""
        found = []
        for number, layer in enumerate(net.layers):
            if not has_neurons(net, number):
                continue
            last = number == len(net.layers) - 1
            shape = layer.output_shape(layer.input_shape)
            named = layer_name(net, number)
            names = list(net.classes) if last and len(shape) == 1 else None
            plane = list(shape[1:]) if len(shape) == 3 else None
            found.append(LookLayer(number, named, layer.describe(), neuron_count(net, number), plane, names))
        return found

    def responses(self, seen: LookedAt, layer: int) -> Responses:
        """Return the responses of a layer to the held-out images, computed once for each version of the network."""
        return _kept(self._found, seen.key(layer), MAX_KEPT, lambda: responses(seen.net, layer, self.images(seen.net)))

    def maximum(self, seen: LookedAt, layer: int, neuron: int) -> Maximum:
        """Return the picture that excites a neuron most, found once for each version of the network."""

        def find() -> Maximum:
            real = self.responses(seen, layer).most(neuron, STARTS)
            return maximum(seen.net, layer, neuron, starts=self.images(seen.net, real))

        return _kept(self._maxima, (seen.key(layer), neuron), MAX_MAXIMA, find)

    def images(self, net: Network, indices: NDArray[np.intp] | None = None) -> NDArray[np.generic]:
        """Return held-out images in the levels of a network: all that are looked through, or some of them."""
        state, test = self._state, self._state.data.test
        rounded = state.edited.grey_levels is not None
        chosen = np.arange(self.count(net)) if indices is None else indices
        if rounded or net.level_range not in (None, test.unit_range):
            return state.levels(net, state.unit("test", chosen))
        found: NDArray[np.generic] = test.images[: len(chosen)] if indices is None else test.images[chosen]
        return found.reshape(len(chosen), *net.input_shape)

    def count(self, net: Network) -> int:
        """Return how many of the held-out images are looked through."""
        affordable = MAX_PRODUCTS // max(1, net.program.cost.products)
        return min(len(self._state.data.test), max(FEWEST_IMAGES, affordable))

    def never_inked(self) -> NDArray[np.bool_]:
        """Return the pixels that have no ink in any training image, flat (D,)."""
        self._refresh()
        if self._never is None:
            self._never = never_inked(self._state.data.train.images).reshape(-1)
        return self._never

    def present(self, net: Network) -> Inputs:
        """Return the present picture in the levels of a network."""
        return self._state.levels(net, self._state.inputs)


def _kept(known: OrderedDict[K, V], key: K, most: int, make: Callable[[], V]) -> V:
    """What is known under a key, made if it is not; the longest unused are dropped."""
    if key not in known:
        known[key] = make()
    known.move_to_end(key)
    while len(known) > most:
        known.popitem(last=False)
    return known[key]


def _is_other(name: str, net: Network, state: SessionState) -> bool:
    """Whether a shipped network shows what the present one does not have: feature maps, or layers not opened here."""
    convolutional = any(layer.kind == "conv2d" for layer in net.layers)
    return (convolutional and not state.edited.is_convolutional) or name not in state.catalog.networks


@functools.cache
def shipped(name: str) -> Network | None:
    """Return a shipped network of images; None for others, and where it cannot be read."""
    try:
        net = load(name)
    except PellucidError:
        return None
    return None if net.program.takes_sequences else net


@functools.cache
def _shipped_twin(net: Network) -> Network:
    return untrained_twin(net)
