"""Learn: training that runs, pauses, steps and goes back in time."""

from __future__ import annotations

import zlib
from typing import Literal

import msgspec
import numpy as np

from pellucid.data.columns import record_of
from pellucid.errors import DivergedError
from pellucid.lessons.deeds import EpochTested
from pellucid.studio.protocol import events, requests
from pellucid.studio.protocol.frames import Payload
from pellucid.studio.protocol.parts import KeptRun
from pellucid.studio.protocol.refusal import RefusedError, failure
from pellucid.studio.rooms.learn.driver import Driver, Job
from pellucid.studio.rooms.learn.run import EpochMean, Run
from pellucid.studio.rooms.learn.run_keeper import RunKeeper
from pellucid.studio.rooms.learn.series import Series
from pellucid.studio.rooms.learn.training_view import TrainingView
from pellucid.studio.rooms.turn import TurnRoom
from pellucid.studio.state.edited_network import EditedNetwork
from pellucid.studio.state.plans import (
    NEW,
    has_layers,
    plan_of,
    planned_network,
    planned_trainer,
    preparation_of,
    record_preparation,
    record_training,
    with_rate,
)
from pellucid.studio.state.priority_lock import PriorityLock
from pellucid.studio.state.session_state import SessionState, finite

Phase = Literal["ready", "running", "stepping", "paused", "diverged"]

NOTED_EPOCHS = 100
"""Epochs of a run that are recorded for lessons."""


class LearnRoom:
    """Training of the session's network.

    Callers of its methods hold the lock; the training thread takes it for a few mini-batches at a time.
    """

    def __init__(self, state: SessionState, turn: TurnRoom, lock: PriorityLock) -> None:
        self._state, self._turn = state, turn
        self._driver = Driver(lock, state.outbox, state.catalog.slots, self._work, self._on_stopped, state.clock)
        self._view = TrainingView(state)
        self.keeper = RunKeeper(state)
        self.reset()

    def reset(self, kept: KeptRun | None = None) -> None:
        """Start again with another network, which may be a ``kept`` one."""
        self._driver.stop()
        self._run: Run | None = None
        state = self._state
        self._plan = plan_of(state.edited, state.data_name, state.catalog.first_plan(state.data_name))
        if kept is not None and kept.plan.data == self._state.data_name:
            self._plan = kept.plan
        self.keeper.reset(None if kept is None else kept.id)
        self._phase: Phase = "ready"
        self._trouble: str | None = None
        self._view.reset()

    def set_up(self, request: requests.SetUp) -> EditedNetwork:
        """Return the network of a plan: a new one, or the present one for a new run. `adopt_run` must follow."""
        state, plan = self._state, request.plan
        state.check_data(plan.data)
        catalog = state.catalog
        raw = catalog.is_raw(plan.data)
        data = catalog.data(plan.data, preparation_of(plan), catalog.columns(plan.data, plan.standardize))
        version = state.edited.version + 1
        if request.keep_network:
            if not has_layers(state.edited.net, plan):
                raise RefusedError(
                    "bad_value", "The plan has other layers than the network: make a new network instead."
                )
            if not catalog.suits(plan.data, state.edited, named=True):
                raise RefusedError(
                    "bad_value",
                    "The data set has other inputs or classes than the network: make a new network instead.",
                )
            net, name, opened = state.edited.net, state.edited.name, state.edited.opened
        else:
            net, name, opened = planned_network(plan, data.train), NEW, None
        run = Run(planned_trainer(plan, net, data.train), plan, state.clock)
        self._driver.stop()
        record_preparation(net, plan, raw)
        net.record |= record_of(data.train)
        edited = EditedNetwork(net, name, plan.loss, version, opened)
        state.use_data(plan.data, edited)
        self._next = run
        return edited

    def adopt_run(self) -> None:
        """Train the network of `set_up`, which the session now uses."""
        self._run, self._plan, self._phase, self._trouble = self._next, self._next.plan, "ready", None
        self._view.reset()
        self.keeper.reset()

    def train(self, request: requests.Train) -> None:
        """Train until paused."""
        self._start("running", None, request.id)

    def run_to_epoch(self, request: requests.RunToEpoch) -> None:
        """Train to the end of the epoch."""
        trainer = self._prepared_run().trainer
        self._start("stepping", (trainer.state.epoch + 1) * trainer.steps_per_epoch, request.id)

    def step(self, request: requests.StepBatches) -> None:
        """Train a few mini-batches."""
        self._start("stepping", self._prepared_run().trainer.step + request.count, request.id)

    def pause(self, request: requests.Pause) -> None:
        """Pause training."""
        if self._driver.busy:
            self._driver.stop()
            self._phase = "paused"
            self.keeper.keep(self._prepared_run())
            self._send_all(request.id)
        else:
            self.send_status(request.id)

    def set_pace(self, request: requests.SetPace) -> None:
        """Set the pace."""
        self._driver.set_pace(request.batches_per_second)
        self.send_status(request.id)

    def set_rate(self, request: requests.SetRate) -> None:
        """Set the learning rate from this step on."""
        self._prepared_run().set_rate(request.learning_rate)
        self.send_status(request.id)

    def go_to(self, request: requests.GoToStep) -> None:
        """Go to an earlier or later step of the run."""
        run = self._prepared_run()
        if request.step > run.timeline.last_step:
            raise RefusedError("bad_value", f"Expected a step up to {run.timeline.last_step}, got {request.step}.")
        self._driver.stop()
        self._view.send_picture(run)  # mini-batches that were not sent yet belong to the step left behind
        run.go_to(request.step)
        self._phase, self._trouble = "paused", None
        self._turn.clear_history()
        self._state.edited.factors.clear()
        self._turn.drop_grey_levels(request.id)
        self._state.edited.mark_changed()
        self._send_all(request.id, quick=request.scrubbing)

    def curves(self, request: requests.AskCurves) -> None:
        """Send the whole history."""
        self.send_curves(request.id, request.count)

    def next_picture(self, request: requests.NextPicture | None = None) -> None:
        """Note that the page is ready for another picture; may be called from any thread."""
        self._view.throttle.wanted = True

    def examined(self, request: requests.AskExamined) -> None:
        """Send the confusion matrix and the misread images."""
        self._view.send_examination(request.id)

    def plane(self, request: requests.AskLossPlane) -> None:
        """Send the loss around the path of training."""
        self._view.send_plane(self._prepared_run(), request)

    def moment(self, step: int) -> EditedNetwork:
        """Return a copy of the network after so many mini-batches of this run; training stays where it is."""
        edited, timeline = self._state.edited, self._prepared_run().timeline
        if not timeline.first_step <= step <= timeline.last_step:
            raise RefusedError(
                "bad_value",
                f"Expected a moment of this training, from {timeline.first_step} to {timeline.last_step}, got {step}.",
            )
        net = edited.net.copy()
        net.parameters[...] = self._prepared_run().parameters_at(step)
        after = f"{step:,} mini-batch" + ("" if step == 1 else "es")
        return EditedNetwork(net, f"{edited.name[:150]} after {after}", edited.loss)

    def knobs_turned(self) -> None:
        """Note that parameters were changed by hand."""
        if self._run is not None:
            self._run.parameters_changed(running=self._driver.busy)

    @property
    def has_trained(self) -> bool:
        """Whether the present network has been trained here."""
        return self._run is not None and self._run.timeline.last_step > 0

    @property
    def step_taken(self) -> int | None:
        """Mini-batches of the present network's training here; None before any."""
        return self._run.trainer.step if self._run is not None and self.has_trained else None

    @property
    def busy(self) -> bool:
        """Whether training is running."""
        return self._driver.busy

    def close(self) -> None:
        """Stop training, and keep what was trained."""
        if self._driver.busy:
            self._driver.stop()
            self.keeper.keep(self._prepared_run())

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
            self._view.send_examination(0)

    def _steps_per_epoch(self) -> int:
        return -(-len(self._state.data.train) // self._plan.batch_size)

    def _prepared_run(self) -> Run:
        """Return the run; create it when it is first needed."""
        if self._run is None:
            state = self._state
            trainer = planned_trainer(self._plan, state.edited.net, state.data.train)
            self._run = Run(trainer, self._plan, state.clock)
        return self._run

    def _start(self, phase: Phase, goal: int | None, request: int) -> None:
        run, edited = self._prepared_run(), self._state.edited
        self._driver.start(goal)  # first, since it may refuse; its thread waits for the lock, which the caller holds
        self.keeper.begin()
        record_training(run.trainer.net, run.plan)
        run.begin()
        switched = bool(edited.factors)
        edited.factors.clear()
        self._turn.clear_history()
        self._turn.drop_grey_levels(request)
        if switched:
            edited.mark_changed()
            self._state.send_parameters(request)
        self._turn.send_changes(request, np.zeros(0, np.int64))
        self._phase, self._trouble = phase, None
        self.send_status(request)

    def _send_all(self, request: int, quick: bool = False) -> None:
        """Training has come to rest: send everything about it, but what takes long only if not ``quick``."""
        state, run = self._state, self._prepared_run()
        state.edited.mark_trained()
        self.send_status(request)
        self._view.send_picture(run, request)
        self._turn.send_changes(request, np.zeros(0, np.int64))
        state.send_parameters(request)
        if not quick:
            state.baseline = state.evaluation().accuracy
            state.send_evaluation(request)
            self._view.send_health(run)
            self._view.send_examination(request)

    def _work(self, job: Job) -> bool:
        """Take a few steps for the driver, which holds the lock; return whether there are more to take."""
        run = self._prepared_run()
        try:
            means, epoch = run.advance(job.count(run.trainer.step))
        except DivergedError as error:
            self._diverge(error)
            return False
        self._state.edited.mark_changed()
        self._view.add(means)
        if epoch is not None:
            self._evaluate_epoch(run, epoch)
        self._view.send_due(run)
        if job.reached(run.trainer.step):
            self._driver.stop()
            self._on_stopped(None)
            return False
        return True

    def _evaluate_epoch(self, run: Run, epoch: EpochMean) -> None:
        state = self._state
        found = state.evaluation()
        run.tested(epoch.epoch, finite(found.loss), found.accuracy)
        seconds = run.trainer.state.seconds
        state.send(
            events.EpochDone(
                0, epoch.epoch, epoch.step, finite(epoch.loss), epoch.accuracy, finite(found.loss), found.accuracy,
                seconds,
            )
        )  # fmt: skip
        self._note_epoch(run, epoch.epoch, found.accuracy)
        if self._view.throttle.examination_due():
            self._view.send_examination(0)
        self.keeper.keep_if_due(run)

    def _note_epoch(self, run: Run, epoch: int, accuracy: float, diverged: bool = False) -> None:
        """Record for lessons what a new network reads after an epoch, trained by one plan from its first step on."""
        state, timeline = self._state, run.timeline
        new = np.array_equal(timeline.first_parameters, state.edited.initial)
        if epoch <= NOTED_EPOCHS and new and timeline.is_undisturbed and not state.edited.factors:
            plan = zlib.crc32(msgspec.json.encode(with_rate(run.plan, 1.0)))
            rate = run.plan.optimizer.learning_rate
            state.activity.note_beside(EpochTested(state.edited.version, plan, rate, epoch, accuracy, diverged))

    def _on_stopped(self, error: Exception | None) -> None:
        """The driver has stopped by itself."""
        if error is not None:
            self._state.send(failure(error))
        self._phase = "paused"
        self.keeper.keep(self._prepared_run())
        self._send_all(0)

    def _diverge(self, error: DivergedError) -> None:
        """The loss diverged; the run has gone back to before the step that caused it."""
        self._driver.stop()
        self._phase, self._trouble = "diverged", str(error)
        self._state.edited.mark_changed()
        run = self._prepared_run()
        self._note_epoch(run, run.trainer.state.epoch + 1, self._state.evaluation().accuracy, diverged=True)
        self.keeper.keep(run)
        self._send_all(0)
        self.send_curves(0)
