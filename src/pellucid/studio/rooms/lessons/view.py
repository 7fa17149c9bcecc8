"""A session as the lessons see it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.errors import DivergedError
from pellucid.lessons.deeds import Contestant, Deed, Ear, Pictures, RaceEnded, RaceStarted
from pellucid.lessons.view import Nominated, View
from pellucid.studio.rooms.convolve.moved_pixels import Move
from pellucid.studio.rooms.convolve.room import ConvolveRoom
from pellucid.studio.rooms.convolve.shuffled_training import dense_accuracy
from pellucid.studio.rooms.lessons.ear import SessionEar
from pellucid.studio.rooms.listen.room import ListenRoom
from pellucid.studio.rooms.read.room import ReadRoom
from pellucid.studio.state.activity import NeuronChosen, RaceBegun, RaceRun
from pellucid.studio.state.optimizer_plans import with_rate
from pellucid.studio.state.plans import network_loss, planned_network, planned_trainer
from pellucid.studio.state.session_state import SessionState


class LessonViews:
    """Makes views of one session, which share what they have computed."""

    def __init__(self, state: SessionState, read: ReadRoom, listen: ListenRoom, convolve: ConvolveRoom) -> None:
        self._state, self._read, self._listen, self._convolve = state, read, listen, convolve
        self._cache: dict[Any, Any] = {}
        self._ear: SessionEar | None = None

    def now(self, deeds: Sequence[Deed] = ()) -> View:
        """Return the session as it is, with what was just done."""
        state, edited = self._state, self._state.edited
        return View(
            net=edited.net,
            effective=edited.effective,
            trained=edited.trained,
            factors=dict(edited.factors),
            reads_images=state.form.columns is None and not edited.predicts_values and state.data.test.has_classes,
            test=state.data.test,
            images=self._images,
            evaluated=lambda: state.test,
            train_new=self._train_new,
            inputs=state.levels(edited.net, state.inputs),
            drawn=self._read.own_strokes,
            example=self._read.test_example,
            nominated=_nominated(deeds),
            cache=self._cache,
            train=state.data.train,
            loss=edited.loss,
            deeds=[_told(deed) for deed in deeds],
            ear=self._hearing,
            grey_levels=edited.grey_levels,
            convolving=_Convolving(state, self._convolve) if self._convolve.is_suited else None,
        )

    def _images(self) -> NDArray[np.generic]:
        """The held-out images in the levels of the network, whatever grey levels the session reads."""
        state = self._state
        test, net = state.data.test, state.edited.net
        if net.level_range in (None, test.unit_range):
            return test.images.reshape(len(test), *net.input_shape)
        return state.levels(net, state.originals("test", np.arange(len(test))))

    def _train_new(self, rate: float, epochs: int) -> float:
        """The accuracy of the usual new network for the data, after some epochs at a learning rate."""
        state, (train, test) = self._state, self._state.data
        plan = with_rate(state.catalog.first_plan(state.data_name), rate)
        net = planned_network(plan, train)
        with contextlib.suppress(DivergedError):
            for _ in planned_trainer(plan, net, train).run(epochs=epochs):
                pass
        return state.evaluate(net, network_loss(plan), test)[1]

    def _hearing(self) -> Ear:
        if self._ear is None or self._ear.hearer is not self._listen.hearer:
            self._ear = SessionEar(self._listen.hearer)
        return self._ear


class _Convolving:
    """What the room Convolve computes for lessons."""

    def __init__(self, state: SessionState, room: ConvolveRoom) -> None:
        self._state, self._room = state, room

    @property
    def names(self) -> tuple[str, str | None]:
        """The convolutional network, and the dense one beside it, where there is one."""
        own, twin = self._room.networks
        return own.name, None if twin is None else twin.name

    def shifted(self, right: int, down: int) -> tuple[float, float | None]:
        """The shares of held-out pictures that both read correctly, all shifted alike."""
        return self._room.accuracies(Move(right, down))[1:]

    def retrained(self, arrange: Callable[[Pictures], Pictures]) -> float:
        """The accuracy of a new dense network, trained and tested on pictures that are rearranged."""
        return dense_accuracy(self._state.data, arrange)


def _nominated(deeds: Sequence[Deed]) -> list[Nominated]:
    """The neurons of the session's own network among what was looked at."""
    chosen = [deed for deed in deeds if isinstance(deed, NeuronChosen) and deed.subject is None and not deed.twin]
    return [Nominated(deed.layer, deed.neuron, deed.members) for deed in chosen if deed.members]


def _told(deed: Deed) -> Deed:
    """What was done, in the terms of lessons."""
    if isinstance(deed, RaceBegun):
        contestants = tuple(
            Contestant(
                each.layers[0].activation, tuple(layer.size for layer in each.layers[:-1]), each.optimizer.kind,
                each.optimizer.learning_rate,
            )
            for each in deed.plan.contestants
        )  # fmt: skip
        return RaceStarted(
            deed.version, deed.race, contestants, deed.plan.epochs, deed.plan.batch_size, deed.same_start
        )
    if isinstance(deed, RaceRun):
        times = tuple(step / max(1, deed.step) for step in deed.recorded)
        return RaceEnded(deed.version, deed.race, times, deed.curves)
    return deed
