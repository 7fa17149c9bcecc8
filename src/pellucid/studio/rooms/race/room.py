"""Race: contestants in lockstep, then from many starts and at many learning rates, all beside the other rooms."""

from __future__ import annotations

from typing import Literal

import numpy as np

from pellucid.studio.protocol import race as messages
from pellucid.studio.protocol.frames import Payload
from pellucid.studio.protocol.refusal import RefusedError, failure
from pellucid.studio.rooms.learn.driver import Driver, Job
from pellucid.studio.rooms.race.race import EXAMINED, Examination, Racer, RaceTrack, column
from pellucid.studio.rooms.race.trials import TrialRunner, Trials, workers
from pellucid.studio.state.activity import RaceBegun, RacePredicted, RaceRun, TrialsRun
from pellucid.studio.state.priority_lock import PriorityLock
from pellucid.studio.state.session_state import SessionState, finite

CURVE_POINTS = 300
"""Most points of a curve that are sent."""

NEWS_SECONDS = 0.1
"""Least time between two pictures of a race, or of trials."""

State = Literal["ready", "running", "paused", "finished"]


class RaceRoom:
    """The race of a session.

    It has a lock of its own: a race and a training in Learn run side by side. Requests hold the lock of the session
    before they take it; the threads of the race take no other.
    """

    def __init__(self, state: SessionState) -> None:
        self._state, self._lock = state, PriorityLock()
        self._driver = Driver(self._lock, state.outbox, state.catalog.slots, self._work, self._on_stopped, state.clock)
        self._track: RaceTrack | None = None
        self._prediction: messages.Prediction | None = None
        self._runner: TrialRunner | None = None
        self._trials: dict[messages.TrialKind, Trials] = {}
        self._next_news = 0.0
        self._number = 0

    @property
    def busy(self) -> bool:
        """Whether anything is being trained."""
        return self._driver.busy or (self._runner is not None and self._runner.trials.running)

    def close(self) -> None:
        """Stop everything."""
        with self._lock.high_priority():
            self._driver.stop()
            if self._runner is not None:
                self._runner.cancel()

    def set_up(self, request: messages.SetUpRace) -> None:
        """Prepare a race."""
        with self._lock.high_priority():
            track = RaceTrack(request.plan, self._state)
            self._driver.stop()
            self._track, self._prediction = track, None
            self._number += 1
            self._send_all(request.id)

    def ask(self, request: messages.AskRace) -> None:
        """Send everything about the race."""
        with self._lock.high_priority():
            self._send_all(request.id)
            for trials in list(self._trials.values()):
                self._send_trials(trials, request.id)

    def predict(self, request: messages.PredictRace) -> None:
        """Lock in a prediction."""
        with self._lock.high_priority():
            track, found = self._present(), request.prediction
            if track.last_step > 0:
                raise RefusedError("out_of_order", "The race has begun: set up a new one to predict how it ends.")
            count = len(track.racers)
            if (found.winner or 0) >= count or len(found.curves) > count:
                raise RefusedError("bad_value", f"Expected a prediction for {count} contestants, got more.")
            self._prediction = found
            self._state.activity.note(RacePredicted(self._version, track.plan, found))
            self._send_race(request.id)

    def run(self, request: messages.RunRace) -> None:
        """Run to the end."""
        with self._lock.high_priority():
            track = self._present()
            if track.finished:
                raise RefusedError("out_of_order", "The race has ended: set up a new one, or one of more epochs.")
            self._start(track, track.steps, request.id)

    def step(self, request: messages.StepRace) -> None:
        """Take a few mini-batches; where they were taken already, restore the step that they lead to."""
        with self._lock.high_priority():
            track = self._present()
            goal = min(track.step + request.count, track.steps)
            if goal > track.last_step and not track.finished:
                self._start(track, goal, request.id)
                return
            self._driver.stop()
            track.go_to(goal)
            self._send_all(request.id)

    def pause(self, request: messages.PauseRace) -> None:
        """Pause."""
        with self._lock.high_priority():
            self._driver.stop()
            self._send_all(request.id)

    def go_to(self, request: messages.GoToRace) -> None:
        """Restore a step."""
        with self._lock.high_priority():
            track = self._present()
            if request.step > track.last_step:
                raise RefusedError("bad_value", f"Expected a step up to {track.last_step}, got {request.step}.")
            self._driver.stop()
            track.go_to(request.step)
            self._send_race(request.id)
            self._send_moment(track, request.id)

    def set_pace(self, request: messages.SetRacePace) -> None:
        """Set the pace."""
        with self._lock.high_priority():
            self._driver.set_pace(request.batches_per_second)
            self._send_race(request.id)

    def run_starts(self, request: messages.RunStarts) -> None:
        """Train from many starts."""
        with self._lock.high_priority():
            plan = self._present().plan
            rates = [np.array([each.optimizer.learning_rate]) for each in plan.contestants]
            self._try("starts", rates, request.starts, request.epochs, request.id)

    def run_rates(self, request: messages.RunRates) -> None:
        """Train at many rates."""
        if not request.low < request.high:
            raise RefusedError("bad_value", f"Expected rates from low to high, got {request.low} to {request.high}.")
        with self._lock.high_priority():
            rates = np.geomspace(request.low, request.high, request.count)
            every = [rates for _ in self._present().plan.contestants]
            self._try("rates", every, request.starts, request.epochs, request.id)

    def cancel(self, request: messages.CancelTrials) -> None:
        """Stop trainings from many starts or at many rates."""
        with self._lock.high_priority():
            if self._runner is None:
                self._send_race(request.id)
                return
            self._runner.cancel()
            self._send_trials(self._runner.trials, request.id)

    @property
    def _version(self) -> int:
        return self._state.edited.version

    def _present(self) -> RaceTrack:
        if self._track is None:
            raise RefusedError("out_of_order", "No race has been set up: send a plan first.")
        return self._track

    def _start(self, track: RaceTrack, goal: int, request: int) -> None:
        self._driver.start(goal)  # first, since it may refuse; its thread waits for the lock
        if track.last_step == 0:
            same = all(all(each) for each in track.same_start)
            self._state.activity.note(RaceBegun(self._version, self._number, track.plan, same))
        track.go_to(track.last_step)
        self._send_race(request)

    def _work(self, job: Job) -> bool:
        """Take a few steps for the driver, which holds the lock; return whether there are more to take."""
        track = self._present()
        track.advance(job.count(track.step))
        if track.finished or job.reached(track.step):
            self._driver.stop()
            self._on_stopped(None)
            return False
        now = self._state.clock.now()
        if now >= self._next_news and self._state.outbox.attached and not self._state.outbox.is_waiting("raceCurves"):
            self._next_news = now + NEWS_SECONDS
            self._send_race(0)
            self._send_curves(track, 0)
            self._send_moment(track, 0, at_record=True)
        return True

    def _on_stopped(self, error: Exception | None) -> None:
        """The driver has stopped by itself."""
        if error is not None:
            self._state.send(failure(error))
        self._send_all(0)
        self._note_run()

    def _note_run(self) -> None:
        """Record for lessons that the race has come to its end."""
        track = self._present()
        if not track.finished:
            return
        recorded = track.recorded
        curves = tuple(tuple(column(racer, recorded, "accuracy").tolist()) for racer in track.racers)
        self._state.activity.note_beside(
            RaceRun(
                self._version, self._number, track.plan, track.last_step, tuple(track.accuracies()),
                self._outcome(track), tuple(recorded), curves,
            )
        )  # fmt: skip

    def _try(self, kind: messages.TrialKind, rates: list[np.ndarray], starts: int, epochs: int, request: int) -> None:
        if self._runner is not None and self._runner.trials.running:
            raise RefusedError("busy", "Trainings are running already: cancel them or wait for their end.")
        track, state = self._present(), self._state
        count = 0
        while count < workers() and state.catalog.slots.acquire(blocking=False):
            count += 1
        if count == 0:
            raise RefusedError("busy", "Too many trainings are running: pause one in another tab.")
        trials = Trials(kind, track.plan, epochs, rates, starts, count, state.clock.now())
        runner = TrialRunner(
            trials, track.data, lambda: state.outbox.attached, lambda error: self._on_trial(trials, error), state.clock
        )
        self._runner, self._trials[kind] = runner, trials
        self._send_trials(trials, request)
        runner.start()

    def _on_trial(self, trials: Trials, error: Exception | None) -> None:
        """The thread of the trials tells what has changed."""
        state = self._state
        if error is not None:
            state.send(failure(error))
        if not trials.running:
            for _ in range(trials.workers):
                state.catalog.slots.release()
            with self._lock.high_priority():
                self._send_trials(trials, 0)
            state.activity.note(TrialsRun(self._version, trials.kind, trials.plan, trials.done, trials.total))
            return
        now = state.clock.now()
        if now - trials.told >= NEWS_SECONDS and state.outbox.attached and not state.outbox.is_waiting(trials.kind):
            trials.told = now
            self._send_trials(trials, 0)

    def _send_all(self, request: int) -> None:
        self._send_race(request)
        if self._track is not None:
            self._send_curves(self._track, request)
            self._send_moment(self._track, request)

    def _send_race(self, request: int) -> None:
        track, state = self._track, self._state
        if track is None:
            event = messages.Race(
                request, None, state.data_name, "ready", 0, 0, 0, 0, self._driver.pace, [], None, None
            )
        else:
            event = messages.Race(
                request, track.plan, track.data_name, self._phase(track), track.step, track.last_step, track.steps,
                track.steps_per_epoch, self._driver.pace, _contestants(track), self._prediction, self._outcome(track),
            )  # fmt: skip
        state.send(event, key=None if request else "race")

    def _phase(self, track: RaceTrack) -> State:
        if self._driver.busy:
            return "running"
        return "finished" if track.finished else "paused" if track.last_step else "ready"

    def _outcome(self, track: RaceTrack) -> messages.Outcome | None:
        """What became of the prediction, once the race has ended."""
        predicted = self._prediction
        if predicted is None or not track.finished:
            return None
        ends = track.accuracies()
        known = [each for each in ends if each is not None]
        best = [at for at, each in enumerate(ends) if known and each == max(known)]
        winner = best[0] if len(best) == 1 else None
        gaps: list[float | None] = []
        for at, end in enumerate(ends):
            curve = predicted.curves[at] if at < len(predicted.curves) else []
            gaps.append(abs(end - curve[-1]) if curve and end is not None else None)
        return messages.Outcome(winner, winner == predicted.winner, gaps)

    def _send_curves(self, track: RaceTrack, request: int) -> None:
        payload, recorded = Payload(), track.recorded
        curves = [_curve(racer, recorded, payload) for racer in track.racers]
        count = min(EXAMINED, len(track.data.train))
        self._state.send(
            messages.RaceCurves(
                request, payload.put(np.array(recorded, np.float32)), count, len(track.tests),
                len(track.data.test), curves,
            ),
            payload,
            key=None if request else "raceCurves",
        )  # fmt: skip

    def _send_moment(self, track: RaceTrack, request: int, at_record: bool = False) -> None:
        """Send the contestants as they are, or as they were at the last recorded step, which takes no time."""
        payload = Payload()
        found = track.last_records() if at_record else track.examine(keep=False)
        step = track.recorded[-1] if at_record else track.step
        self._state.send(
            messages.RaceMoment(
                request, step,
                [_moment(racer, each, payload) for racer, each in zip(track.racers, found, strict=True)],
            ),
            payload,
            key=None if request else "raceMoment",
        )  # fmt: skip

    def _send_trials(self, trials: Trials, request: int) -> None:
        payload = Payload()
        state: Literal["running", "done", "cancelled"] = (
            "running" if trials.running else "cancelled" if trials.cancelled else "done"
        )
        contestants = [
            messages.ContestantTrials(payload.put(rates), payload.put(accuracies), payload.put(diverged))
            for rates, accuracies, diverged in zip(trials.rates, trials.accuracies, trials.diverged, strict=True)
        ]
        ended = self._state.clock.now() if trials.ended is None else trials.ended
        self._state.send(
            messages.RaceTrials(
                request, trials.kind, state, trials.done, trials.total, ended - trials.began, trials.workers,
                trials.plan, trials.epochs, trials.starts, contestants,
            ),
            payload,
            key=None if request else trials.kind,
        )  # fmt: skip


def _contestants(track: RaceTrack) -> list[messages.ContestantState]:
    return [
        messages.ContestantState(racer.net.parameter_count, same, racer.last_step, racer.trouble)
        for racer, same in zip(track.racers, track.same_start, strict=True)
    ]


def _curve(racer: Racer, recorded: list[int], payload: Payload) -> messages.RaceCurve:
    steps, losses, accuracies = racer.series.points(CURVE_POINTS)
    columns = [column(racer, recorded, kind) for kind in ("loss", "accuracy", "gradients", "dead", "saturated")]
    return messages.RaceCurve(
        payload.put(steps), payload.put(losses), payload.put(accuracies), *(payload.put(each) for each in columns)
    )


def _moment(racer: Racer, found: Examination, payload: Payload) -> messages.ContestantMoment:
    health, weighted = found.health, racer.weighted
    return messages.ContestantMoment(
        found.step, finite(found.loss), found.accuracy, payload.put(health.gradient_sizes[weighted]),
        [list(health.dead[at]) for at in weighted], [list(health.saturated[at]) for at in weighted],
    )  # fmt: skip
