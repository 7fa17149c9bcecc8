"""None of these: how sure the network is of what is no digit, and what a threshold costs in true readings."""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray

from pellucid.inspect.certainty import NO_DIGIT, THRESHOLD, confidences, second_outputs
from pellucid.inspect.familiarity import Familiarity
from pellucid.inspect.thresholds import price
from pellucid.studio.protocol import none as messages
from pellucid.studio.protocol.frames import Payload
from pellucid.studio.protocol.none import Measure
from pellucid.studio.protocol.refusal import RefusedError
from pellucid.studio.rooms.none.crowds import SEED, Crowd, Values, crowds_of
from pellucid.studio.state.activity import SurenessSeen, ThresholdJudged
from pellucid.studio.state.session_state import Inputs, SessionState, finite

BUDGET = 0.04
"""Seconds of judging for one request, about, so that others are served in between."""

SHOWN = 12
"""Strangers of each kind that are shown."""

USUAL: dict[Measure, float] = {"output": 0.9, "both": THRESHOLD}
"""The usual thresholds; for likeness it is the limit of the data."""


class NoneRoom:
    """How sure the readings of test images and of strangers are."""

    def __init__(self, state: SessionState) -> None:
        self._state = state
        self._of: tuple[object, ...] = ()
        self._crowds: list[Crowd] = []
        self._ways = {"outputs": self._outputs, "second": self._second, "distance": self._distance}

    def sureness(self, request: messages.AskSureness) -> None:
        """Judge more pictures, and send what is known of all."""
        self._check(request.measure)
        state, measure, payload = self._state, request.measure, Payload()
        *strangers, test = self._extended(measure)
        judged = [(crowd, *self._judged(crowd, measure)) for crowd in strangers]
        values, readings = self._judged(test, measure)
        right = readings == state.data.test.labels[: len(readings)]
        count = len(values) + sum(len(each) for _, each, _ in judged)
        state.send(
            messages.Sureness(
                request.id, state.edited.version, measure, self._measures(), measure == "likeness",
                finite(self._usual(measure)), SEED,
                [self._strangers(crowd, each, read, measure, payload) for crowd, each, read in judged],
                payload.put(np.sort(values[right])), payload.put(np.sort(values[~right])), count,
                sum(crowd.total for crowd in self._crowds),
            ),
            payload,
        )  # fmt: skip
        state.activity.note(SurenessSeen(state.edited.version, measure))

    def own(self, request: messages.AskOwnSureness) -> None:
        """Send how sure the reading of the present picture is."""
        self._check(request.measure)
        state = self._state
        crowd = Crowd("own", 1, lambda _a, _b: state.inputs[None])
        self._extend(crowd, request.measure)
        values, readings = self._judged(crowd, request.measure)
        state.send(
            messages.OwnSureness(
                request.id, state.edited.version, request.measure, finite(float(values[0])), int(readings[0])
            )
        )

    def judge(self, request: messages.JudgeThreshold) -> None:
        """Send what a threshold costs, in pictures that are judged by now."""
        self._check(request.measure)
        state, measure, sign = self._state, request.measure, -1 if request.measure == "likeness" else 1
        *strangers, test = self._extended(measure)
        values, readings = self._judged(test, measure)
        threshold = sign * np.float32(request.threshold)
        paid = price(sign * values, readings == state.data.test.labels[: len(readings)], float(threshold))
        kinds = []
        for crowd in strangers:
            found, _ = self._judged(crowd, measure)
            kinds.append(messages.KindPrice(crowd.name, int((sign * found >= threshold).sum()), len(found)))
        state.send(
            messages.ThresholdPrice(
                request.id, state.edited.version, measure, request.threshold, paid.kept, paid.lost, paid.caught,
                paid.missed, kinds,
            )
        )  # fmt: skip
        told = {each.kind: each.told / max(1, each.count) for each in kinds}
        state.activity.note(
            ThresholdJudged(state.edited.version, measure, request.threshold, paid.lost_share, told["noise"])
        )

    def _check(self, measure: Measure) -> None:
        """Refuse networks without classes, and measures that do not fit."""
        state = self._state
        if state.form.columns is not None or state.edited.predicts_values:
            raise RefusedError(
                "bad_value",
                "Expected a network that reads images by class, got another: open one to see how sure it is.",
            )
        if measure not in self._measures():
            raise RefusedError(
                "unavailable",
                f"Expected a measure that suits this network ({', '.join(self._measures())}): choose one.",
            )

    @property
    def _familiarity(self) -> Familiarity | None:
        state = self._state
        if not state.reads_digits:
            return None
        return state.catalog.familiarity(state.data_name, state.edited.preparation)

    def _measures(self) -> list[Measure]:
        return ["output", "both", "likeness"] if self._familiarity is not None else ["output"]

    def _usual(self, measure: Measure) -> float:
        known = self._familiarity
        return known.limit if measure == "likeness" and known is not None else USUAL[measure]

    def _extended(self, measure: Measure) -> list[Crowd]:
        """All crowds, with more pictures judged than before."""
        state = self._state
        of = state.test, state.form, state.edited.preparation
        if not self._of or any(a is not b for a, b in zip(self._of, of, strict=True)):
            self._of, self._crowds = of, crowds_of(state)
        for crowd in self._crowds:
            crowd.forget_outputs(state.edited.version)
        end = time.perf_counter() + BUDGET
        for crowd in self._crowds:
            while self._extend(crowd, measure) and time.perf_counter() < end:
                pass
        return self._crowds

    def _extend(self, crowd: Crowd, measure: Measure) -> bool:
        """Judge the next few pictures of a crowd; return whether any were left."""
        have = self._count(crowd, measure)
        for what in _needed(measure):
            if crowd.count(what) == have < crowd.total:
                crowd.extend(what, self._ways[what])
        return have < crowd.total

    def _count(self, crowd: Crowd, measure: Measure) -> int:
        return min(crowd.count(what) for what in _needed(measure))

    def _outputs(self, pictures: Inputs) -> Values:
        net = self._state.edited.effective
        found: Values = np.nan_to_num(np.asarray(net(self._state.levels(net, pictures))))
        return found

    def _second(self, pictures: Inputs) -> Values:
        return second_outputs(pictures.reshape(-1, 28, 28))

    def _distance(self, pictures: Inputs) -> Values:
        known = self._familiarity
        found = np.zeros(len(pictures)) if known is None else known.distance(pictures)
        return np.atleast_1d(np.asarray(found, np.float32))

    def _judged(self, crowd: Crowd, measure: Measure) -> tuple[Values, NDArray[np.intp]]:
        """How sure each reading of a crowd is, (n,), and the readings."""
        count = self._count(crowd, measure)
        if count == 0:
            return np.zeros(0, np.float32), np.zeros(0, np.intp)
        outputs = crowd.known("outputs", count)
        if measure == "likeness":
            values = crowd.known("distance", count)
        elif measure == "both":
            second = crowd.known("second", count)
            values = np.where(second[:, -1] >= NO_DIGIT, np.float32(0), confidences(outputs, second))
        else:
            values = outputs.max(axis=1)
        return values, outputs.argmax(axis=1)

    def _strangers(
        self, crowd: Crowd, values: Values, readings: NDArray[np.intp], measure: Measure, payload: Payload
    ) -> messages.Strangers:
        surest = np.argsort(values if measure == "likeness" else -values, kind="stable")[:SHOWN]
        pixels = [crowd.pictures(int(number), int(number) + 1).reshape(-1) for number in surest]
        return messages.Strangers(
            crowd.name, len(values), crowd.total, payload.put(np.sort(values)), surest.tolist(),
            readings[surest].tolist(), payload.put(values[surest]),
            payload.put(np.array(pixels, np.float32).reshape(len(surest), -1)),
        )  # fmt: skip


def _needed(measure: Measure) -> list[str]:
    """What has to be known of a picture."""
    return ["outputs", *{"output": [], "both": ["second"], "likeness": ["distance"]}[measure]]
