"""A session as the lessons see it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.lessons.view import Nominated, View
from pellucid.studio.rooms.read.room import ReadRoom
from pellucid.studio.state.activity import Deed, NeuronChosen
from pellucid.studio.state.session_state import SessionState


class LessonViews:
    """Makes views of one session, which share what they have computed."""

    def __init__(self, state: SessionState, read: ReadRoom) -> None:
        self._state, self._read = state, read
        self._cache: dict[Any, Any] = {}

    def now(self, since: int = 0) -> View:
        """Return the session as it is, with what was done after the first ``since`` records of its activity."""
        state, edited = self._state, self._state.edited
        return View(
            edited.net, edited.effective, edited.trained, dict(edited.factors),
            state.form.columns is None and not edited.predicts_values and state.data.test.has_classes,
            state.data.test, self._images, state.levels(edited.net, state.inputs), self._read.own_strokes,
            self._read.test_example, _nominated(state.activity.since(since)), self._cache,
        )  # fmt: skip

    def _images(self) -> NDArray[np.generic]:
        """The held-out images in the levels of the network."""
        state = self._state
        test, net = state.data.test, state.edited.net
        if net.level_range in (None, test.unit_range):
            return test.images.reshape(len(test), *net.input_shape)
        return state.levels(net, state.unit("test", np.arange(len(test))))


def _nominated(deeds: list[Deed]) -> list[Nominated]:
    """The neurons of the session's own network among what was looked at."""
    chosen = [deed for deed in deeds if isinstance(deed, NeuronChosen) and deed.subject is None and not deed.twin]
    return [Nominated(deed.layer, deed.neuron, deed.members) for deed in chosen if deed.members]
