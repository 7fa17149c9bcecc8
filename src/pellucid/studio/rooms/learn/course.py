"""A course of training: it runs, pauses, steps and goes back in time."""

from __future__ import annotations

from typing import Literal

import numpy as np

from pellucid.errors import DivergedError
from pellucid.studio.protocol import events, requests
from pellucid.studio.protocol.frames import Payload
from pellucid.studio.protocol.parts import LearnPlan
from pellucid.studio.protocol.refusal import RefusedError, failure
from pellucid.studio.rooms.learn.driver import Driver, Job
from pellucid.studio.rooms.learn.run import EpochMean, Run
from pellucid.studio.rooms.learn.run_keeper import RunKeeper
from pellucid.studio.rooms.learn.series import Series
from pellucid.studio.rooms.learn.trainee import Trainee
from pellucid.studio.state.plans import record_training
from pellucid.studio.state.priority_lock import PriorityLock
from pellucid.studio.state.session_state import SessionState, finite

Phase = Literal["ready", "running", "stepping", "paused", "diverged"]


class Course:
    """Training of one network.

    Callers of its methods hold the lock; the training thread takes it for a few mini-batches at a time.

    Parameters
    ----------
    state : SessionState
    trainee : Trainee
        What is trained.
    plan : LearnPlan
        How, unless another plan follows.
    lock : PriorityLock

    Attributes
    ----------
    trainee : Trainee
    keeper : RunKeeper
    """

    def __init__(self, state: SessionState, trainee: Trainee, plan: LearnPlan, lock: PriorityLock) -> None:
        self._state, self.trainee, self._view = state, trainee, trainee.view
        self._driver = Driver(lock, state.outbox, state.catalog.slots, self._work, self._on_stopped, state.clock)
        self.keeper = RunKeeper(state, trainee)
        self.reset(plan)

    def reset(self, plan: LearnPlan, kept: str | None = None) -> None:
        """Start again with another network, which may be one that is ``kept`` under that identity."""
        self._driver.stop()
        self._run: Run | None = None
        self._plan = plan
        self.keeper.reset(kept)
        self._phase: Phase = "ready"
        self._trouble: str | None = None
        self._view.reset()

    def stop(self) -> None:
        """Take no more steps."""
        self._driver.stop()

    def adopt(self, run: Run) -> None:
        """Train by another run."""
        self.reset(run.plan)
        self._run = run

    @property
    def pace(self) -> float | None:
        """The largest number of mini-batches per second; None is full speed."""
        return self._driver.pace

    @pace.setter
    def pace(self, pace: float | None) -> None:
        self._driver.set_pace(pace)

    def train(self, request: requests.Train) -> None:
        """Train until paused."""
        self._start("running", None, request.id)

    def run_to_epoch(self, request: requests.RunToEpoch) -> None:
        """Train to the end of the epoch."""
        trainer = self.run().trainer
        self._start("stepping", (trainer.state.epoch + 1) * trainer.steps_per_epoch, request.id)

    def step(self, request: requests.StepBatches) -> None:
        """Train a few mini-batches."""
        self._start("stepping", self.run().trainer.step + request.count, request.id)

    def pause(self, request: requests.Pause) -> None:
        """Pause training."""
        if not self.rest(request.id):
            self.send_status(request.id)

    def rest(self, request: int) -> bool:
        """Pause training, and send everything about it; return whether it was running."""
        if not self._driver.busy:
            return False
        self._driver.stop()
        self._phase = "paused"
        self.keeper.keep(self.run())
        self._send_all(request)
        return True

    def set_pace(self, request: requests.SetPace) -> None:
        """Set the pace."""
        self._driver.set_pace(request.batches_per_second)
        self.send_status(request.id)

    def set_rate(self, request: requests.SetRate) -> None:
        """Set the learning rate from this step on."""
        self.run().set_rate(request.learning_rate)
        self.send_status(request.id)

    def go_to(self, request: requests.GoToStep) -> None:
        """Go to an earlier or later step of the run."""
        run = self.run()
        if request.step > run.timeline.last_step:
            raise RefusedError("bad_value", f"Expected a step up to {run.timeline.last_step}, got {request.step}.")
        self._driver.stop()
        self._view.send_picture(run)  # mini-batches that were not sent yet belong to the step left behind
        run.go_to(request.step)
        self._phase, self._trouble = "paused", None
        self.trainee.rewound(request.id)
        self._send_all(request.id, quick=request.scrubbing)

    def curves(self, request: requests.AskCurves) -> None:
        """Send the whole history."""
        self.send_curves(request.id, request.count)

    def next_picture(self) -> None:
        """Note that the page is ready for another picture; may be called from any thread."""
        self._view.throttle.wanted = True

    def examined(self, request: requests.AskExamined) -> None:
        """Send the confusion matrix and the misread images."""
        self._view.send_examination(self.run(), request.id)

    def knobs_turned(self) -> None:
        """Note that parameters were changed by hand."""
        if self._run is not None:
            self._run.parameters_changed(running=self._driver.busy)

    @property
    def has_trained(self) -> bool:
        """Whether the present network has been trained here."""
        return self._run is not None and self._run.timeline.last_step > 0

    @property
    def busy(self) -> bool:
        """Whether training is running."""
        return self._driver.busy

    def close(self) -> None:
        """Stop training, and keep what was trained."""
        if self._driver.busy:
            self._driver.stop()
            self.keeper.keep(self.run())

    def send_status(self, request: int) -> None:
        """Send the state of training."""
        run, pace = self._run, self._driver.pace
        if run is None:
            plan, rate = self._plan, self._plan.optimizer.learning_rate
            progress = (0, 0, 0, 0, 0, self._steps_per_epoch(), 0.0)
        else:
            trainer, plan, rate = run.trainer, run.plan, run.trainer.learning_rate
            progress = (
                trainer.step, run.timeline.first_step, run.timeline.last_step, trainer.state.epoch,
                trainer.state.batch, trainer.steps_per_epoch, trainer.state.seconds,
            )  # fmt: skip
        kept = not self._driver.busy and self.keeper.is_kept(progress[0])
        self._state.send(
            events.Training(
                request, plan, self._phase, *progress, pace, rate, self.keeper.identity, kept, self._trouble
            )
        )

    def send_curves(self, request: int, count: int = 4000) -> None:
        """Send the whole history, thinned to at most ``count`` points."""
        payload, run = Payload(), self._run
        batches, tests = (
            (Series().points(1),) * 2 if run is None else (run.series.points(count), run.tests.points(count))
        )
        healths = [] if run is None else run.healths
        rates = [] if run is None else run.timeline.rates
        sizes = np.stack([each for _, each in healths]) if healths else np.zeros((0, 0))
        per_epoch = np.float32(1 if run is None else run.trainer.steps_per_epoch)
        arrays = [
            *batches, tests[0] * per_epoch, *tests[1:], [step for step, _ in rates], [rate for _, rate in rates],
            [step for step, _ in healths], sizes,
        ]  # fmt: skip
        floats = [payload.put(np.asarray(array, np.float32)) for array in arrays]
        self._state.send(events.Curves(request, *floats), payload)

    def send_findings(self) -> None:
        """Send the health of the layers and the mistakes, to a page that has just connected."""
        if self._run is not None:
            self._view.send_health(self._run)
            self._view.send_examination(self._run, 0)

    def _steps_per_epoch(self) -> int:
        return -(-self.trainee.examples(self._plan) // self._plan.batch_size)

    def run(self) -> Run:
        """Return the run; create it when it is first needed."""
        if self._run is None:
            self._run = Run(self.trainee.trainer(self._plan), self._plan, self._state.clock)
        return self._run

    def _start(self, phase: Phase, goal: int | None, request: int) -> None:
        run = self.run()
        self._driver.start(goal)  # first, since it may refuse; its thread waits for the lock, which the caller holds
        self.keeper.begin()
        record_training(run.trainer.net, run.plan)
        run.begin()
        self.trainee.begin(request)
        self._phase, self._trouble = phase, None
        self.send_status(request)

    def _send_all(self, request: int, quick: bool = False) -> None:
        """Training has come to rest: send everything about it, but what takes long only if not ``quick``."""
        self.send_status(request)
        self.trainee.rested(self.run(), request, quick=quick)

    def _work(self, job: Job) -> bool:
        """Take a few steps for the driver, which holds the lock; return whether there are more to take."""
        run = self.run()
        try:
            means, epoch = run.advance(job.count(run.trainer.step))
        except DivergedError as error:
            self._diverge(error)
            return False
        self.trainee.changed()
        self._view.add(means)
        ended = job.reached(run.trainer.step)
        if epoch is not None:
            self._end_epoch(run, epoch, last=ended)
        self._view.send_due(run)
        if ended:
            self._driver.stop()
            self._on_stopped(None)
            return False
        return True

    def _end_epoch(self, run: Run, epoch: EpochMean, *, last: bool) -> None:
        throttle = self._view.throttle
        if last or epoch.epoch <= self.trainee.counted_epochs or throttle.due("evaluation"):
            with throttle.measuring("evaluation"):
                self._evaluate_epoch(run, epoch)
        if throttle.due("examination", "examined"):
            self._view.send_examination(run, 0)
        self.keeper.keep_if_due(run)

    def _evaluate_epoch(self, run: Run, epoch: EpochMean) -> None:
        state = self._state
        found = self.trainee.evaluation()
        run.tested(epoch.epoch, finite(found.loss), found.accuracy)
        seconds = run.trainer.state.seconds
        state.send(
            events.EpochDone(
                0, epoch.epoch, epoch.step, finite(epoch.loss), epoch.accuracy, finite(found.loss), found.accuracy,
                seconds,
            )
        )  # fmt: skip
        self.trainee.epoch_tested(run, epoch.epoch, found.accuracy)

    def _on_stopped(self, error: Exception | None) -> None:
        """The driver has stopped by itself."""
        if error is not None:
            self._state.send(failure(error))
        self._phase = "paused"
        self.keeper.keep(self.run())
        self._send_all(0)

    def _diverge(self, error: DivergedError) -> None:
        """The loss diverged; the run has gone back to before the step that caused it."""
        self._driver.stop()
        self._phase, self._trouble = "diverged", str(error)
        self.trainee.changed()
        run = self.run()
        self.trainee.epoch_tested(run, run.trainer.state.epoch + 1, self.trainee.evaluation().accuracy, diverged=True)
        self.keeper.keep(run)
        self._send_all(0)
        self.send_curves(0)
