"""One race: contestants trained in lockstep, examined at the same steps; independent of threads and of the page."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pellucid.data.dataset import Dataset, TrainTest
from pellucid.errors import DivergedError
from pellucid.inspect.checks import unit_count
from pellucid.inspect.neurons import Health, health
from pellucid.layers.conv2d import Conv2d
from pellucid.layers.dense import Dense
from pellucid.network.network import Network
from pellucid.studio.protocol.parts import LearnPlan
from pellucid.studio.protocol.race import Contestant, RacePlan
from pellucid.studio.protocol.refusal import RefusedError
from pellucid.studio.rooms.learn.series import Series
from pellucid.studio.rooms.learn.timeline import Timeline
from pellucid.studio.state.plans import planned_network, planned_trainer
from pellucid.studio.state.session_state import SessionState

MAX_BYTES = 64 << 20
"""Memory for the keyframes of all contestants."""

MAX_POINTS = 1 << 13
"""Points of a contestant's training curve that are kept."""

MAX_RECORDS = 128
"""Steps at which contestants stay examined; beyond it, every second is dropped."""

EXAMINED = 256
"""Training examples by which gradients and neurons are examined."""

MAX_PRODUCTS = 2_000_000_000
"""Most multiply-adds for the held-out examples of one examination where a contestant has convolutions: then the first
examples are taken only, since somebody waits for a moment of the race to be restored."""

FIRST_GAP = 8
"""Mini-batches between examinations at first."""


@dataclass(frozen=True, eq=False)
class Examination:
    """A contestant at one step: loss and accuracy on the held-out examples, and the health of its layers."""

    step: int
    loss: float
    accuracy: float
    health: Health


class Racer:
    """A contestant with its trainer, its history and its way back.

    Attributes
    ----------
    trainer : Trainer
    series : Series
        Loss and accuracy of every mini-batch.
    records : dict of int to Examination
        The examinations that are kept, by step.
    weighted : list of int
        The indices of the layers with weights.
    trouble : str or None
        If its loss diverged, what the trainer says.
    """

    def __init__(self, contestant: Contestant, plan: RacePlan, data: TrainTest, name: str, max_bytes: int) -> None:
        self.plan = LearnPlan(
            contestant.layers, plan.loss, contestant.optimizer, plan.batch_size, name, plan.seed
        )  # fmt: skip
        net = planned_network(self.plan, data.train, None if plan.start == "usual" else plan.start)
        self.trainer = planned_trainer(self.plan, net, data.train)
        self.timeline = Timeline(self.trainer, max_bytes)
        self.series = Series(MAX_POINTS)
        self.records: dict[int, Examination] = {}
        self.weighted = [at for at, layer in enumerate(net.layers) if isinstance(layer, Dense | Conv2d)]
        self._initial = net.parameters.copy()
        self.trouble: str | None = None

    @property
    def net(self) -> Network:
        """The network, as it is at the present step."""
        return self.trainer.net

    @property
    def last_step(self) -> int:
        """The last step that it has taken."""
        return self.timeline.last_step

    def advance(self, count: int) -> None:
        """Take steps, unless its loss has diverged."""
        if self.trouble is not None:
            return
        end = self.trainer.step + count
        while self.trainer.step < end:
            try:
                means = self.trainer.advance(min(end, self.timeline.next_stop) - self.trainer.step)
            except DivergedError as error:
                self._diverge(error)
                return
            self.series.add(means)
            self.timeline.record()

    def _diverge(self, error: DivergedError) -> None:
        """The trainer stands before the step that made the loss diverge; nothing after it counts."""
        step = self.trainer.step
        self.timeline.truncate()
        self.series.truncate(step)
        self.records = {at: record for at, record in self.records.items() if at <= step}
        self.trouble = str(error)

    def go_to(self, step: int) -> None:
        """Restore a step, or the last one that it has taken."""
        self.timeline.go_to(step)

    def layer_bits(self) -> list[bytes]:
        """The initial parameters of each layer with weights."""
        sizes = [each.parameter_count(each.input_shape) for each in self.net.layers]
        ends = np.cumsum(sizes)
        return [self._initial[ends[at] - sizes[at] : ends[at]].tobytes() for at in self.weighted]


class RaceTrack:
    """A race. All contestants take the same steps with the same mini-batches.

    Parameters
    ----------
    plan : RacePlan
    state : SessionState
        Its data set is raced on.

    Attributes
    ----------
    racers : list of Racer
    same_start : list of list of bool
        For each contestant and layer with weights, whether its initial parameters have the bits of the first
        contestant's.
    tests : Dataset
        The held-out examples by which contestants are examined: all, or the first ones where all would take too long.

    Raises
    ------
    RefusedError
        If the plan does not suit the data, or a contestant is too large for the studio.
    ShapeError
        If the layers of a contestant do not fit each other.
    """

    def __init__(self, plan: RacePlan, state: SessionState) -> None:
        self.plan, self.data, self.data_name = plan, state.data, state.data_name
        self._state = state
        if not self.data.train.has_classes:
            raise RefusedError(
                "unavailable", "Expected data with classes to race on, got values: open other data first."
            )
        share = MAX_BYTES // len(plan.contestants)
        self.racers = [Racer(each, plan, self.data, self.data_name, share) for each in plan.contestants]
        self.same_start = self._same_starts()
        self.tests, self._gap = self._affordable()
        self._moment = -1
        self._examinations: list[Examination] = []
        self.examine()

    @property
    def steps_per_epoch(self) -> int:
        """Mini-batches in an epoch."""
        return self.racers[0].trainer.steps_per_epoch

    @property
    def steps(self) -> int:
        """Length of the race in mini-batches."""
        return self.plan.epochs * self.steps_per_epoch

    @property
    def step(self) -> int:
        """Mini-batches done; contestants whose loss has diverged stay behind."""
        return max(racer.trainer.step for racer in self.racers)

    @property
    def last_step(self) -> int:
        """The latest step that can be restored."""
        return max(racer.last_step for racer in self.racers)

    @property
    def finished(self) -> bool:
        """Whether nobody has a step left to take."""
        return self.last_step >= self.steps or all(racer.trouble is not None for racer in self.racers)

    @property
    def recorded(self) -> list[int]:
        """The steps at which contestants were examined, in order."""
        return sorted({step for racer in self.racers for step in racer.records})

    def advance(self, count: int) -> None:
        """Take at most ``count`` steps, none past the end or the next examination."""
        stop = (self.step // self._gap + 1) * self._gap
        count = min(count, stop - self.step, self.steps - self.step)
        for racer in self.racers:
            racer.advance(count)
        if self.step % self._gap == 0 or self.step % self.steps_per_epoch == 0 or self.finished:
            self.examine(keep=True)

    def go_to(self, step: int) -> None:
        """Restore a step of all contestants."""
        for racer in self.racers:
            racer.go_to(step)

    def examine(self, keep: bool = True) -> list[Examination]:
        """Examine all contestants as they are now; ``keep`` adds it to the history."""
        if self._moment != self.step:
            self._moment, self._examinations = self.step, [self._examined(racer) for racer in self.racers]
        if keep:
            for racer, found in zip(self.racers, self._examinations, strict=True):
                if racer.trouble is None or found.step == self.step:
                    racer.records[found.step] = found
            self._thin()
        return self._examinations

    def _same_starts(self) -> list[list[bool]]:
        """For each contestant and layer with weights, whether it starts from the bits of the first contestant's."""
        bits = [racer.layer_bits() for racer in self.racers]
        return [[at < len(bits[0]) and layer == bits[0][at] for at, layer in enumerate(own)] for own in bits]

    def _affordable(self) -> tuple[Dataset, int]:
        """The held-out examples of an examination, and how many mini-batches cost about as much."""
        test = self.data.test
        if not any(isinstance(layer, Conv2d) for racer in self.racers for layer in racer.net.layers):
            return test, FIRST_GAP
        products = sum(racer.net.program.cost.products for racer in self.racers)
        count = min(len(test), max(1, MAX_PRODUCTS // products))
        gap = FIRST_GAP
        while 3 * gap * self.plan.batch_size < count:  # an example costs about three times as much to train on
            gap *= 2
        return test if count == len(test) else test[:count], gap

    def last_records(self) -> list[Examination]:
        """The last examination of each contestant that is kept."""
        return [racer.records[max(racer.records)] for racer in self.racers]

    def accuracies(self) -> list[float | None]:
        """Accuracy of each contestant at its last examination; None for those whose loss diverged."""
        return [
            None if racer.trouble else found.accuracy
            for racer, found in zip(self.racers, self.last_records(), strict=True)
        ]

    def _examined(self, racer: Racer) -> Examination:
        known = racer.records.get(racer.trainer.step)
        if known is not None:
            return known
        train = self.data.train[:EXAMINED]
        loss, accuracy = self._state.evaluate(racer.net, self.plan.loss, self.tests)
        with np.errstate(all="ignore"):
            found = health(racer.net, train.images, train.targets, self.plan.loss)
        return Examination(racer.trainer.step, loss, accuracy, found)

    def _thin(self) -> None:
        """Double the gap between the examinations that are kept, besides the last."""
        while len(self.recorded) > MAX_RECORDS:
            self._gap *= 2
            last = self.last_step
            for racer in self.racers:
                racer.records = {
                    step: found
                    for step, found in racer.records.items()
                    if step % self._gap == 0 or step in (last, racer.last_step)
                }


def column(racer: Racer, recorded: list[int], kind: str) -> NDArray[np.float32]:
    """A quantity of a contestant at the recorded steps; NaN where it was not examined.

    Returns
    -------
    ndarray (r,), or (r, layers with weights)
    """
    layers = len(racer.weighted)
    empty = np.full(() if kind in ("loss", "accuracy") else layers, np.nan)
    rows = [_value(racer, racer.records[step], kind) if step in racer.records else empty for step in recorded]
    return np.array(rows, np.float32).reshape(len(recorded), *empty.shape)


def _value(racer: Racer, found: Examination, kind: str) -> object:
    if kind in ("loss", "accuracy"):
        return getattr(found, kind)
    if kind == "gradients":
        return found.health.gradient_sizes[racer.weighted]
    neurons = found.health.dead if kind == "dead" else found.health.saturated
    return np.array([len(neurons[at]) / unit_count(racer.net, at) for at in racer.weighted])
