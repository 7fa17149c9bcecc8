"""Look for: what excites a neuron. Real images first, then the synthetic maximum, both beside the untrained twin."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from pellucid.inspect.checks import checked_index
from pellucid.inspect.class_statistics import auc, class_histograms, class_quantiles
from pellucid.inspect.excitation import Responses, responses
from pellucid.inspect.probes import neuron_count, strongest_places
from pellucid.inspect.receptive_fields import receptive_field
from pellucid.programs.images import to_unit
from pellucid.studio.protocol import look_for as messages
from pellucid.studio.protocol.frames import Payload
from pellucid.studio.protocol.refusal import RefusedError
from pellucid.studio.rooms.look_for.exciting_quiz import Key, Quiz
from pellucid.studio.rooms.look_for.looked_at import Gallery, LookedAt
from pellucid.studio.state.activity import MaximumFound, NeuronChosen, PairJudged
from pellucid.studio.state.session_state import SessionState, finite

SHOWN = 12
"""Strongest and weakest images that the quiz never asks about."""

BINS = 40
"""Bins of the distributions by class."""

Values = NDArray[np.float32]


class LookForRoom:
    """What excites the neurons of the session's network, or of a shipped one."""

    def __init__(self, state: SessionState) -> None:
        self._state = state
        self._gallery = Gallery(state)
        self.quiz = Quiz()

    def subject(self, request: messages.AskSubject) -> None:
        """Send the layers of a network."""
        gallery, seen = self._gallery, self._gallery.look_at(request.subject)
        net = seen.net
        self._state.send(
            messages.LookSubject(
                request.id, seen.subject, seen.version, gallery.others, list(net.input_shape),
                list(net.classes), gallery.layers(net),
            )
        )  # fmt: skip

    def neuron(self, request: messages.AskNeuron) -> None:
        """Send the images that excite a neuron most and least, and its values by class."""
        seen, found = self._look(request)
        values, activations = found.excitations[:, request.neuron], found.activations[:, request.neuron]
        labels, classes = self._labels(len(values)), len(self._state.data.test.classes)
        members = [checked_index(each, classes, "class") for each in request.members or ()]
        payload = Payload()
        among = _auc(values, np.isin(labels, members))
        self._state.send(
            messages.NeuronResponse(
                *_about(request, seen), len(values),
                self._exciting(seen, found, request, found.most(request.neuron, request.count), payload),
                self._exciting(seen, found, request, found.least(request.neuron, request.count), payload),
                _by_class(values, labels, classes, payload), _by_class(activations, labels, classes, payload),
                payload.put(np.percentile(np.nan_to_num(values), np.arange(101.0), method="inverted_cdf")),
                [_auc(values, labels == each) for each in range(classes)], among,
                self.quiz.score(_key(request, seen)),
            ),
            payload,
        )  # fmt: skip
        self._state.activity.note(
            NeuronChosen(
                self._state.edited.version, seen.subject, request.layer, request.neuron, request.twin,
                tuple(members), among,
            )
        )  # fmt: skip

    def maximum(self, request: messages.AskMaximum) -> None:
        """Send the picture that excites a neuron most."""
        seen, found = self._look(request)
        net, payload = seen.net, Payload()
        best = self._gallery.maximum(seen, request.layer, request.neuron)
        strongest = float(found.excitations[found.most(request.neuron, 1)[0], request.neuron])
        never = self._gallery.never_inked()
        bare = np.where(never.reshape(best.image.shape), _empty(best.image, net.level_range), best.image)
        both = responses(net, request.layer, np.stack([best.image, bare]))
        outputs = np.nan_to_num(np.asarray(net(best.image)))
        reading, share = int(outputs.argmax()), _known(best.share(strongest))
        self._state.send(
            messages.NeuronMaximum(
                *_about(request, seen), payload.put(to_unit(best.image.reshape(1, -1), net.level_range)[0]),
                finite(best.excitation), finite(float(both.activations[0, request.neuron])), finite(best.rest),
                best.exact, best.method, payload.put(best.starts), finite(strongest), share, reading,
                finite(float(outputs[reading])), payload.put(never),
                finite(float(both.excitations[1, request.neuron])),
            ),
            payload,
        )  # fmt: skip
        self._state.activity.note(
            MaximumFound(
                self._state.edited.version, seen.subject, request.layer, request.neuron, request.twin, share
            )
        )  # fmt: skip

    def excitement(self, request: messages.AskExcitement) -> None:
        """Send how much the present picture excites a neuron."""
        seen = self._checked(request)
        picture = self._gallery.present(seen.net)
        found = responses(seen.net, request.layer, picture[None])
        value, activation = (float(each[0, request.neuron]) for each in (found.excitations, found.activations))
        fields = _fields(seen, request, picture[None])
        self._state.send(
            messages.Excitement(
                *_about(request, seen), finite(value), finite(activation), None if fields is None else fields[0]
            )
        )

    def pair(self, request: messages.AskPair) -> None:
        """Send a round of the quiz."""
        seen, found = self._look(request)
        values, activations = found.excitations[:, request.neuron], found.activations[:, request.neuron]
        drawn = self.quiz.draw(_key(request, seen), np.nan_to_num(values), activations, SHOWN)
        payload = Payload()
        pixels = self._pixels(np.array(drawn.indices))
        self._state.send(
            messages.Pair(*_about(request, seen), drawn.number, list(drawn.indices), payload.put(pixels)), payload
        )

    def answer(self, request: messages.AnswerPair) -> None:
        """Send whether the answer is right, and the score."""
        version = self._state.edited.version
        drawn, right = self.quiz.answer(request.round, request.choice, version)
        subject, seen_version, twin, layer, neuron = drawn.key
        labels = self._state.data.test.labels[list(drawn.indices)]
        self._state.send(
            messages.PairAnswered(
                request.id, seen_version, subject, layer, neuron, twin, drawn.number,
                1 if request.choice else 0, right, labels.tolist(), [finite(each) for each in drawn.excitations],
                [finite(each) for each in drawn.activations], self.quiz.score(drawn.key),
            )
        )  # fmt: skip
        self._state.activity.note(PairJudged(version, subject, layer, neuron, twin, right))

    def _checked(self, request: messages.AboutNeuron) -> LookedAt:
        """The network that a request is about, which has that neuron."""
        seen = self._gallery.look_at(request.subject, request.twin)
        checked_index(request.neuron, neuron_count(seen.net, request.layer), "neuron")
        return seen

    def _look(self, request: messages.AboutNeuron) -> tuple[LookedAt, Responses]:
        seen = self._checked(request)
        found = self._gallery.responses(seen, request.layer)
        if len(found.excitations) < 1:
            raise RefusedError("bad_value", "There are no held-out images to look through: use other data.")
        return seen, found

    def _labels(self, count: int) -> NDArray[np.int64]:
        return self._state.data.test.labels[:count]

    def _pixels(self, indices: NDArray[np.intp]) -> Values:
        return self._state.unit("test", indices).reshape(len(indices), -1)

    def _exciting(
        self,
        seen: LookedAt,
        found: Responses,
        request: messages.AskNeuron,
        indices: NDArray[np.intp],
        payload: Payload,
    ) -> messages.Exciting:
        images = self._gallery.images(seen.net, indices)
        return messages.Exciting(
            indices.tolist(), self._state.data.test.labels[indices].tolist(),
            payload.put(found.excitations[indices, request.neuron]),
            payload.put(found.activations[indices, request.neuron]), payload.put(self._pixels(indices)),
            _fields(seen, request, images),
        )  # fmt: skip


def _about(request: messages.AboutNeuron, seen: LookedAt) -> tuple[int, int, str | None, int, int, bool]:
    """The first fields of every answer about a neuron."""
    return request.id, seen.version, seen.subject, request.layer, request.neuron, request.twin


def _key(request: messages.AboutNeuron, seen: LookedAt) -> Key:
    return seen.subject, seen.version, request.twin, request.layer, request.neuron


def _fields(seen: LookedAt, request: messages.AboutNeuron, images: NDArray[np.generic]) -> list[list[int]] | None:
    """What the strongest place of a channel's map sees of each picture; None for neurons."""
    layer = seen.net.layers[request.layer]
    if len(layer.output_shape(layer.input_shape)) != 3:
        return None
    places = strongest_places(seen.net, request.layer, request.neuron, images).tolist()
    return [list(receptive_field(seen.net, request.layer, row, column)) for row, column in places]


def _by_class(values: Values, labels: NDArray[np.int64], classes: int, payload: Payload) -> messages.ByClass:
    """The distribution of values by class, over bins from the lowest to the highest."""
    numbers = np.nan_to_num(values.astype(np.float64))
    low, high = float(numbers.min()), float(numbers.max())
    edges = np.linspace(low, high if high > low else low + 1.0, BINS + 1)
    counts = class_histograms(numbers, labels, classes, edges)
    quantiles = class_quantiles(numbers, labels, classes)
    return messages.ByClass(payload.put(edges), payload.put(counts), payload.put(quantiles))


def _auc(values: Values, belongs: NDArray[np.bool_]) -> float | None:
    return _known(auc(np.nan_to_num(values), belongs))


def _known(number: float) -> float | None:
    return number if math.isfinite(number) else None


def _empty(image: Values, level_range: tuple[float, float] | None) -> Values:
    return np.full_like(image, (level_range or (0.0, 1.0))[0])
