"""The pictures whose certainty the room None of these judges: test images and strangers, a part at a time."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pellucid.data.preparation import Preparation
from pellucid.inspect.stranger_pictures import Kind, strangers
from pellucid.studio.rooms.read.drawing_input import pixels_of
from pellucid.studio.state.edited_network import centring_of
from pellucid.studio.state.input_form import InputForm
from pellucid.studio.state.session_state import Inputs, SessionState

SEED = 0
"""Seed of the strangers."""

COUNTS: dict[Kind, int] = {"noise": 2000, "shuffled": 500, "letters": 500, "scribbles": 500, "shifted": 500, "blank": 1}
"""Strangers of each kind."""

FEW = 500
"""Test images that are shuffled and shifted."""

SLICE, DRAWN = 500, 50
"""Pictures that are judged in one go, and fewer where they have to be drawn first."""

TEST = "test"

Values = NDArray[np.float32]


class Crowd:
    """Pictures of one kind, about which more and more is known.

    Attributes
    ----------
    name : str
        A kind of strangers, or `TEST`.
    total : int
    pictures : callable
        Returns pictures from one number up to another, from 0 to 1.
    """

    def __init__(self, name: str, total: int, pictures: Callable[[int, int], Inputs]) -> None:
        self.name, self.total, self.pictures = name, total, pictures
        self._known: dict[str, list[Values]] = {}
        self._version = -1

    def forget_outputs(self, version: int) -> None:
        """Forget what another version of the network has answered; all else does not depend on it."""
        if version != self._version:
            self._version = version
            self._known.pop("outputs", None)

    def count(self, what: str) -> int:
        """Return for how many pictures something is known."""
        return sum(map(len, self._known.get(what, [])))

    def known(self, what: str, to: int) -> Values:
        """Return what is known, for the first ``to`` pictures."""
        return np.concatenate(self._known[what])[:to]

    def extend(self, what: str, compute: Callable[[Inputs], Values]) -> None:
        """Compute something for the next few pictures."""
        begin = self.count(what)
        found = compute(
            self.pictures(begin, min(self.total, begin + (DRAWN if self.name in ("letters", "scribbles") else SLICE)))
        )
        self._known.setdefault(what, []).append(np.asarray(found, np.float32))


def crowds_of(state: SessionState) -> list[Crowd]:
    """Return the strangers by kind, then the test images, for the present form of inputs and data."""
    form, test = state.form, state.data.test
    way = _Way(form.shape, form.dark_ink, state.edited.preparation)

    @functools.cache
    def few() -> Inputs:
        return state.unit("test", np.arange(min(len(test), FEW)))

    def of_images(kind: Kind) -> Callable[[int, int], Inputs]:
        return lambda a, b: strangers(kind, b - a, first=a, seed=SEED, images=few())

    def drawn(kind: Kind) -> Callable[[int, int], Inputs]:
        return lambda a, b: _drawn(kind, a, b, way)

    ways = {kind: of_images(kind) if kind in ("shuffled", "shifted") else drawn(kind) for kind in COUNTS}
    found = [Crowd(kind, count, ways[kind]) for kind, count in COUNTS.items()]
    return [*found, Crowd(TEST, len(test), lambda a, b: state.unit("test", np.arange(a, b)))]


class _Way(NamedTuple):
    """How drawings become inputs."""

    shape: tuple[int, ...]
    dark_ink: bool
    preparation: Preparation

    def prepare(self, ink: Inputs) -> Inputs:
        form = InputForm(self.shape, None, self.dark_ink)
        return pixels_of(ink, form, centring_of(self.preparation))


@functools.lru_cache(maxsize=256)
def _drawn(kind: Kind, begin: int, end: int, way: _Way) -> Inputs:
    """Strangers that do not depend on the data; all sessions share them."""
    return strangers(kind, end - begin, first=begin, seed=SEED, shape=way.shape, prepare=way.prepare)
