"""What the page is shown while a network learns: as much as it can take, and no more than training can spare."""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray

from pellucid.inspect.confusion import mistakes_of
from pellucid.inspect.neurons import health
from pellucid.inspect.plane import loss_plane
from pellucid.studio import events, requests
from pellucid.studio.frames import Payload
from pellucid.studio.read_room import layer_readings
from pellucid.studio.recent import Recent
from pellucid.studio.run import Run
from pellucid.studio.session_state import SessionState

_PICTURES = 1 / 60.0
_JUDGING = 0.02
"""Share of the time of training that may go into judging epochs."""

_HEALTHS = 0.5
_EXAMINED = 2.0
"""Seconds between two, at least."""

_MOST_BYTES = 24e6
"""Of pictures a second."""

_LOOKED_AT = 256
_MOST_WRONG = 200


class FrameThrottle:
    """Pictures of a run, at most so many a second."""

    def __init__(self, state: SessionState) -> None:
        self._state = state
        self.wanted = False
        self.begin_anew()

    def begin_anew(self) -> None:
        """Another network: forget what was not shown yet."""
        self._recent = Recent()
        self._judge_from = 0.0
        self._pictured = self._healthy = self._looked = 0.0
        self._speed, self._counted, self._since = 0.0, 0, time.perf_counter()

    def learnt(self, means: NDArray[np.float64]) -> None:
        """Mini-batches were done: their mean loss and share read right, (n, 2)."""
        self._recent.add(means)
        self._counted += len(means)
        now = time.perf_counter()
        if now - self._since > 0.25:
            self._speed = self._counted / (now - self._since)
            self._counted, self._since = 0, now

    def maybe(self, run: Run) -> None:
        """Send a picture, if the page has asked for one and it is time."""
        now, outbox = time.perf_counter(), self._state.outbox
        apart = max(_PICTURES, run.trainer.net.parameter_count * 4 / _MOST_BYTES)
        if self.wanted and now - self._pictured >= apart and outbox.attached:
            self.wanted = False
            self.picture(run)
        if now - self._healthy >= _HEALTHS and outbox.attached and not outbox.waits("health"):
            self.health(run)

    def may_judge(self) -> bool:
        """Whether it is time to judge an epoch again."""
        return time.perf_counter() >= self._judge_from

    def judged(self, seconds: float) -> None:
        """An epoch was judged, which took so long."""
        self._judge_from = time.perf_counter() + seconds / _JUDGING

    def picture(self, run: Run, request: int = 0) -> None:
        """The network as it is now, and the mini-batches since the last picture."""
        state, payload, step = self._state, Payload(), run.trainer.step
        self._pictured = time.perf_counter()
        steps, losses, accuracies = self._recent.take(step)
        state.tell(
            events.Picture(
                request, state.edited.version, step, run.trainer.state.epoch, payload.put(run.trainer.net.parameters),
                payload.put(steps), payload.put(losses), payload.put(accuracies), self._speed,
                layer_readings(state.trace(), payload),
            ),
            payload,
        )  # fmt: skip

    def health(self, run: Run) -> None:
        """How the neurons fare, on the first few hundred images that are learnt from."""
        state, payload, trainer = self._state, Payload(), run.trainer
        self._healthy = time.perf_counter()
        count = min(_LOOKED_AT, len(state.data.train))
        images = state.levels(trainer.net, state.unit("train", np.arange(count)))
        found = health(trainer.net, images, state.data.train.labels[:count], run.plan.loss)
        state.tell(
            events.Health(
                0, state.edited.version, trainer.step, payload.put(found.gradient_sizes),
                payload.put(found.gradient_norms), payload.put(found.weight_norms),
                [list(layer) for layer in found.dead], [list(layer) for layer in found.saturated], count,
            ),
            payload,
            key="health",
        )  # fmt: skip

    def maybe_examined(self) -> None:
        """What is confused, if it is time."""
        outbox = self._state.outbox
        late = time.perf_counter() - self._looked >= _EXAMINED
        if late and outbox.attached and not outbox.waits("examined"):
            self.examined(0)

    def examined(self, request: int) -> None:
        """Confusion matrix and wrongly read images."""
        state, payload = self._state, Payload()
        self._looked = time.perf_counter()
        labels = state.data.test.labels
        found = mistakes_of(np.nan_to_num(state.outputs("test")), labels)
        wrong = found.wrong[:_MOST_WRONG]
        state.tell(
            events.Examined(
                request, state.edited.version, payload.put(found.confusion), len(labels), len(found.wrong),
                wrong.tolist(), labels[wrong].tolist(), found.readings[wrong].tolist(),
                payload.put(found.confidences[wrong]), payload.put(state.unit("test", wrong)),
            ),
            payload,
            key=None if request else "examined",
        )  # fmt: skip

    def plane(self, run: Run, request: requests.AskLossPlane) -> None:
        """The loss around the path of training."""
        state, payload = self._state, Payload()
        steps, path = run.timeline.path(200)
        if steps[-1] != run.trainer.step:
            steps, path = np.append(steps, run.trainer.step), np.vstack([path, run.trainer.net.parameters])
        images = state.data.train
        if request.images < len(images):
            images = images[: request.images]
        found = loss_plane(run.trainer.net, path, images, run.plan.loss, side=request.side, margin=request.margin)
        state.tell(
            events.LossPlane(
                request.id, payload.put(found.xs), payload.put(found.ys), payload.put(found.losses),
                payload.put(found.path), payload.put(steps), payload.put(found.path_losses),
                payload.put(found.distances), list(found.explained), len(images), run.trainer.step,
            ),
            payload,
        )  # fmt: skip
