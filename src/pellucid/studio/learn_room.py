"""Learn: training that runs, waits, steps and goes back in time, and what the page is shown of it."""

from __future__ import annotations

import time
from typing import Literal

import numpy as np

from pellucid.errors import DivergedError
from pellucid.studio import events, requests
from pellucid.studio.driver import Driver, Job
from pellucid.studio.edited_network import EditedNetwork
from pellucid.studio.frame_throttle import FrameThrottle
from pellucid.studio.frames import Payload
from pellucid.studio.plans import fits, plan_of, planned_network, planned_trainer
from pellucid.studio.priority_lock import PriorityLock
from pellucid.studio.refusal import RefusedError
from pellucid.studio.run import EpochMean, EpochTest, Run
from pellucid.studio.session_state import SessionState, finite
from pellucid.studio.turn_room import TurnRoom

Phase = Literal["ready", "running", "stepping", "paused", "diverged"]


class LearnRoom:
    """Training of the session's network.

    Its methods are called by who holds the lock; the driver's thread takes it for each few mini-batches.
    """

    def __init__(self, state: SessionState, turn: TurnRoom, lock: PriorityLock) -> None:
        self._state, self._turn = state, turn
        self._driver = Driver(lock, state.outbox, state.catalog.slots, self._work, self._given_up)
        self._throttle = FrameThrottle(state)
        self.begin_anew()

    def begin_anew(self) -> None:
        """The network is another: no training of it has begun."""
        self._driver.stop()
        self._run: Run | None = None
        self._plan = plan_of(self._state.edited, self._state.data_name)
        self._phase: Phase = "ready"
        self._trouble: str | None = None
        self._throttle.begin_anew()

    def set_up(self, request: requests.SetUp) -> EditedNetwork:
        """What a plan describes, to be taken up: a new network, or the present one with a new training run."""
        state, plan = self._state, request.plan
        data = state.catalog.data(plan.data)
        version = state.edited.version + 1
        if request.keep_network:
            if not fits(plan, state.edited.net):
                raise RefusedError("bad_value", "The plan has other layers than the network: make a new one instead.")
            edited = EditedNetwork(state.edited.net, state.edited.name, plan.loss, version)
        else:
            edited = EditedNetwork(planned_network(plan, data.train.classes), "trained here", plan.loss, version)
        run = Run(planned_trainer(plan, edited.net, data.train), plan)
        self._driver.stop()
        state.use_data(plan.data)
        self._next = run
        return edited

    def start_over(self) -> None:
        """The session has taken the network of `set_up`."""
        self._run, self._plan, self._phase, self._trouble = self._next, self._next.plan, "ready", None
        self._throttle.begin_anew()

    def train(self, request: requests.Train) -> None:
        """Let it run."""
        self._go("running", None, request.id)

    def run_to_epoch(self, request: requests.RunToEpoch) -> None:
        """Until the epoch is over."""
        trainer = self._ready().trainer
        self._go("stepping", (trainer.state.epoch + 1) * trainer.steps_per_epoch, request.id)

    def step(self, request: requests.StepBatches) -> None:
        """A few mini-batches."""
        self._go("stepping", self._ready().trainer.step + request.count, request.id)

    def pause(self, request: requests.Pause) -> None:
        """Wait."""
        self._rest(request.id)

    def set_pace(self, request: requests.SetPace) -> None:
        """How fast to go."""
        self._driver.set_pace(request.batches_per_second)
        self.tell(request.id)

    def set_rate(self, request: requests.SetRate) -> None:
        """Another learning rate from here on."""
        self._ready().set_rate(request.learning_rate)
        self.tell(request.id)

    def go_to(self, request: requests.GoToStep) -> None:
        """Back or forth in time."""
        run = self._ready()
        if request.step > run.timeline.last_step:
            raise RefusedError("bad_value", f"Expected a step up to {run.timeline.last_step}, got {request.step}.")
        self._driver.stop()
        self._throttle.picture(run)  # what was learnt since the last one belongs to the time before
        run.go_to(request.step)
        self._phase, self._trouble = "paused", None
        self._turn.begin_anew()
        self._state.edited.factors.clear()
        self._state.edited.changed()
        self._settle(request.id, whole=not request.scrubbing)

    def curves(self, request: requests.AskCurves) -> None:
        """The whole history."""
        self.tell_curves(request.id, request.count)

    def next_picture(self, request: requests.NextPicture | None = None) -> None:
        """The page has time for another picture; asked from any thread."""
        self._throttle.wanted = True

    def examined(self, request: requests.AskExamined) -> None:
        """Confusion matrix and wrongly read images."""
        self._throttle.examined(request.id)

    def plane(self, request: requests.AskLossPlane) -> None:
        """The loss around the path."""
        self._throttle.plane(self._ready(), request)

    def turned(self) -> None:
        """Knobs were turned by hand."""
        if self._run is not None:
            self._run.turned(under_way=self._driver.busy)

    @property
    def busy(self) -> bool:
        """Whether training runs."""
        return self._driver.busy

    def close(self) -> None:
        """Train no more."""
        self._driver.stop()

    def tell(self, request: int) -> None:
        """Where training stands."""
        run, pace = self._run, self._driver.pace
        if run is None:
            zeros = (0, 0, 0, 0, 0, self._steps_per_epoch(), 0.0)
            rate = self._plan.optimizer.learning_rate
            plan = self._plan
        else:
            trainer, state, plan = run.trainer, run.trainer.state, run.plan
            zeros = (
                trainer.step, run.timeline.first_step, run.timeline.last_step, state.epoch, state.batch,
                trainer.steps_per_epoch, state.seconds,
            )  # fmt: skip
            rate = trainer.learning_rate
        self._state.tell(events.Training(request, plan, self._phase, *zeros, pace, rate, self._trouble))

    def tell_curves(self, request: int, count: int = 1000) -> None:
        """The whole history, thinned out."""
        payload = Payload()
        steps = losses = accuracies = np.zeros(0, np.float32)
        tests: list[EpochTest] = []
        rates: list[tuple[int, float]] = []
        if self._run is not None:
            steps, losses, accuracies = self._run.series.points(count)
            tests, rates = self._run.tests, self._run.timeline.rates
        arrays = [
            steps, losses, accuracies, [test.step for test in tests], [test.loss for test in tests],
            [test.accuracy for test in tests], [step for step, _ in rates], [rate for _, rate in rates],
        ]  # fmt: skip
        put = [payload.put(np.asarray(array, np.float32)) for array in arrays]
        self._state.tell(events.Curves(request, *put), payload)

    def _steps_per_epoch(self) -> int:
        return -(-len(self._state.data.train) // self._plan.batch_size)

    def _ready(self) -> Run:
        """The run, made at its first use."""
        if self._run is None:
            state = self._state
            trainer = planned_trainer(self._plan, state.edited.net, state.data.train)
            self._run = Run(trainer, self._plan)
        return self._run

    def _go(self, phase: Phase, goal: int | None, request: int) -> None:
        run, edited = self._ready(), self._state.edited
        self._driver.start(goal)  # it waits until this is done; but where it is refused, nothing has changed
        run.begin()
        switched = bool(edited.factors)
        edited.factors.clear()
        self._turn.begin_anew()
        if switched:
            edited.changed()
            self._state.tell_parameters(request)
        self._turn.tell(request, np.zeros(0, np.int64))
        self._phase, self._trouble = phase, None
        self.tell(request)

    def _rest(self, request: int) -> None:
        """Stop, and show where that was."""
        if self._driver.busy:
            self._driver.stop()
            self._phase = "paused"
            self._settle(request)
        else:
            self.tell(request)

    def _settle(self, request: int, whole: bool = True) -> None:
        """Training stands still: what the network is now is what it was last trained to."""
        state, run = self._state, self._ready()
        state.edited.settle()
        self.tell(request)
        self._throttle.picture(run, request)
        self._turn.tell(request, np.zeros(0, np.int64))
        state.tell_parameters(request)
        if whole:
            state.baseline = state.judgement().accuracy
            state.tell_judged(request)
            self._throttle.health(run)
            self._throttle.examined(request)

    def _work(self, job: Job) -> bool:
        """Take a few steps for the driver, which holds the lock; whether there are more to take."""
        run = self._ready()
        try:
            means, epoch = run.advance(job.count(run.trainer.step))
        except DivergedError as error:
            self._diverge(error)
            return False
        self._state.edited.changed()
        self._throttle.learnt(means)
        if epoch is not None and (job.pace is not None or job.reached(epoch.step) or self._throttle.may_judge()):
            self._epoch_done(run, epoch)
        self._throttle.maybe(run)
        if job.reached(run.trainer.step):
            self._driver.stop()
            self._phase = "paused"
            self._settle(0)
            return False
        return True

    def _epoch_done(self, run: Run, epoch: EpochMean) -> None:
        state, began = self._state, time.perf_counter()
        found = state.judgement()
        self._throttle.judged(time.perf_counter() - began)
        run.tests.append(EpochTest(epoch.step, finite(found.loss), found.accuracy))
        seconds = run.trainer.state.seconds
        state.tell(
            events.EpochDone(
                0, epoch.epoch, epoch.step, finite(epoch.loss), epoch.accuracy, finite(found.loss), found.accuracy,
                seconds,
            )
        )  # fmt: skip
        self._throttle.maybe_examined()

    def _given_up(self) -> None:
        """The driver has stopped by itself."""
        self._phase = "paused"
        self._settle(0)

    def _diverge(self, error: DivergedError) -> None:
        """The loss ran away: time went back to before the step that did it."""
        self._driver.stop()
        self._phase, self._trouble = "diverged", str(error)
        self._state.edited.changed()
        self._settle(0)
        self.tell_curves(0)
